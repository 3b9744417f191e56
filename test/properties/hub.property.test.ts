import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tape } from './arbitraries.ts'
import { FIXED } from './fixed.ts'
import { play } from './play.ts'

// The same runs each time, so that a change is told of its own faults. Others, or more of them:
// FANFARE_PROPERTY_RUNS=100000 FANFARE_PROPERTY_SEED=2 npx vitest run test/properties
const {
  FANFARE_PROPERTY_RUNS: runs,
  FANFARE_PROPERTY_SEED: seed,
  FANFARE_PROPERTY_SHRINK: shrink,
} = process.env

const DAY_MS = 24 * 60 * 60 * 1_000

const unhandled: unknown[] = []
const note = (error: unknown): void => void unhandled.push(error)
beforeAll(() => void process.on('unhandledRejection', note).on('uncaughtException', note))
afterAll(() => void process.off('unhandledRejection', note).off('uncaughtException', note))

describe('the hub', () => {
  it.each(Object.entries(FIXED))('does what its model does: %s', async (_about, played) => {
    await play(played)
    expect(unhandled.splice(0)).toEqual([])
  })

  it(
    'does, in whatever order things happen, what its model does',
    async () => {
      const property = fc.asyncProperty(tape, async (played) => {
        await play(played)
        expect(unhandled.splice(0)).toEqual([])
      })
      await fc.assert(property, {
        numRuns: Number(runs ?? 3_000),
        endOnFailure: shrink === '0',
        seed: Number(seed ?? 1),
      })
    },
    DAY_MS,
  )
})
