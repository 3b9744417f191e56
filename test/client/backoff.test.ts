import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { delayMs, verdictOf } from '../../client/src/backoff.ts'

const backoff = { baseMs: 500, maxMs: 20_000 }
const luck = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

describe('what a close code asks for', () => {
  it.each([
    [4000, 'never'],
    [4099, 'never'],
    [4100, 'later'],
    [4199, 'later'],
    [4200, 'soon'],
    [4299, 'soon'],
    [4300, 'retry'],
    [3999, 'retry'],
    [1000, 'never'],
    [1001, 'retry'],
    [1006, 'retry'],
  ])('%i: %s', (code, verdict) => {
    expect(verdictOf(code)).toBe(verdict)
  })
})

describe('the pause before the next attempt', () => {
  it('is spread from nothing to a bound that doubles, and ends at the longest', () => {
    const longest = [0, 1, 2, 3, 4, 5, 6, 60].map((attempt) => delayMs('retry', attempt, backoff, 1))
    expect(longest).toEqual([2_000, 4_000, 8_000, 16_000, 20_000, 20_000, 20_000, 20_000])
    expect(delayMs('retry', 3, backoff, 0)).toBe(0)
    expect(delayMs('retry', 3, backoff, 0.25)).toBe(4_000)
  })

  it('begins lower when the server said soon', () => {
    expect([0, 1, 2].map((attempt) => delayMs('soon', attempt, backoff, 1))).toEqual([1_000, 2_000, 4_000])
  })

  it('is never short when the server said not yet', () => {
    expect(delayMs('later', 0, backoff, 0)).toBe(2_000)
    expect(delayMs('later', 0, backoff, 1)).toBe(4_000)
    fc.assert(
      fc.property(fc.nat(1_000), luck, (attempt, random) => {
        const pause = delayMs('later', attempt, backoff, random)
        expect(pause).toBeGreaterThanOrEqual(2_000)
        expect(pause).toBeLessThanOrEqual(20_000)
      }),
    )
  })

  it('spreads many clients evenly', () => {
    const clients = Array.from({ length: 1_000 }, (_, at) => delayMs('retry', 1, backoff, at / 1_000))
    const perSecond = [0, 1, 2, 3].map(
      (second) => clients.filter((pause) => Math.floor(pause / 1_000) === second).length,
    )
    expect(perSecond).toEqual([250, 250, 250, 250])
  })
})
