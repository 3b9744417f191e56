import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Socket } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

import { type Client, plain } from '@fanfare/core'
import { attach } from '@fanfare/ws'
import { describe, expect, it, onTestFinished, vi } from 'vitest'

import { batchOf, frameOf, ProbeGateway } from '../../contracts/conn-stand.ts'
import { listening, type Live, liveGateway, type LiveOptions } from '../../support/live-gateway.ts'
import { noise } from '../../support/noise.ts'
import { parseFrames, RawPeer } from '../../support/raw-peer.ts'
import { SocketInMemory } from '../../support/socket-in-memory.ts'
import { TLS_CLIENT, TLS_SERVER } from '../../support/tls-without-certificates.ts'
import { turns, until } from '../../support/until.ts'
import { wsPeer } from '../../support/ws-peer.ts'

const MIB = 1_048_576
const BLOCK = noise(65_536)

async function plainGateway(options: LiveOptions = {}): Promise<Live> {
  return liveGateway({ protocols: { '/': plain() }, heartbeat: { intervalMs: 0 }, ...options })
}

/** A client that reads nothing, and for which the hub has begun to keep things. */
async function stalled(live: Live): Promise<{ client: Client; peer: RawPeer; socket: Socket; sent: number }> {
  const connecting = live.nextClient()
  const peer = await RawPeer.upgraded(live.port)
  const client = await connecting
  const socket = live.sockets.at(-1)!
  peer.socket.pause()
  let sent = 0
  while (client.queued.frames === 0) {
    client.send(`${String(sent++)} ${BLOCK}`)
    await turns(1)
  }
  return { client, peer, socket, sent }
}

function numbers(peer: RawPeer): number[] {
  return peer.texts.map((text) => Number.parseInt(text, 10))
}

