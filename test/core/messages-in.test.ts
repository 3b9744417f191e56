import { testHub } from '@fanfare/core/testing'
import { describe, expect, it } from 'vitest'

/** A client, and what its receiver was handed. */
function served(kit = testHub()) {
  const one = kit.connect()
  const heard: unknown[] = []
  let over = false
  void one.client.serve((client, data) => void heard.push([client.id, data])).then(() => (over = true))
  return { ...kit, ...one, heard, isOver: () => over }
}

describe('client.serve', () => {
  it('hands over each message of the client, text and bytes, in order', () => {
    const { conn, client, heard } = served()
    const bytes = new Uint8Array([1, 2])
    conn.says('a')
    conn.says(bytes)
    conn.says({ op: 'x' })
    expect(heard).toEqual([
      [client.id, 'a'],
      [client.id, bytes],
      [client.id, '{"op":"x"}'],
    ])
  })

  it.each<[string, (one: ReturnType<typeof served>) => void]>([
    ['the peer goes', ({ conn }) => conn.peerCloses()],
    ['the client is closed', ({ client }) => client.close()],
    ['the hub closes', ({ hub }) => void hub.close()],
  ])('resolves when %s: then everything is torn down', async (_what, go) => {
    const one = served()
    await one.hub.subscribe(one.client, 'orders')
    await one.clock.settle()
    expect(one.isOver()).toBe(false)
    go(one)
    await one.clock.settle()
    expect(one.isOver()).toBe(true)
    expect([one.hub.count(), one.hub.channels()]).toEqual([0, []])
  })

  it('resolves at once for a client that is gone', async () => {
    const { client } = testHub().connect()
    client.close()
    await client.serve(() => {})
    expect(client.connected).toBe(false)
  })

  it('begins with what came before', () => {
    const { hub, connect } = testHub()
    const { client, conn } = connect()
    conn.says('early')
    conn.says('earlier than served')
    const heard: unknown[] = []
    void client.serve((_client, data) => void heard.push(data))
    conn.says('after')
    expect(heard).toEqual(['early', 'earlier than served', 'after'])
    expect(hub.stats().unread).toBe(0)
  })

  it('keeps 64 messages, or 64 KiB, for whoever will serve; the rest is counted as unread', () => {
    const { hub, connect } = testHub()
    const many = connect()
    for (let n = 0; n < 70; n++) many.conn.says(`m${String(n)}`)
    expect(hub.stats().unread).toBe(6)
    const big = connect()
    for (let n = 0; n < 3; n++) big.conn.says('\u00fc'.repeat(16_384))
    expect(hub.stats().unread).toBe(7)
    const heard: unknown[] = []
    for (const { client } of [many, big]) void client.serve((_client, data) => void heard.push(data))
    expect(heard).toHaveLength(66)
    expect(heard[63]).toBe('m63')
  })

  it('counts as unread what nobody ever served', () => {
    const { hub, connect } = testHub()
    const { conn } = connect()
    conn.says('a')
    conn.says('b')
    conn.peerCloses()
    expect(hub.stats().unread).toBe(2)
  })

  it('hands over nothing more once the client is closed, even by the receiver itself', () => {
    const { connect } = testHub()
    const { client, conn } = connect()
    for (const text of ['a', 'b']) conn.says(text)
    const heard: unknown[] = []
    void client.serve((one, data) => {
      heard.push(data)
      one.close()
    })
    conn.says('c')
    expect(heard).toEqual(['a'])
  })

  it('does not wait for a receiver that takes its time', async () => {
    const { clock, connect } = testHub()
    const { client, conn } = connect()
    const heard: unknown[] = []
    void client.serve(async (_client, data) => {
      heard.push(data)
      await new Promise(() => {})
    })
    conn.says('a')
    conn.says('b')
    await clock.settle()
    expect(heard).toEqual(['a', 'b'])
  })
})
