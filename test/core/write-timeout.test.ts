import { OptionError } from '@fanfare/core'
import { testHub } from '@fanfare/core/testing'
import { describe, expect, it } from 'vitest'

import { outspoken } from '../fakes/outspoken.ts'
import { slowClient } from '../fakes/slow-client.ts'

describe('a transport that takes no byte', () => {
  it('is given up after 10 s, whatever the policy, and tells why', async () => {
    for (const slowConsumer of ['drop-newest', 'drop-oldest', 'conflate'] as const) {
      const { hub, clock, client, conn, say } = await slowClient({ slowConsumer })
      const gone: unknown[] = []
      hub.on('disconnect', ({ why, code, channels }) => gone.push({ why, code, channels }))
      say('a')
      clock.advance(9_900)
      expect(client.connected).toBe(true)
      clock.advance(700)
      expect(client.connected).toBe(false)
      expect(gone).toEqual([{ why: 'slow', code: 4101, channels: ['orders'] }])
      expect(conn.closedWith).toEqual({ code: 4101, reason: 'slow' })
    }
  })

  it('is gone and freed within 1.5 s of that', async () => {
    const { hub, clock, client, conn, say } = await slowClient()
    say('a', 'b')
    for (let n = 0; n < 200 && client.connected; n++) clock.advance(100)
    expect(client.connected).toBe(false)
    expect(conn.bufferedBytes).toBeGreaterThan(0)
    clock.advance(1_500)
    expect(conn.terminated).toBe(true)
    expect(conn.bufferedBytes).toBe(0)
    expect(clock.timers).toBe(0)
    expect(hub.stats().frames).toMatchObject({ queued: 0, queuedBytes: 0 })
    expect(client.dropCounts.closed).toBe(2)
  })

  it('is not cut before it had a second for the last words', async () => {
    const { clock, client, conn } = await slowClient({}, { protocol: outspoken() })
    client.close('slow')
    clock.advance(900)
    expect(conn.terminated).toBe(false)
    conn.resume()
    expect(conn.received).toEqual(['T', 'bye slow'])
    clock.advance(1_000)
    expect(conn.terminated).toBe(false)
    expect(clock.timers).toBe(0)
  })

  it('is not given up because the process stood still: nobody could see whether it took something', async () => {
    const { clock, client, conn, say } = await slowClient()
    say('a')
    for (let piece = 0; piece < 6; piece++) clock.block(4_000)
    expect(client.connected).toBe(true)
    conn.resume()
    clock.advance(20_000)
    expect(client.connected).toBe(true)
    expect(conn.received).toContain('a')
  })

  it('may be given another time', async () => {
    const { clock, client } = await slowClient({ writeTimeoutMs: 200 })
    clock.advance(100)
    expect(client.connected).toBe(true)
    clock.advance(200)
    expect(client.connected).toBe(false)
  })

  it('is never given up with 0', async () => {
    const { clock, client, conn, say } = await slowClient({ writeTimeoutMs: 0 })
    clock.advance(3_600_000)
    expect(client.connected).toBe(true)
    expect(clock.timers).toBe(0)
    say('a')
    conn.resume()
    expect(conn.received).toEqual(['T', 'a'])
  })

  it.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])('is refused the time %d', (writeTimeoutMs) => {
    expect(() => testHub({ writeTimeoutMs })).toThrow(OptionError)
  })
})

describe('a transport that takes bytes slowly', () => {
  it('is patiently served as long as it takes any', async () => {
    const { hub, clock, client, conn } = await slowClient()
    for (let n = 0; n < 20; n++) hub.broadcast('orders', 'x')
    conn.drain(1)
    // Everything that waited is in the transport now: one frame every 9 s is enough.
    for (let n = 0; n < 20; n++) {
      clock.advance(9_000)
      expect(client.connected).toBe(true)
      conn.drain(1)
    }
    expect(conn.received).toHaveLength(21)
    clock.advance(60_000)
    expect(client.connected).toBe(true)
    expect(clock.timers).toBe(0)
  })

  it('has its time from the last byte it took', async () => {
    const { hub, clock, client, conn } = await slowClient()
    hub.broadcast('orders', 'a')
    hub.broadcast('orders', 'b')
    conn.drain(1)
    clock.advance(5_000)
    conn.drain(1)
    clock.advance(9_500)
    expect(client.connected).toBe(true)
    clock.advance(1_500)
    expect(client.connected).toBe(false)
  })

  it('is not watched while it has room', async () => {
    const { clock, conn } = await slowClient()
    expect(clock.timers).toBe(1)
    conn.resume()
    expect(clock.timers).toBe(0)
  })
})

describe('one timer of the host', () => {
  it('is enough for any number of slow clients', async () => {
    const { hub, clock, connect } = testHub()
    for (let n = 0; n < 50; n++) {
      const { client, conn } = connect()
      await hub.subscribe(client, 'orders')
      conn.stall()
    }
    hub.broadcast('orders', 'x')
    clock.turn()
    expect(hub.wheel.size).toBe(50)
    expect(clock.timers).toBe(1)
    clock.advance(12_000)
    expect([hub.count(), hub.wheel.size, clock.timers]).toEqual([0, 0, 0])
  })
})
