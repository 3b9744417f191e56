import { Gateway, Hub, type Message, plain, type Relay } from '@fanfare/core'
import { testHub } from '@fanfare/core/testing'
import { serve } from '@fanfare/ws'
import { describe, expect, it, onTestFinished } from 'vitest'

import { testGateway } from '../fakes/test-gateway.ts'
import { until } from '../support/until.ts'
import { wsPeer } from '../support/ws-peer.ts'

// Whoever gives bytes may write into them again at once: what was taken is what they were.

type Kit = ReturnType<typeof testHub>
type Entry = (kit: Kit & ReturnType<Kit['connect']>, bytes: Uint8Array) => void

const ENTRIES: readonly [string, Entry][] = [
  ['hub.broadcast', ({ hub }, bytes) => hub.broadcast('cam', bytes)],
  ['hub.broadcast on several channels', ({ hub }, bytes) => hub.broadcast(['cam', 'other'], bytes)],
  ['hub.publish', ({ hub }, bytes) => void hub.publish({ channel: 'cam', data: bytes })],
  ['hub.deliver', ({ hub }, bytes) => hub.deliver({ channel: 'cam', data: bytes })],
  ['hub.sendTo', ({ hub, client }, bytes) => void hub.sendTo(client.id, bytes)],
  ['hub.sendToMany', ({ hub, client }, bytes) => void hub.sendToMany([client], bytes)],
  ['client.send', ({ client }, bytes) => void client.send(bytes)],
]

async function subscribed() {
  const kit = testHub()
  const one = kit.connect()
  await kit.hub.subscribe(one.client, 'cam')
  await kit.clock.settle()
  return { ...kit, ...one }
}

describe('bytes', () => {
  it.each(ENTRIES)('that %s takes are copied, also for an outbox', async (_, enter) => {
    const kit = await subscribed()
    for (const stalled of [false, true]) {
      if (stalled) kit.conn.stall()
      const before = kit.conn.received.length
      // Of a pool, as those of Node are: more belongs to it than what is sent.
      const pool = Buffer.alloc(64)
      const bytes = pool.subarray(16, 20)
      for (const value of [1, 2, 3]) {
        bytes.fill(value)
        enter(kit, bytes)
      }
      pool.fill(9)
      await kit.clock.settle()
      kit.conn.resume()
      await kit.clock.settle()
      const came = kit.conn.received.slice(before).map((data) => [...(data as Uint8Array)])
      expect(came).toEqual([1, 2, 3].map((value) => [value, value, value, value]))
    }
  })

  it.each(ENTRIES.slice(0, 3))('that %s takes are what a relay gets', async (_, enter) => {
    const kit = await subscribed()
    const relayed: Message[] = []
    const relay: Relay = {
      publish: async (message) => void relayed.push(message),
      open: async () => {},
      close: async () => {},
    }
    kit.hub.attach(relay)
    const bytes = Uint8Array.of(1)
    enter(kit, bytes)
    bytes.fill(2)
    await kit.clock.settle()
    expect([...(relayed[0]!.data as Uint8Array)]).toEqual([1])
  })

  it('are copied once, whatever the number of subscribers', async () => {
    const kit = testHub()
    const conns = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const { client, conn } = kit.connect()
        await kit.hub.subscribe(client, 'cam')
        return conn
      }),
    )
    const bytes = Uint8Array.of(1)
    kit.hub.broadcast('cam', bytes)
    await kit.clock.settle()
    const came = new Set(conns.map(({ received }) => received[0]))
    expect([came.size, came.has(bytes)]).toEqual([1, false])
  })

  it('that a client sends wait as they were, for a server that does not listen yet', () => {
    const { client, conn } = testHub().connect()
    const bytes = Uint8Array.of(1)
    client.session.receive(bytes)
    bytes.fill(2)
    conn.says(bytes)
    bytes.fill(3)
    const heard: unknown[] = []
    client.listen({ receive: (data) => void heard.push(data) })
    expect(heard).toEqual([Uint8Array.of(1), Uint8Array.of(2)])
  })

  it('that a client sends wait as they were, for a handler that is busy', async () => {
    const { gateway, visit } = testGateway({ protocols: { '/': plain() } })
    const heard: unknown[] = []
    let free = (): void => {}
    gateway.onMessage(async (_client, { binary }) => {
      await new Promise<void>((resolve) => (free = resolve))
      heard.push(binary?.[0])
    })
    const ann = await visit()
    const bytes = new Uint8Array(1)
    for (const value of [1, 2, 3]) {
      bytes.fill(value)
      ann.client.session.receive(bytes)
    }
    bytes.fill(9)
    for (let n = 0; n < 3; n++) {
      free()
      await ann.ask()
    }
    expect(heard).toEqual([1, 2, 3])
  })

  it('in what is printed are those of the moment, in events, answers and presence', async () => {
    const state = { bytes: [1] }
    const { gateway, visit, clock } = testGateway({
      hub: { authorizer: () => ({ allowed: true, member: { id: 'ann', info: state } }) },
    })
    gateway.on('state', () => state)
    const ann = await visit()
    ann.conn.says({ op: 'sub', id: 1, channel: 'presence-room' })
    await clock.settle()
    ann.conn.says({ op: 'call', id: 2, method: 'state' })
    gateway.to('presence-room').send('event', state)
    gateway.everyone().send('event', state)
    state.bytes[0] = 2
    const ben = await visit()
    const came = JSON.stringify([
      await ann.heard(),
      await ben.ask({ op: 'sub', id: 1, channel: 'presence-room' }),
    ])
    expect(came).toContain('[1]')
    expect(came).not.toContain('[2]')
  })

  it('go over a real socket as they were', async () => {
    const hub = new Hub()
    const server = await serve(new Gateway({ hub, protocols: { '/': plain() } }))
    onTestFinished(async () => {
      await server.close()
      await hub.close()
    })
    const peer = await wsPeer(server.url)
    await until(() => hub.clients().length === 1, 'the client')
    await hub.subscribe(hub.clients()[0]!, 'cam')
    const bytes = new Uint8Array(100_000)
    for (let value = 1; value <= 20; value++) hub.broadcast('cam', bytes.fill(value))
    await until(() => peer.received.length >= 20, 'all of them')
    const came = peer.received.slice(-20).map((data) => new Set(data as Uint8Array))
    expect(came).toEqual(Array.from({ length: 20 }, (_, n) => new Set([n + 1])))
  })
})
