import { describe, expect, it } from 'vitest'

import { channelOf, CHANNELS, channelsOf, PER_CLIENT, sizes } from '../../bench/channels/assignment.mjs'
import { MemberStream, Turns } from '../../bench/channels/member-stream.mjs'

describe('the channels of clients', () => {
  it('are as many as said, each once, and the same every time', () => {
    for (const client of [0, 1, 17, 999]) {
      const channels = channelsOf(client)
      expect(new Set(channels).size).toBe(PER_CLIENT)
      expect(channels.every((channel) => channel >= 0 && channel < CHANNELS)).toBe(true)
      expect(channelsOf(client)).toEqual(channels)
    }
    expect(channelsOf(1)).not.toEqual(channelsOf(2))
  })

  it('are spread over all channels', () => {
    const all = sizes(1_000)
    expect(all.reduce((sum, size) => sum + size, 0)).toBe(1_000 * PER_CLIENT)
    expect(Math.min(...all)).toBeGreaterThan(50)
    expect(Math.max(...all)).toBeLessThan(150)
  })

  it('get one message each at first, then any of them', () => {
    const first = Array.from({ length: CHANNELS }, (_, message) => channelOf(message))
    expect(first).toEqual([...first.keys()])
    const later = Array.from({ length: 5_000 }, (_, message) => channelOf(CHANNELS + message))
    expect(new Set(later).size).toBe(CHANNELS)
  })
})

describe('a turn', () => {
  const frame = Buffer.from('frame')
  const client = (turns: Turns, ...of: number[]): MemberStream =>
    new MemberStream(
      of.map((turn) => ({ turn, frame })),
      { frame: frame.length, many: 4, turns },
    )

  it('is acknowledged when everybody has what they get of it', () => {
    const seen: number[] = []
    const turns = new Turns(4, 2, (done) => seen.push(done))
    const [one, other] = [client(turns, 0, 0, 2), client(turns, 1, 3)]
    one.begin()
    other.begin()
    expect(seen).toEqual([])
    one.completed(0)
    expect(seen).toEqual([])
    one.completed(1)
    expect(seen).toEqual([1])
    other.completed(0)
    expect(seen).toEqual([1, 2])
    one.completed(2)
    expect(seen).toEqual([1, 2, 3])
    expect(turns.finished).toBe(1)
    other.completed(1)
    expect(seen).toEqual([1, 2, 3, 4])
    expect(turns.finished).toBe(2)
  })

  it('is behind a client at once that gets nothing of it', () => {
    const seen: number[] = []
    const turns = new Turns(4, 1, (done) => seen.push(done))
    client(turns).begin()
    expect(seen).toEqual([1, 2, 3, 4])
  })
})
