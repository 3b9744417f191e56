import { describe, expect, it } from 'vitest'

import { batchOf, frameOf } from '../../contracts/conn-stand.ts'
import { type Live, liveGateway } from '../../support/live-gateway.ts'
import { RawPeer, rawFrame } from '../../support/raw-peer.ts'
import { turns, until } from '../../support/until.ts'
import { wsPeer } from '../../support/ws-peer.ts'

const PING = 0x89
const PONG = 0x8a
/** The wheel is at most one tick late each time it is asked. */
const TICKS = 300

function pings(peer: RawPeer): number {
  return peer.frames.filter(({ first }) => first === PING).length
}

/** Lets seconds pass one by one; `each` is called after each of them. */
async function seconds({ clock }: Live, count: number, each: () => void = () => {}): Promise<void> {
  for (let second = 0; second < count; second++) {
    clock.advance(1_000)
    each()
    await turns(8)
  }
}

describe('the heartbeat', () => {
  it('asks for a sign of life after 25 s, and again every 25 s', async () => {
    const live = await liveGateway()
    const peer = await RawPeer.upgraded(live.port)
    await seconds(live, 24)
    expect(pings(peer)).toBe(0)
    let answered = 0
    await seconds(live, 78, () => {
      for (; answered < pings(peer); answered++) peer.send(rawFrame(PONG))
    })
    await until(() => pings(peer) === 4, 'four pings')
    expect(live.gone).toEqual([])
  })

  it('finds a peer that never answers within interval + timeout', async () => {
    const live = await liveGateway()
    const peer = await RawPeer.upgraded(live.port)
    await seconds(live, 32)
    expect(live.gone).toEqual([])
    live.clock.advance(1_000 + TICKS)
    expect(live.gone).toEqual([expect.objectContaining({ why: 'idle', code: 4201 })])
    await peer.over()
    await until(() => live.attached.connections === 0, 'the end')
    expect(live.hub.count()).toBe(0)
    await seconds(live, 6)
    expect(live.hub.wheel.size).toBe(0)
  })

  it('finds a peer that stops answering within interval + timeout', async () => {
    const live = await liveGateway()
    const peer = await RawPeer.upgraded(live.port)
    await seconds(live, 26)
    await until(() => pings(peer) === 1, 'the ping')
    peer.send(rawFrame(PONG))
    await turns(20)
    await seconds(live, 30)
    expect(live.gone).toEqual([])
    await seconds(live, 3)
    live.clock.advance(TICKS)
    expect(live.gone).toEqual([expect.objectContaining({ why: 'idle' })])
  })

  it('lets a client of ws live, which answers by itself', async () => {
    const live = await liveGateway()
    const peer = await wsPeer(live.url)
    let seen = 0
    peer.ws.on('ping', () => seen++)
    for (let round = 1; round <= 4; round++) {
      live.clock.advance(25_000 + TICKS)
      await until(() => seen === round, 'the ping')
      await turns(20)
    }
    expect(live.gone).toEqual([])
    expect(peer.ended).toBeUndefined()
    peer.destroy()
  })

  it.each<[string, Uint8Array]>([
    ['a message', rawFrame(0x81, Buffer.from('{"op":"pong"}'))],
    ['a ping of its own', rawFrame(PING)],
    ['a pong nobody asked for', rawFrame(PONG, Buffer.from('x'))],
    ['half a frame', Buffer.of(0x81)],
  ])('takes %s for a sign of life', async (_what, bytes) => {
    const live = await liveGateway({ messageTimeoutMs: 60_000 })
    const peer = await RawPeer.upgraded(live.port)
    await seconds(live, 26)
    peer.send(bytes)
    await seconds(live, 22)
    expect(live.gone).toEqual([])
    expect(peer.closed).toBe(false)
  })

  it('can be turned off', async () => {
    const live = await liveGateway({ heartbeat: { intervalMs: 0 } })
    const peer = await RawPeer.upgraded(live.port)
    live.clock.advance(1_000_000)
    await turns(10)
    expect(pings(peer)).toBe(0)
    expect(live.gone).toEqual([])
    expect(live.hub.wheel.size).toBe(0)
  })

  it('uses one timer of the host for all connections', async () => {
    const live = await liveGateway()
    for (let at = 0; at < 20; at++) await RawPeer.upgraded(live.port)
    expect(live.hub.wheel.size).toBeGreaterThanOrEqual(20)
    expect(live.clock.timers).toBe(1)
  })

  it('works in real time: the one that answers lives, the one that does not is found', async () => {
    const live = await liveGateway({ realTime: true, heartbeat: { intervalMs: 200, timeoutMs: 200 } })
    const good = await wsPeer(live.url)
    const began = performance.now()
    const dead = await RawPeer.upgraded(live.port)
    await dead.over()
    expect(performance.now() - began).toBeLessThan(5_000)
    await until(() => live.gone.length === 1, 'the departure')
    expect(live.gone).toEqual([expect.objectContaining({ why: 'idle' })])
    expect(good.ended).toBeUndefined()
    good.destroy()
  })
})

describe('a peer that ends its side of the connection without a close frame', () => {
  it('is gone', async () => {
    const live = await liveGateway()
    const peer = await RawPeer.upgraded(live.port)
    peer.socket.end()
    await until(() => live.gone.length === 1, 'the departure')
    expect(live.gone).toEqual([expect.objectContaining({ why: 'closed', code: 1006 })])
    await until(() => live.attached.connections === 0, 'the end')
  })

  it('and takes nothing more is cut after 5 s, with or without a heartbeat', async () => {
    const live = await liveGateway({ heartbeat: { intervalMs: 0 }, hub: { writeTimeoutMs: 0 } })
    const connecting = live.nextClient()
    const peer = await RawPeer.upgraded(live.port)
    const client = await connecting
    peer.socket.pause()
    while (client.queued.frames === 0) {
      client.send('x'.repeat(65_536))
      await turns(1)
    }
    peer.socket.end()
    await until(() => live.hub.wheel.size > 0, 'the server to notice')
    live.clock.advance(4_900)
    await turns(10)
    // What it may still take is left to it.
    expect(live.gateway.conns[0]!.write(batchOf([frameOf('more')]))).toBe(true)
    await turns(10)
    expect(live.gone).toEqual([])
    live.clock.advance(300)
    await until(() => live.gone.length === 1, 'the departure')
    await until(() => live.attached.connections === 0, 'the end')
    expect(live.hub.wheel.size).toBe(0)
  })
})
