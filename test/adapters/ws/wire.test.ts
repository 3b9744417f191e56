import type { Batch, Frame, SharedText } from '@fanfare/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { deflater } from '../../../adapters/ws/src/compression.ts'
import { Wire } from '../../../adapters/ws/src/wire.ts'
import { batchOf, frameOf } from '../../contracts/conn-stand.ts'
import { inflated, parseFrames, type RawFrame } from '../../support/raw-peer.ts'
import { SocketInMemory } from '../../support/socket-in-memory.ts'

/** What one write of a batch makes of it. */
function written(wire: Wire, batch: Batch): SocketInMemory['writes'] {
  const socket = new SocketInMemory()
  wire.write(socket, batch)
  return socket.writes
}

function bytes(wire: Wire, batch: Batch): Buffer {
  return Buffer.concat(written(wire, batch).flat())
}

function sent(wire: Wire, batch: Batch): RawFrame[] {
  const { frames: whole, rest } = parseFrames(bytes(wire, batch))
  expect(rest).toHaveLength(0)
  return whole
}

/** Counts how often a frame is compressed. */
function countingDeflate(threshold = 0): { wire: Wire; compressed: Frame[] } {
  const compressed: Frame[] = []
  const deflate = deflater(threshold, 6)
  const wire = new Wire((frame) => {
    compressed.push(frame)
    return deflate(frame)
  })
  return { wire, compressed }
}

/** Any code units, half surrogate pairs too. */
const anyText = fc.uint16Array({ maxLength: 300 }).map((units) => String.fromCharCode(...units))
const frames = ['one', 'two', 'three'].map((data) => frameOf(data))

describe('the bytes of a frame', () => {
  it.each([
    [0, '8100'],
    [125, '817d'],
    [126, '817e007e'],
    [65_535, '817effff'],
    [65_536, '817f0000000000010000'],
  ])('of %i bytes of text begin with %s', (size, head) => {
    const data = 'x'.repeat(size)
    expect(bytes(new Wire(), batchOf([frameOf(data)])).toString('latin1')).toBe(
      Buffer.from(head, 'hex').toString('latin1') + data,
    )
  })

  it('of bytes begin with the opcode for binary', () => {
    expect(bytes(new Wire(), batchOf([frameOf(Uint8Array.of(1, 2))]))).toEqual(Buffer.of(0x82, 2, 1, 2))
  })

  it('of half a surrogate pair are those of the replacement character', () => {
    expect(bytes(new Wire(), batchOf([frameOf('a\ud800')]))).toEqual(
      Buffer.of(0x81, 4, 0x61, 0xef, 0xbf, 0xbd),
    )
  })

  it('are whole and in order, whatever is in them, shared or not', () => {
    const payload = fc.oneof(anyText, fc.uint8Array({ maxLength: 300 }))
    fc.assert(
      fc.property(fc.array(payload, { minLength: 1 }), fc.constantFrom(1, 2), (payloads, readers) => {
        const parsed = sent(
          new Wire(),
          batchOf(
            payloads.map((data) => frameOf(data)),
            readers,
          ),
        )
        const hex = (data: string | Uint8Array): string => Buffer.from(data).toString('hex')
        expect(parsed.map(({ payload: got }) => hex(got))).toEqual(payloads.map(hex))
        expect(parsed.map(({ first }) => first)).toEqual(
          payloads.map((data) => (typeof data === 'string' ? 0x81 : 0x82)),
        )
      }),
    )
  })
})