/** What V8 and its buffers hold once everything that is garbage is gone. */
function memoryInUse(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

describe('a client that does not read', () => {
  it('has what it is sent kept in the outbox, not in the socket', async () => {
    const live = await plainGateway()
    const { client, socket } = await stalled(live)
    const inSocket = socket.writableLength
    expect(inSocket).toBeGreaterThanOrEqual(65_536)
    for (let at = 0; at < 8; at++) client.send(BLOCK)
    await turns(5)
    expect(socket.writableLength).toBe(inSocket)
    expect(client.queued.frames).toBe(9)
    expect(client.queued.bytes).toBeGreaterThan(9 * BLOCK.length)
  })

  it('gets all of it, once and in order, when it reads again', async () => {
    const live = await plainGateway()
    const { client, peer, sent } = await stalled(live)
    for (let at = sent; at < sent + 10; at++) client.send(`${String(at)} ${BLOCK}`)
    peer.socket.resume()
    await until(() => peer.texts.length === sent + 10, 'everything')
    expect(numbers(peer)).toEqual(Array.from({ length: sent + 10 }, (_, at) => at))
    await until(() => client.queued.frames === 0, 'an empty outbox')
    expect(client.drops).toBe(0)
  })

  it('still has its pings answered and its messages heard', async () => {
    const live = await plainGateway()
    const heard: string[] = []
    live.gateway.onMessage((_client, { text }) => void heard.push(text))
    const { peer } = await stalled(live)
    peer.text('are you there?')
    await until(() => heard.length > 0, 'the message')
    expect(heard).toEqual(['are you there?'])
  })

  it('does not disturb the others', async () => {
    const live = await plainGateway()
    const good = await wsPeer(live.url)
    const { client } = await stalled(live)
    for (const one of live.hub.clients()) await live.hub.subscribe(one, 'news')
    for (let at = 0; at < 200; at++) {
      live.hub.broadcast('news', String(at))
      await until(() => good.received.length === at + 1, 'the message')
    }
    expect(client.drops).toBeGreaterThan(100)
    good.destroy()
  })

  it('is found by the write timeout, and cut with a reset', async () => {
    const live = await plainGateway()
    const { peer, socket } = await stalled(live)
    const reset = vi.spyOn(socket, 'resetAndDestroy')
    live.clock.advance(10_600)
    expect(live.gone).toEqual([expect.objectContaining({ why: 'slow', code: 4101 })])
    live.clock.advance(1_200)
    await until(() => socket.destroyed && socket.writableLength === 0, 'the socket to be freed')
    expect(reset).toHaveBeenCalledOnce()
    peer.socket.resume()
    await peer.over()
    expect(peer.closeCode).toBeUndefined()
    await until(() => live.attached.connections === 0, 'the end')
    expect(live.hub.wheel.size).toBe(0)
  })

  it('leaves no memory behind: 20 of them with a megabyte each', async () => {
    const live = await plainGateway({ hub: { outbox: { frames: 1_000, bytes: 2 * MIB } } })
    const before = memoryInUse()
    const slow: Awaited<ReturnType<typeof stalled>>[] = []
    for (let count = 0; count < 20; count++) slow.push(await stalled(live))
    for (const { client } of slow) for (let at = 0; at < 16; at++) client.send(Buffer.alloc(65_536, at))
    const during = memoryInUse()
    expect(during - before).toBeGreaterThan(20 * MIB)
    live.clock.advance(10_600)
    expect(live.hub.count()).toBe(0)
    live.clock.advance(1_200)
    await until(
      () => slow.every(({ socket }) => socket.destroyed && socket.writableLength === 0),
      'the sockets',
    )
    await until(() => live.attached.connections === 0, 'the end')
    live.sockets.length = slow.length = live.gone.length = 0
    await until(() => memoryInUse() - before < 8 * MIB, 'the memory to be free')
  })
})

describe('back-pressure does not depend on', () => {
  it.each([1, 1_024, 65_536, 4 * MIB])('the high-water mark of the server: %i', async (highWaterMark) => {
    const live = await plainGateway({ server: createServer({ highWaterMark }) })
    const { client, peer, sent } = await stalled(live)
    for (let at = sent; at < sent + 5; at++) client.send(`${String(at)} ${BLOCK}`)
    peer.socket.resume()
    await until(() => peer.texts.length === sent + 5, 'everything')
    expect(client.queued.frames).toBe(0)
    client.send('and more')
    await until(() => peer.texts.at(-1) === 'and more', 'more')
  })

  it('TLS', async () => {
    const server = createTlsServer(TLS_SERVER)
    const live = await plainGateway()
    const attached = attach(live.gateway, server)
    const port = await listening(server)
    onTestFinished(() => attached.close())
    const connecting = live.nextClient()
    const peer = await wsPeer(`wss://localhost:${String(port)}`, TLS_CLIENT)
    onTestFinished(() => peer.destroy())
    const client = await connecting
    peer.stall()
    let sent = 0
    while (client.queued.frames === 0) {
      client.send(`${String(sent++)} ${BLOCK}`)
      await turns(1)
    }
    for (let at = 0; at < 5; at++) client.send(`${String(sent++)} ${BLOCK}`)
    peer.resume()
    await until(() => peer.received.length === sent, 'everything')
    expect(peer.received.map((data) => Number.parseInt(String(data), 10))).toEqual([...Array(sent).keys()])
    peer.stall()
    while (client.queued.frames === 0) {
      client.send(BLOCK)
      await turns(1)
    }
    live.clock.advance(11_800)
    await until(() => attached.connections === 0, 'the end')
    expect(live.gone).toEqual([expect.objectContaining({ why: 'slow' })])
  })
})

describe('a client that is slow but takes something', () => {
  it('stays, however long a backlog takes it', async () => {
    const live = await plainGateway({ hub: { outbox: { frames: 100, bytes: 4 * MIB } } })
    const connecting = live.nextClient()
    const socket = SocketInMemory.upgradedBy(live.server)
    const client = await connecting
    await turns(2)
    socket.room = 0
    const block = 'x'.repeat(20_000)
    while (client.queued.frames < 50) {
      client.send(block)
      await turns(1)
    }
    // The first room hands it a megabyte. It takes 10 kB each second, far less than that in the 10 s of the timeout.
    socket.drainBytes(socket.writableLength)
    await turns(3)
    expect(client.queued.frames).toBe(0)
    expect(live.gateway.conns.at(-1)!.bufferedBytes).toBeGreaterThan(MIB - 100_000)
    for (let second = 0; second < 60; second++) {
      live.clock.advance(1_000)
      socket.drainBytes(10_000)
      await turns(2)
    }
    expect(live.gone).toEqual([])
    expect(client.connected).toBe(true)
    live.clock.advance(11_000)
    expect(live.gone).toEqual([expect.objectContaining({ why: 'slow' })])
    live.clock.advance(1_200)
    await until(() => live.attached.connections === 0, 'the end')
  })

  it('gets a backlog in its order, with what follows and the close frame behind it', async () => {
    const live = await plainGateway()
    const socket = SocketInMemory.upgradedBy(live.server)
    await until(() => live.gateway.conns.length > 0, 'the connection')
    const conn = live.gateway.conns[0]!
    socket.room = 0
    const sizes = [70_000, 0, 30_000, 30_000, 30_000, 0, 200_000, 65_536, 0, 1]
    expect(conn.write(batchOf(sizes.map((size) => frameOf('x'.repeat(size)))))).toBe(false)
    const all = sizes.reduce((sum, size) => sum + size, 0)
    expect(conn.bufferedBytes).toBeGreaterThanOrEqual(all)
    let before = conn.bufferedBytes
    for (let round = 0; round < 3; round++) {
      socket.drainBytes(71_000)
      await turns(2)
      expect(conn.bufferedBytes).toBeLessThan(before)
      before = conn.bufferedBytes
    }
    conn.write(batchOf([frameOf('y')]))
    conn.close(4321, 'done')
    socket.drainBytes(1_000_000)
    await turns(3)
    const bytes = Buffer.concat(socket.writes.flat())
    const { frames, rest } = parseFrames(bytes.subarray(bytes.indexOf('\r\n\r\n') + 4))
    expect(frames.map(({ first }) => first)).toEqual([...sizes.map(() => 0x81), 0x81, 0x88])
    expect(frames.map(({ payload }) => payload.length)).toEqual([...sizes, 1, 6])
    expect(rest).toHaveLength(0)
    expect(conn.bufferedBytes).toBe(0)
    socket.destroy()
  })
})

describe('room', () => {
  it('is reported to nobody who was not told that there is none', async () => {
    const server = createServer()
    const gateway = new ProbeGateway()
    const attached = attach(gateway, server)
    onTestFinished(async () => {
      await attached.close()
      await gateway.hub.close()
    })
    const socket = SocketInMemory.upgradedBy(server)
    await until(() => gateway.probes.length > 0, 'the connection')
    const probe = gateway.probes[0]!
    socket.room = 0
    expect(probe.write('x'.repeat(40_000))).toBe(true)
    expect(socket.writableNeedDrain).toBe(true)
    socket.drainBytes(100_000)
    await turns(3)
    expect(probe.rooms).toBe(0)
    socket.room = 0
    expect(probe.write('x'.repeat(70_000))).toBe(false)
    socket.drainBytes(100_000)
    await turns(3)
    expect(probe.rooms).toBe(1)
    socket.destroy()
  })
})

describe('one turn is one write', () => {
  it('for each client, however many messages it is owed', async () => {
    const live = await plainGateway()
    const peers = [await wsPeer(live.url), await wsPeer(live.url), await wsPeer(live.url)]
    for (const client of live.hub.clients()) await live.hub.subscribe(client, 'news')
    await turns(3)
    const writes = live.sockets.map(countWrites)
    for (let at = 0; at < 50; at++) live.hub.broadcast('news', `message ${String(at)}`)
    live.hub.clients()[0]!.send('for you alone')
    for (const peer of peers) await until(() => peer.received.length >= 50, 'all messages')
    expect(writes.map((count) => count())).toEqual([1, 1, 1])
    expect(peers[0]!.received.at(-1)).toBe('for you alone')
    for (const peer of peers) peer.destroy()
  })
})

/** Counts what reaches the system: what is written while the socket is corked goes out in one piece. */
function countWrites(socket: Socket): () => number {
  let count = 0
  const { write, uncork } = socket
  socket.write = function (this: Socket, ...args: unknown[]): boolean {
    if (this.writableCorked === 0) count++
    return Reflect.apply(write, this, args) as boolean
  }
  socket.uncork = function (this: Socket): void {
    if (this.writableCorked === 1) count++
    uncork.call(this)
  }
  return () => count
}
