import { describe, expect, it } from 'vitest'

import { type MemoryConn, testHub, type TestHub } from '@fanfare/core/testing'

const KIB = 1_024
/** What a frame that waits counts for beside its data. */
const FRAME = 128

interface Stalled {
  readonly conn: MemoryConn
  say(bytes: number): void
}

async function stalled({ hub, clock, connect }: TestHub, channel: string): Promise<Stalled> {
  const { client, conn } = connect()
  await hub.subscribe(client, channel)
  clock.turn()
  conn.stall()
  client.send('T')
  clock.turn()
  return {
    conn,
    say: (bytes) => {
      hub.broadcast(channel, 'x'.repeat(bytes))
      clock.turn()
    },
  }
}

describe('the budget for what waits for clients', () => {
  it('counts outboxes and transports, and nothing once it is taken', async () => {
    const kit = testHub()
    const { outbound } = kit.hub.budgets
    const ann = await stalled(kit, 'a')
    expect(outbound.used).toBe(1)
    ann.say(1_000)
    ann.say(500)
    expect(outbound.used).toBe(1 + 1_500 + 2 * FRAME)
    ann.conn.resume()
    kit.clock.turn()
    expect(outbound.used).toBe(0)
  })

  it('counts what a transport holds that has not said that it is full', async () => {
    const kit = testHub()
    const { client, conn } = kit.connect({ highWater: 64 * KIB })
    conn.stall()
    client.send('x'.repeat(1_000))
    kit.clock.turn()
    expect(kit.hub.budgets.outbound.used).toBe(1_000)
    conn.resume()
    client.send('y')
    kit.clock.turn()
    expect(kit.hub.budgets.outbound.used).toBe(0)
  })

  it('closes those for whom most waits, as slow, and leaves the others alone', async () => {
    const kit = testHub({ budgets: { outbound: 1_000 * KIB } })
    const small = await stalled(kit, 'small')
    const large = await stalled(kit, 'large')
    const healthy = kit.connect()
    small.say(300 * KIB)
    large.say(600 * KIB)
    expect(kit.hub.stats().budgets.outbound.evictions).toBe(0)
    small.say(200 * KIB)
    expect(kit.hub.stats().budgets.outbound.evictions).toBe(1)
    expect(large.conn.closedWith?.code).toBe(4101)
    expect(small.conn.open).toBe(true)
    expect(healthy.conn.open).toBe(true)
  })

  it('is free of the evicted within 1.5 s, whatever their transports do', async () => {
    const kit = testHub({ budgets: { outbound: 100 * KIB } })
    const clients = await Promise.all(Array.from({ length: 20 }, (_, n) => stalled(kit, String(n))))
    for (const client of clients) client.say(50 * KIB)
    kit.clock.advance(1_500)
    expect(kit.hub.budgets.outbound.used).toBeLessThanOrEqual(100 * KIB)
    expect(kit.hub.count()).toBeGreaterThan(0)
    for (const client of kit.hub.clients()) client.close()
    kit.clock.advance(1_500)
    expect(kit.hub.budgets.outbound.used).toBe(0)
  })

  it('holds, however many stall', async () => {
    const kit = testHub({ budgets: { outbound: 1_000 * KIB } })
    let most = 0
    for (let n = 0; n < 250; n++) {
      const client = await stalled(kit, String(n))
      for (let frame = 0; frame < 8; frame++) client.say(100 * KIB)
      const queued = kit.hub.stats().frames.queuedBytes
      if (queued > most) most = queued
    }
    expect(most).toBeLessThanOrEqual(1_000 * KIB)
    expect(most).toBeGreaterThan(500 * KIB)
  })

  it.each([
    ['goes by itself', (conn: MemoryConn) => conn.peerCloses()],
    ['is cut', (conn: MemoryConn) => conn.terminate()],
  ])('holds nothing of a client that %s', async (_how, end) => {
    const kit = testHub()
    const { conn, say } = await stalled(kit, 'a')
    say(1_000)
    end(conn)
    expect(kit.hub.budgets.outbound.used).toBe(0)
  })
})