describe('a batch', () => {
  it.each([
    ['one frame for one client', batchOf(frames.slice(0, 1))],
    ['one frame for many', batchOf(frames.slice(0, 1), 100)],
    ['several frames for one client', batchOf(frames)],
    ['several frames for many', batchOf(frames, 100)],
  ])('is one write: %s', (_what, batch) => {
    const writes = written(new Wire(), batch)
    expect(writes).toHaveLength(1)
    expect(parseFrames(Buffer.concat(writes[0]!)).frames.map(({ payload }) => payload.toString())).toEqual(
      batch.frames.map(({ data }) => data),
    )
  })

  it('for many is the same bytes for all of them', () => {
    const wire = new Wire()
    const [batch, other] = [batchOf(frames, 3), batchOf(frames.slice(1), 2)]
    const [first, between, again] = [written(wire, batch), written(wire, other), written(wire, batch)]
    expect(first[0]).toHaveLength(1)
    expect(again[0]![0]).toBe(first[0]![0])
    expect(between[0]![0]).not.toBe(first[0]![0])
  })

  it('shares the bytes of a long frame that stands in different batches', () => {
    const wire = new Wire()
    const shared = frameOf('x'.repeat(20_000))
    const [alone] = written(wire, batchOf([shared], 2))
    const [together] = written(wire, batchOf([shared, frameOf('a private one', 'control')]))
    expect(together![0]).toBe(alone![0])
  })

  it('in parts is one write, with the same bytes for all who get the same part', () => {
    const wire = new Wire()
    const shared = batchOf(frames, 2)
    const joint = (first: Batch): Batch => ({
      frames: [...first.frames, ...frames],
      bytes: first.bytes + shared.bytes,
      readers: 1,
      parts: [first, shared],
    })
    const both = [frameOf('mine'), frameOf('yours')].map((frame) => written(wire, joint(batchOf([frame]))))
    for (const writes of both) expect(writes).toHaveLength(1)
    expect(both[0]![0]![1]).toBe(both[1]![0]![1])
    expect(parseFrames(Buffer.concat(both[0]![0]!)).frames.map(({ payload }) => payload.toString())).toEqual([
      'mine',
      ...frames.map(({ data }) => data),
    ])
  })

  it('that is a run of a list is the same memory as the same run, and a part of that of a longer one', () => {
    const [wire, many] = [
      new Wire(),
      ['one', 'two', 'three', 'four é 🎉', 'five'].map((data) => frameOf(data)),
    ]
    const list: Frame[] = []
    const run = (from: number, to: number): Batch => {
      list.push(...many.slice(list.length, to))
      const own = list.slice(from, to)
      return { ...batchOf(own), run: { list, from, to } }
    }
    for (const [from, to] of [
      [1, 3],
      [0, 3],
      [2, 5],
      [0, 5],
      [4, 5],
    ] as const) {
      const got = sent(wire, run(from, to)).map(({ payload }) => payload.toString())
      expect(got).toEqual(many.slice(from, to).map(({ data }) => data))
    }
    const memory = (batch: Batch): Buffer => written(wire, batch)[0]![0]!
    const [whole, rest] = [memory(run(0, 5)), memory(run(3, 5))]
    expect(rest.buffer).toBe(whole.buffer)
    expect(rest.byteOffset + rest.length).toBe(whole.byteOffset + whole.length)
  })

  it('with a text of which others have a part is one write, and that part the same memory for all', () => {
    const wire = new Wire()
    const pieces = Array.from({ length: 3_000 }, (_, at) => `,"Zoë ${String(at)} 🎉"`)
    const shared = (count: number): SharedText => {
      const text = pieces.slice(0, count).join('')
      return { pieces, count, bytes: Buffer.byteLength(text), text }
    }
    const answer = (head: string, count: number): Frame => {
      const [spliced, data] = [{ head, shared: shared(count), tail: ']}' }, `${head}${shared(count).text}]}`]
      return { data, bytes: Buffer.byteLength(data), lane: 'control', spliced }
    }
    const answers = [10, 3_000, 700, 2_999].map((count) => answer(`{"é":[${String(count)}`, count))
    const writes = answers.map((frame) => written(wire, batchOf([frame])))
    for (const [at, [only, ...others]] of writes.entries()) {
      expect(others).toEqual([])
      const [frame] = parseFrames(Buffer.concat(only!)).frames
      expect(frame).toEqual({ first: 0x81, payload: Buffer.from(answers[at]!.data) })
    }
    const [, long, short] = writes.map(([only]) => only![1]!)
    expect([short!.buffer, short!.byteOffset]).toEqual([long!.buffer, long!.byteOffset])
    // Beside other frames, compressed, or for several clients, it is the same text.
    const both = batchOf([frameOf('mine'), answers[2]!], 1)
    for (const other of [both, { ...both, readers: 2 }])
      expect(sent(wire, other).map(({ payload }) => payload.toString())).toEqual(['mine', answers[2]!.data])
    const [deflated] = sent(countingDeflate().wire, batchOf([answers[2]!]))
    expect(inflated(deflated!.payload).toString()).toBe(answers[2]!.data)
  })

  it('is written as it is, and nothing else is, even when it is empty', () => {
    expect(bytes(new Wire(), batchOf([]))).toEqual(Buffer.alloc(0))
  })
})

