import { hostPlatform, Hub, OptionError } from '@fanfare/core'
import { MemoryConn, testHub } from '@fanfare/core/testing'
import { describe, expect, it } from 'vitest'

function idsOf(hub: Hub, count: number): string[] {
  return Array.from({ length: count }, () => hub.add(new MemoryConn()).id)
}

function withBytes(randomBytes: (count: number) => Uint8Array): Hub {
  return new Hub({ platform: { randomBytes } })
}

describe('a client id', () => {
  it('has the form digits.digits and is never given twice', () => {
    const ids = idsOf(new Hub(), 10_000)
    expect(ids.filter((id) => !/^\d+\.\d+$/.test(id))).toEqual([])
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('begins with the number of its hub, so that it can be routed', () => {
    const nodeOf = (id: string): string | undefined => id.split('.')[0]
    const hub = new Hub()
    const [mine] = idsOf(hub, 1)
    expect(new Set(idsOf(hub, 300).map(nodeOf))).toEqual(new Set([nodeOf(mine!)]))
    const [other] = idsOf(new Hub(), 1)
    expect(nodeOf(other!)).not.toBe(nodeOf(mine!))
  })

  it('carries 64 random bits, written so that no two of them look the same', () => {
    const [zero] = idsOf(
      withBytes((count) => new Uint8Array(count)),
      1,
    )
    expect(zero).toBe('0.00000000000')
    const [ones] = idsOf(
      withBytes((count) => new Uint8Array(count).fill(255)),
      1,
    )
    expect(ones).toBe('4294967295.42949672954294967295')
  })

  it('takes its bytes from where they are, also from a view into something bigger', () => {
    const pool = Buffer.alloc(16_384)
    const view = (count: number): Uint8Array => pool.subarray(8_200, 8_200 + count).fill(255)
    expect(idsOf(withBytes(view), 1)).toEqual(['4294967295.42949672954294967295'])
  })

  it('asks for new bytes before it would use any twice', () => {
    let asked = 0
    const hub = withBytes((count) => {
      asked++
      return hostPlatform().randomBytes(count)
    })
    const seconds = idsOf(hub, 1_000).map((id) => id.split('.')[1])
    expect(new Set(seconds).size).toBe(1_000)
    expect(asked).toBeGreaterThan(1)
  })

  it('may be made by the user', () => {
    const names = ['1.7', '1.8']
    const { hub, connect } = testHub({ clientId: () => names.shift() ?? '' })
    expect(connect().client.id).toBe('1.7')
    expect(hub.client('1.7')?.id).toBe('1.7')
  })

  it.each<[string, unknown]>([
    ['an empty one', ''],
    ['a number', 7],
    ['nothing', undefined],
    ['one that is taken', '1.1'],
  ])('is refused when the user makes %s', (_what, id) => {
    const ids = ['1.1', id] as string[]
    const { hub, connect } = testHub({ clientId: () => ids.shift() as string })
    const { client } = connect()
    expect(() => connect()).toThrow(OptionError)
    expect(hub.clients()).toEqual([client])
  })

  it('may be used again when its client is gone', () => {
    const { hub, connect } = testHub({ clientId: () => '1.1' })
    const first = connect()
    first.conn.peerCloses()
    const second = connect()
    expect(hub.client('1.1')).toBe(second.client)
    first.client.close()
    expect(hub.client('1.1')).toBe(second.client)
  })

  it('may be a word that objects know', () => {
    const { hub, connect } = testHub({ clientId: () => '__proto__' })
    const { client } = connect()
    expect(hub.client('__proto__')).toBe(client)
    expect(hub.client('constructor')).toBeUndefined()
  })
})
