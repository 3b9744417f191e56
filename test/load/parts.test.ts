import { describe, expect, it } from 'vitest'

import { comeBackAfter } from '../../server/src/load/come-back.ts'
import { readFrame } from '../../server/src/load/frame.ts'
import { Histogram } from '../../server/src/load/histogram.ts'
import { type Packet, readPacket, writePacket } from '../../server/src/load/packet.ts'
import { bar, Progress } from '../../server/src/load/progress.ts'
import { Schedule } from '../../server/src/load/schedule.ts'

describe('the histogram', () => {
  it('knows quantiles to some percent, and the greatest value exactly', () => {
    const histogram = new Histogram()
    for (let ms = 1; ms <= 1_000; ms++) histogram.add(ms / 10)
    const { count, p50, p99, max } = histogram.quantiles()
    expect({ count, max }).toEqual({ count: 1_000, max: 100 })
    expect(Math.abs(p50 / 50 - 1)).toBeLessThan(0.02)
    expect(Math.abs(p99 / 99 - 1)).toBeLessThan(0.02)
  })

  it('is exact for what is small, and holds what is out of bounds', () => {
    const histogram = new Histogram()
    for (const ms of [-1, 0.001, 0.127, 1e12]) histogram.add(ms)
    expect(histogram.quantile(0.25)).toBe(0)
    expect(histogram.quantile(0.5)).toBe(0.001)
    expect(histogram.quantile(0.75)).toBe(0.127)
    expect(histogram.quantile(1)).toBe((2 ** 31 - 1) / 1_000)
  })

  it('of nothing is 0', () => {
    expect(new Histogram().quantiles()).toEqual({ count: 0, p50: 0, p99: 0, max: 0 })
  })
})

describe('the schedule', () => {
  it('has so many due per second', () => {
    const schedule = new Schedule(100, 1_000)
    expect(schedule.due(1_000, 0)).toBe(0)
    expect(schedule.due(1_009, 0)).toBe(0)
    expect(schedule.due(1_010, 0)).toBe(1)
    expect(schedule.due(1_050, 1)).toBe(4)
    expect(schedule.due(1_050, 9)).toBe(0)
  })

  it('gives up what is more than 0.1 s behind, rather than to send it at once', () => {
    const schedule = new Schedule(1_000, 0)
    expect(schedule.due(5_000, 0)).toBe(100)
    expect(schedule.due(5_000, 100)).toBe(0)
    expect(schedule.due(5_010, 100)).toBe(10)
  })

  it('of less than ten a second has its messages too', () => {
    const schedule = new Schedule(1, 0)
    expect(schedule.due(999, 0)).toBe(0)
    expect(schedule.due(1_000, 0)).toBe(1)
    expect(schedule.due(2_500, 1)).toBe(1)
  })
})

describe('a message', () => {
  const packet: Packet = { run: 'abcdefgh', publisher: 3, stream: 14, seq: 159, at: 26_535.125 }

  it('is as large as it is told to be, and says who sent it, and when', () => {
    const text = writePacket(packet, 300)
    expect(text).toHaveLength(300)
    expect(readPacket(JSON.parse(text))).toEqual(packet)
  })

  it('fits into the least size there is', () => {
    const most = { run: 'abcdefgh', publisher: 99_999, stream: 99_999, seq: 999_999, at: 9_999_999.125 }
    expect(writePacket(most, 100)).toHaveLength(100)
  })

  it('of somebody else is none', () => {
    for (const data of [null, 'text', [], {}, { ...packet, seq: -1 }, { ...packet, at: '1' }, { run: 7 }])
      expect(readPacket(data)).toBeUndefined()
  })
})

describe('a frame', () => {
  it('is read as far as it is understood', () => {
    expect(readFrame('{"op":"gap","channel":"a","count":3,"reason":"slow"}')).toMatchObject({
      ...{ op: 'gap', channel: 'a', count: 3, reason: 'slow' },
    })
    const odd = readFrame('{"op":"err","channel":7,"count":-1,"code":"\\u001b[2J"}')
    expect(odd).toMatchObject({ channel: undefined, count: 0, code: 'unknown', reason: 'unknown' })
    for (const text of ['', 'null', '[]', '{"op":7}', '{']) expect(readFrame(text)).toBeUndefined()
  })
})

describe('a client whose connection ended', () => {
  it('comes back as the close codes say', () => {
    for (const code of [1000, 4000, 4009]) expect(comeBackAfter(code, 0, 0.5)).toBeUndefined()
    expect(comeBackAfter(4200, 5, 0.5)).toBe(500)
    for (const code of [1006, 1011, 4100]) {
      expect(comeBackAfter(code, 0, 0)).toBe(500)
      expect(comeBackAfter(code, 1, 0)).toBe(1_000)
      expect(comeBackAfter(code, 50, 0)).toBe(5_000)
    }
  })
})

describe('the progress', () => {
  it('is one line, written over, and gone at the end', () => {
    const written: string[] = []
    const progress = new Progress((text) => void written.push(text))
    progress.show(() => 'one')
    progress.show(() => 'two')
    progress.end()
    progress.end()
    expect(written).toEqual(['\r\u001B[Kone', '\r\u001B[K', '\r\u001B[Ktwo', '\r\u001B[K'])
  })

  it('has a bar that is never more than full', () => {
    expect(bar(0.5)).toBe(`[${'#'.repeat(12)}${'-'.repeat(12)}]`)
    expect(bar(2)).toBe(`[${'#'.repeat(24)}]`)
  })
})
