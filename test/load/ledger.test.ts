import { describe, expect, it } from 'vitest'

import { Ledger } from '../../server/src/load/ledger.ts'
import type { Listener } from '../../server/src/load/listener.ts'
import type { Stream } from '../../server/src/load/tally.ts'

interface Scene {
  readonly ledger: Ledger
  readonly stream: Stream
  readonly listener: Listener
  /** Numbers come, in this order. */
  hears(...seqs: number[]): void
}

/** One publisher that has sent so many messages to one listener. */
function scene(sent: number, before = 0): Scene {
  const ledger = new Ledger()
  const stream = ledger.stream(7, 'a')
  stream.next = before
  const listener = ledger.listen('a')
  stream.next = before + sent
  const hears = (...seqs: number[]): void => {
    for (const seq of seqs) listener.hear({ run: 'r', publisher: 7, stream: stream.id, seq, at: 0 })
  }
  return { ledger, stream, listener, hears }
}

const NOTHING = { lost: 0, announced: 0, cut: 0, reordered: 0, duplicated: 0, strange: 0 }

describe('the ledger', () => {
  it('finds nothing where everything came once and in order', () => {
    const { ledger, hears } = scene(4)
    hears(0, 1, 2)
    expect(ledger.complete).toBe(false)
    hears(3)
    expect(ledger.complete).toBe(true)
    expect(ledger.close()).toEqual({ ...NOTHING, expected: 4, received: 4 })
  })

  it('finds what is missing: at the beginning, in the middle and at the end', () => {
    const { ledger, hears } = scene(9)
    hears(1, 2, 5, 7)
    expect(ledger.complete).toBe(false)
    expect(ledger.close()).toEqual({ ...NOTHING, expected: 9, received: 4, lost: 5 })
  })

  it('finds what comes again', () => {
    const { ledger, hears } = scene(3)
    hears(0, 0, 1, 2, 1)
    expect(ledger.close()).toEqual({ ...NOTHING, expected: 3, received: 3, duplicated: 2 })
  })

  it('finds what comes late, once, and does not call it lost', () => {
    const { ledger, hears } = scene(6)
    hears(0, 5, 3, 2, 3, 4)
    expect(ledger.complete).toBe(false)
    hears(1)
    expect(ledger.complete).toBe(true)
    expect(ledger.close()).toEqual({ ...NOTHING, expected: 6, received: 6, reordered: 4, duplicated: 1 })
  })

  it('does not expect what was sent before somebody listened', () => {
    const { ledger, hears } = scene(2, 10)
    hears(8, 9, 10, 11)
    expect(ledger.close()).toEqual({ ...NOTHING, expected: 2, received: 2 })
  })

  it('does not expect what was refused, and counts it when it comes all the same', () => {
    const { ledger, stream, hears } = scene(6)
    stream.void.add(1).add(2).add(5)
    hears(0, 2, 3, 4)
    expect(ledger.complete).toBe(true)
    expect(ledger.close()).toEqual({ ...NOTHING, expected: 4, received: 4 })
  })

  it('knows what was never sent there', () => {
    const { ledger, listener, stream } = scene(1)
    const other = ledger.stream(7, 'b')
    other.next = 1
    for (const packet of [
      { publisher: 7, stream: stream.id, seq: 1 },
      { publisher: 8, stream: stream.id, seq: 0 },
      { publisher: 7, stream: other.id, seq: 0 },
      { publisher: 7, stream: 99, seq: 0 },
    ])
      expect(listener.hear({ run: 'r', at: 0, ...packet })).toBe(false)
    expect(ledger.close()).toEqual({ ...NOTHING, expected: 1, received: 0, lost: 1, strange: 4 })
  })

  it('expects a message of everybody who listens', () => {
    const { ledger, stream, hears } = scene(2)
    const other = ledger.listen('a')
    stream.next++
    hears(0, 1, 2)
    expect(other.complete).toBe(false)
    expect(ledger.listening).toBe(2)
    expect(ledger.close()).toEqual({ ...NOTHING, expected: 4, received: 3, lost: 1 })
  })
})

describe('a gap that the server announces', () => {
  it('excuses so many, wherever they are missing, and no more', () => {
    const { ledger, listener, hears } = scene(10)
    hears(0, 1)
    listener.announce(3)
    hears(5, 9)
    expect(ledger.close()).toEqual({ ...NOTHING, expected: 10, received: 4, announced: 3, lost: 3 })
  })

  it('of more than is missing excuses what is missing', () => {
    const { ledger, listener, hears } = scene(3)
    listener.announce(10)
    hears(2)
    expect(ledger.close()).toEqual({ ...NOTHING, expected: 3, received: 1, announced: 2 })
  })

  it('of unknown size excuses the hole where it stands, and no other', () => {
    const { ledger, listener, hears } = scene(20)
    hears(0, 1, 4, 5)
    listener.announce(0)
    hears(10, 11, 15)
    expect(ledger.close()).toMatchObject({ announced: 4, lost: 2 + 3 + 4 })
  })

  it('of unknown size excuses nothing where no hole follows', () => {
    const { ledger, listener, hears } = scene(4)
    hears(0)
    listener.announce(0)
    hears(1, 3)
    expect(ledger.close()).toMatchObject({ announced: 0, lost: 1 })
  })

  it('of unknown size at the end excuses what never came after it', () => {
    const { ledger, listener, hears } = scene(4)
    hears(0)
    listener.announce(0)
    expect(ledger.close()).toMatchObject({ announced: 3, lost: 0 })
  })
})

describe('a connection that is cut', () => {
  it('misses what follows, but holes before that are losses', () => {
    const { ledger, listener, stream, hears } = scene(10)
    hears(0, 1, 3, 4)
    ledger.end(listener, true)
    stream.next = 20
    expect(ledger.listening).toBe(0)
    expect(ledger.close()).toEqual({ ...NOTHING, expected: 10, received: 4, lost: 1, cut: 5 })
  })

  it('is settled once', () => {
    const { ledger, listener, hears } = scene(2)
    hears(0)
    ledger.end(listener, true)
    ledger.end(listener, false)
    expect(ledger.close()).toEqual({ ...NOTHING, expected: 2, received: 1, cut: 1 })
  })

  it('listens again from where its streams are by then', () => {
    const { ledger, listener, stream, hears } = scene(2)
    hears(0, 1)
    ledger.end(listener, true)
    stream.next = 8
    const again = ledger.listen('a')
    stream.next = 9
    again.hear({ run: 'r', publisher: 7, stream: stream.id, seq: 8, at: 0 })
    expect(ledger.close()).toEqual({ ...NOTHING, expected: 3, received: 3 })
  })
})