describe('a batch that is too much at once', () => {
  const large = [60_000, 10_000, 0, 50_000, 100_000, 0, 5].map((size) => frameOf('x'.repeat(size)))

  it('is cut between frames, into pieces of 64 KiB or a single larger frame', () => {
    const pieces = new Wire().pieces(batchOf(large, 7))
    expect(pieces.map(({ frames: list }) => list.map((frame) => frame.bytes))).toEqual([
      [60_000],
      [10_000, 0, 50_000],
      [100_000],
      [0, 5],
    ])
    expect(pieces.map(({ bytes: size }) => size)).toEqual([60_000, 60_000, 100_000, 5])
    expect(pieces.map(({ readers }) => readers)).toEqual([7, 7, 7, 7])
  })

  it('is the same pieces, and the same bytes, for everybody', () => {
    const wire = new Wire()
    const batch = batchOf(large, 2)
    expect(wire.pieces(batch)).toBe(wire.pieces(batch))
    for (const piece of wire.pieces(batch))
      expect(written(wire, piece)[0]![0]).toBe(written(wire, piece)[0]![0])
  })

  it('is left whole when it is small, or a single frame', () => {
    for (const batch of [batchOf(frames), batchOf([frameOf('x'.repeat(100_000))])]) {
      expect(new Wire().pieces(batch)).toEqual([batch])
    }
  })
})

describe('compression', () => {
  const long = frameOf(JSON.stringify({ text: 'again and '.repeat(200) }))

  it('takes place once per frame, however many clients and batches it goes to', () => {
    const { wire, compressed } = countingDeflate()
    const [one, many, other] = [
      batchOf([long]),
      batchOf([long, ...frames], 50),
      batchOf([...frames, long], 50),
    ]
    for (let client = 0; client < 50; client++) for (const batch of [one, many, other]) written(wire, batch)
    expect(compressed.filter((frame) => frame === long)).toHaveLength(1)
    expect(compressed).toHaveLength(1 + frames.length)
  })

  it('sets RSV1, and is undone without any context', () => {
    const { wire } = countingDeflate()
    for (const batch of [batchOf([long]), batchOf([long, long], 2)]) {
      for (const { first, payload } of sent(wire, batch)) {
        expect(first).toBe(0xc1)
        expect(payload.length).toBeLessThan(200)
        expect(inflated(payload).toString()).toBe(long.data)
      }
    }
  })

  it('of bytes keeps them bytes', () => {
    const { wire } = countingDeflate()
    const [frame] = sent(wire, batchOf([frameOf(new Uint8Array(10_000))]))
    expect(frame!.first).toBe(0xc2)
  })

  it('leaves alone what is smaller than the threshold, or would not get smaller', () => {
    const { wire } = countingDeflate(100)
    const small = frameOf('x'.repeat(99))
    const enough = frameOf('x'.repeat(100))
    const random = frameOf(
      Uint8Array.from({ length: 2_000 }, (_, at) => ((at * at * 31 + (at >> 3) * 17) % 257) & 0xff),
    )
    const heads = sent(wire, batchOf([small, enough, random], 2)).map(({ first }) => first)
    expect(heads.slice(0, 2)).toEqual([0x81, 0xc1])
    const empty = sent(countingDeflate().wire, batchOf([frameOf('')]))
    expect(empty).toEqual([{ first: 0x81, payload: Buffer.alloc(0) }])
  })

  it('is undone by everybody, whatever was compressed', () => {
    const wire = new Wire(deflater(0, 1))
    fc.assert(
      fc.property(anyText, (text) => {
        const repeated = text + text
        const [frame] = sent(wire, batchOf([frameOf(repeated)]))
        const got = frame!.first === 0xc1 ? inflated(frame!.payload) : frame!.payload
        expect(got.equals(Buffer.from(repeated))).toBe(true)
      }),
    )
  })
})
