import { Broadcaster } from '@fanfare/broadcasting'
import type { BusDriver } from '@fanfare/broadcasting/driver'
import { FanfareClient } from '@fanfare/client'
import { nats } from '@fanfare/nats'
import { redis } from '@fanfare/redis'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'

import { NatsServer } from '../support/nats-server.ts'
import { RedisServer } from '../support/redis-server.ts'
import { until } from '../support/until.ts'
import { NodeProcess } from './node-process.ts'

// Three nodes, each a process, real clients on each, and a bus between them.

const BUSES = {
  redis: { start: () => RedisServer.start(), connect: (url: string): BusDriver => redis(url) },
  nats: { start: () => NatsServer.start(), connect: (url: string): BusDriver => nats(url) },
}

/** A client of one node, and what it got. */
interface Guest {
  readonly id: string
  /** `event data`, in order. */
  readonly got: string[]
  readonly ended: (string | undefined)[]
}

describe.each(Object.entries(BUSES))('three nodes on %s', (_name, { start, connect }) => {
  let server: { readonly url: string; stop(): Promise<void> }
  let worker: BusDriver
  let nodes: NodeProcess[]
  const clients: FanfareClient[] = []

  beforeEach(async () => {
    server = await start()
    worker = connect(server.url)
    nodes = await Promise.all([1, 2, 3].map(() => NodeProcess.start(server.url)))
  }, 60_000)

  afterEach(async () => {
    for (const client of clients.splice(0)) client.close()
    await Promise.all(nodes.map((node) => node.end()))
    await worker.close()
    await server.stop()
  }, 60_000)

  async function enter(node: NodeProcess, channel = 'presence-room.7'): Promise<Guest> {
    const client = new FanfareClient(node.url, { WebSocket, token: 'ann' })
    clients.push(client)
    const got: string[] = []
    const ended: (string | undefined)[] = []
    for (const event of ['said', 'worked', 'last']) {
      client.channel(channel).on(event, (data) => got.push(`${event} ${JSON.stringify(data)}`))
    }
    client.onDirect('whisper', (data) => got.push(`whisper ${JSON.stringify(data)}`))
    client.on('error', () => {})
    client.on('state', ({ state, error }) => state === 'closed' && ended.push(error?.code))
    await client.connect()
    await client.channel(channel).subscribe()
    return { id: client.id ?? '', got, ended }
  }

  it('what is sent on one, or by a process without a hub, reaches the clients of all, once', async () => {
    const guests = await Promise.all([...nodes, ...nodes].map((node) => enter(node)))
    await nodes[0]!.order('send', { channel: 'presence-room.7', event: 'said', data: { text: 'hi' } })
    await new Broadcaster(worker).presence('room.7').emit('worked', 1)
    await new Broadcaster(worker).presence('room.7').emit('last', null)
    for (const { got } of guests) {
      await until(() => got.includes('last null'), 'the last message')
      expect(got.toSorted()).toEqual(['last null', 'said {"text":"hi"}', 'worked 1'])
    }
  })

  it('whoever is excluded does not get it, whatever node it is on', async () => {
    const guests = await Promise.all(nodes.map((node) => enter(node)))
    const [, without] = guests
    const message = { channel: 'presence-room.7', event: 'said', data: 1 }
    await nodes[0]!.order('send', { ...message, except: [without!.id] })
    await new Broadcaster(worker).presence('room.7').toOthers(without!.id).emit('worked', 2)
    await nodes[0]!.order('send', { ...message, event: 'last' })
    for (const { got } of guests) await until(() => got.includes('last 1'), 'the last message')
    expect(without!.got).toEqual(['last 1'])
    for (const { got } of guests.filter((guest) => guest !== without)) expect(got).toHaveLength(3)
  })

  it('a client is reached by its id from any node, and ended', async () => {
    const [here, there] = [await enter(nodes[0]!), await enter(nodes[2]!)]
    const whisper = { event: 'whisper', payload: '"psst"' }
    for (const { id } of [here, there]) {
      expect(await nodes[0]!.order('sendTo', { id, ...whisper })).toBe('delivered')
    }
    for (const { got } of [here, there]) await until(() => got.includes('whisper "psst"'), 'the whisper')
    expect(await nodes[0]!.order('disconnect', { id: there.id, code: 'terminated' })).toBe('delivered')
    await until(() => there.ended.length > 0, 'the end')
    expect(await nodes[0]!.order('sendTo', { id: there.id, ...whisper })).toBe('not_found')
    expect(await nodes[0]!.order('disconnect', { id: `${nodes[1]!.node}.1` })).toBe('not_found')
    expect(await nodes[0]!.order('sendTo', { id: '4294967295.1', ...whisper })).toBe('unreachable')
    expect(here.ended).toEqual([])
  })

  it('one that is killed in the middle costs the others nothing', async () => {
    const guests = await Promise.all(nodes.slice(0, 2).map((node) => enter(node)))
    const lost = await enter(nodes[2]!)
    const broadcaster = new Broadcaster(worker)
    const numbers = Array.from({ length: 300 }, (_, at) => at)
    for (const number of numbers) {
      await broadcaster.presence('room.7').emit('said', number)
      if (number === 100) await nodes[2]!.kill()
    }
    for (const { got } of guests) {
      await until(() => got.length >= numbers.length, 'all of them')
      expect(got).toEqual(numbers.map((number) => `said ${String(number)}`))
    }
    expect(await nodes[0]!.order('sendTo', { id: lost.id, event: 'whisper', payload: '1' })).toBe(
      'unreachable',
    )
  })

  it('a node gets of the bus what its own clients want, and nothing else', async () => {
    await enter(nodes[0]!, 'mine')
    await enter(nodes[0]!, 'shared')
    await enter(nodes[1]!, 'shared')
    const broadcaster = new Broadcaster(worker)
    for (const channel of ['mine', 'shared', 'nobody', 'other']) {
      for (let count = 0; count < 10; count++) await broadcaster.channel(channel).emit('said', count)
    }
    const received = async (node: NodeProcess): Promise<number> => {
      const { bus } = (await node.order('stats')) as { bus: { received: number } }
      return bus.received
    }
    let counts: number[] = []
    for (let tries = 0; tries < 100 && (counts[0] ?? 0) + (counts[1] ?? 0) < 30; tries++) {
      counts = await Promise.all(nodes.map(received))
    }
    expect(counts).toEqual([20, 10, 0])
  })
})
