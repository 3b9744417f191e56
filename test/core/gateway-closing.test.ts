import { describe, expect, it } from 'vitest'

import { ScriptedRelay } from '../fakes/scripted-relay.ts'
import { deferred, testGateway, type TestGateway, type Visitor } from '../fakes/test-gateway.ts'

/** How a connection can end, each by somebody else. */
const endings: Record<string, (kit: TestGateway, visitor: Visitor) => void> = {
  'the peer goes': (_kit, { conn }) => conn.peerCloses(),
  'the application closes it': (_kit, { client }) => client.close('terminated'),
  'the adapter loses it': (_kit, { client }) => client.session.leave('idle'),
  'a write fails': ({ hub, clock }, { client, conn }) => {
    conn.failNextWrite()
    hub.sendTo(client.id, 'x')
    clock.turn()
  },
  'the peer breaks the rules': (_kit, { conn }) => conn.says('x'.repeat(600_000)),
  'the hub closes': ({ hub }) => void hub.close(),
}

/** What is left of a client some time after its end, what came to it then, and what went wrong. */
async function leftOf({ hub, clock, errors }: TestGateway, { client, conn }: Visitor): Promise<object> {
  await clock.settle()
  clock.advance(10_000)
  await clock.settle()
  const { clients, subscriptions, pendingAuthorizations, relayedChannels } = hub.stats()
  return {
    connected: client.connected,
    told: conn.messages.filter((message) => (message as { op: string }).op !== 'bye'),
    errors,
    known: hub.client(client.id),
    channels: hub.channels(),
    stats: { clients, subscriptions, pendingAuthorizations, relayedChannels },
    timers: clock.timers,
  }
}

const NOTHING = {
  connected: false,
  told: [],
  errors: [],
  known: undefined,
  channels: [],
  stats: { clients: 0, subscriptions: 0, pendingAuthorizations: 0, relayedChannels: 0 },
  timers: 0,
}

describe.each(Object.entries(endings))('%s', (_how, end) => {
  it('while an authorizer thinks', async () => {
    const leave = deferred<boolean>()
    const kit = testGateway({ hub: { authorizer: () => leave.promise } })
    const ann = await kit.visit()
    await ann.ask({ op: 'sub', id: 1, channel: 'presence-room' }, { op: 'sub', id: 2, channel: 'private-a' })
    end(kit, ann)
    leave.resolve(true)
    expect(await leftOf(kit, ann)).toEqual(NOTHING)
  })

  it('while an authorizer thinks, and then refuses', async () => {
    const leave = deferred<boolean>()
    const kit = testGateway({ hub: { authorizer: () => leave.promise } })
    const ann = await kit.visit()
    await ann.ask({ op: 'sub', id: 1, channel: 'presence-room' })
    end(kit, ann)
    leave.resolve(false)
    expect(await leftOf(kit, ann)).toEqual(NOTHING)
  })

  it('while the relay opens a channel', async () => {
    const kit = testGateway()
    const relay = new ScriptedRelay()
    kit.hub.attach(relay)
    const ann = await kit.visit()
    await ann.ask({ op: 'sub', id: 1, channel: 'orders' })
    end(kit, ann)
    relay.succeed('open orders')
    await kit.clock.settle()
    if (relay.pending.includes('close orders')) relay.succeed('close orders')
    expect(await leftOf(kit, ann)).toEqual(NOTHING)
  })

  it('while the relay takes what it published', async () => {
    const kit = testGateway()
    const ann = await kit.visit()
    await ann.ask({ op: 'sub', channel: 'private-room', auth: 'ann' })
    const relay = new ScriptedRelay()
    kit.hub.attach(relay)
    relay.succeed('open private-room')
    await ann.heard()
    await ann.ask({ op: 'pub', id: 1, channel: 'private-room', event: 'e' })
    end(kit, ann)
    relay.succeed('publish private-room')
    await kit.clock.settle()
    relay.succeed('close private-room')
    expect(await leftOf(kit, ann)).toEqual(NOTHING)
  })

  it('while a handler works: its answer goes nowhere, and what waited is not begun', async () => {
    const kit = testGateway()
    const work = deferred<string>()
    const begun: string[] = []
    kit.gateway.on('work', () => work.promise)
    kit.gateway.on('next', () => begun.push('next'))
    const ann = await kit.visit()
    await ann.ask({ op: 'call', id: 1, method: 'work' }, { op: 'call', id: 2, method: 'next' })
    await ann.ask({ op: 'sub', id: 3, channel: 'orders' })
    end(kit, ann)
    work.resolve('done')
    expect(await leftOf(kit, ann)).toEqual(NOTHING)
    expect(begun).toEqual([])
  })

  it('in the middle of a handler: the commands behind it are not run', async () => {
    const kit = testGateway()
    kit.gateway.on('end', () => {
      end(kit, ann)
      return 'an answer'
    })
    const begun: string[] = []
    kit.gateway.on('next', () => begun.push('next'))
    const ann = await kit.visit()
    await ann.ask(
      { op: 'call', id: 1, method: 'end' },
      { op: 'sub', channel: 'orders' },
      { op: 'call', method: 'next' },
    )
    expect(await leftOf(kit, ann)).toEqual(NOTHING)
    expect(begun).toEqual([])
  })

  it('before anything else happens', async () => {
    const kit = testGateway()
    const ann = await kit.visit()
    end(kit, ann)
    ann.conn.says({ op: 'sub', id: 1, channel: 'orders' })
    expect(await leftOf(kit, ann)).toEqual(NOTHING)
  })
})

describe('a handler that fails after its client has gone', () => {
  it('is told to the operator all the same', async () => {
    const { gateway, clock, errors, visit } = testGateway()
    const work = deferred<string>()
    gateway.on('work', () => work.promise)
    const ann = await visit()
    await ann.ask({ op: 'call', id: 1, method: 'work' })
    ann.conn.peerCloses()
    work.reject(new Error('too late'))
    await clock.settle()
    expect(errors).toEqual([{ error: new Error('too late'), where: 'handler', client: ann.client }])
  })
})

describe('a hub that closes', () => {
  it('refuses what its clients still ask for meanwhile, and calls it no error', async () => {
    const { hub, errors, visit } = testGateway()
    const [ann, ben] = [await visit(), await visit()]
    hub.once('disconnect', () => ben.conn.says({ op: 'sub', id: 1, channel: 'orders' }))
    const closed = hub.close()
    await ann.heard()
    await closed
    expect(await ben.heard()).toEqual([{ op: 'bye', code: 'shutdown', retry: true }])
    expect(errors).toEqual([])
  })

  it('lets everything out that it owes, and its last words behind it', async () => {
    const { gateway, hub, visit } = testGateway()
    gateway.on('work', () => 'done')
    const ann = await visit()
    await ann.ask({ op: 'sub', channel: 'orders' })
    ann.conn.says({ op: 'call', id: 1, method: 'work' })
    hub.broadcast('orders', '1')
    void hub.close()
    expect(await ann.heard()).toEqual([
      { op: 'ok', id: 1, data: 'done' },
      { op: 'msg', channel: 'orders', event: 'message', data: 1 },
      { op: 'bye', code: 'shutdown', retry: true },
    ])
    expect(ann.conn.closedWith).toEqual({ code: 4200, reason: 'shutdown' })
  })
})
