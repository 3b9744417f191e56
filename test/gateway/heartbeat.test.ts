import type { Ticket } from '@fanfare/core'
import { MemoryConn } from '@fanfare/core/testing'
import { describe, expect, it } from 'vitest'

import { testGateway, type TestGatewayOptions } from '../fakes/test-gateway.ts'

/** A transport that has no pings. */
class MuteConn extends MemoryConn {
  readonly needsPings = true
}

async function open(options: TestGatewayOptions = {}) {
  const world = testGateway({ heartbeat: { intervalMs: 1_000, timeoutMs: 300 }, ...options })
  const ticket = (await world.admit()) as Ticket
  const conn = new MuteConn()
  conn.attach(ticket.accept(conn))
  await world.clock.settle()
  conn.take()
  const pass = async (ms: number): Promise<unknown[]> => {
    world.clock.advance(ms)
    await world.clock.settle()
    return conn.take()
  }
  return { ...world, conn, pass }
}

const ping = { op: 'ping' }
const pong = { op: 'pong' }

describe('a connection whose transport has no pings', () => {
  it('is asked for a sign of life in its own protocol, at every interval', async () => {
    const { conn, pass } = await open()
    expect(await pass(100)).toEqual([])
    for (let at = 0; at < 3; at++) {
      expect(await pass(1_000)).toEqual([ping])
      conn.says(pong)
    }
    expect(conn.open).toBe(true)
  })

  it('that answered once and then no longer is closed as idle, and told so', async () => {
    const { conn, pass } = await open()
    await pass(1_100)
    conn.says(pong)
    expect(await pass(1_000)).toEqual([ping])
    expect(await pass(400)).toEqual([expect.objectContaining({ op: 'bye', code: 'idle' })])
    expect(conn.closedWith).toEqual({ code: 4201, reason: 'idle' })
  })

  it('is not closed because the process stood still, and could not hear its answer', async () => {
    const { clock, conn, pass } = await open()
    await pass(1_100)
    conn.says(pong)
    expect(await pass(1_000)).toEqual([ping])
    for (let piece = 0; piece < 6; piece++) clock.block(1_200)
    // Only now what it said in the meantime is read.
    conn.says(pong)
    await pass(300)
    expect(conn.open).toBe(true)
  })

  it('lives by whatever it says', async () => {
    const { conn, pass } = await open()
    await pass(1_100)
    conn.says(pong)
    for (let at = 0; at < 20; at++) {
      conn.says({ op: 'who', id: at, channel: 'orders' })
      await pass(250)
    }
    expect(conn.open).toBe(true)
  })

  it('that never answered is not judged by its silence: it may only read', async () => {
    const { conn, pass } = await open()
    conn.says({ op: 'sub', id: 1, channel: 'orders' })
    for (let at = 0; at < 10; at++) await pass(1_000)
    expect(conn.open).toBe(true)
  })

  it('is left in peace when heartbeats are off, and leaves no timer when it goes', async () => {
    const off = await open({ heartbeat: { intervalMs: 0, timeoutMs: 300 } })
    expect(await off.pass(100_000)).toEqual([])
    const on = await open()
    on.conn.peerCloses()
    await on.clock.settle()
    expect(on.hub.wheel.size).toBe(0)
  })
})
