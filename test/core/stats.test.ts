import { testHub } from '@fanfare/core/testing'
import { describe, expect, it } from 'vitest'

import { outspoken } from '../fakes/outspoken.ts'
import { ScriptedRelay } from '../fakes/scripted-relay.ts'
import { slowClient } from '../fakes/slow-client.ts'

const nothing = {
  clients: 0,
  channels: 0,
  subscriptions: 0,
  pendingAuthorizations: 0,
  relayedChannels: 0,
  frames: { accepted: 0, written: 0, writtenBytes: 0, queued: 0, queuedBytes: 0 },
  dropped: { overflow: 0, conflated: 0, roster: 0, encode: 0, closed: 0 },
  unread: 0,
  malformed: 0,
  budgets: {
    inbound: { used: 0, limit: 134_217_728, evictions: 0 },
    outbound: { used: 0, limit: 214_748_364, evictions: 0 },
    state: { used: 0, limit: 214_748_364, evictions: 0 },
  },
}

describe('stats', () => {
  it('are all zero for a new hub', () => {
    expect(testHub().hub.stats()).toEqual(nothing)
  })

  it('count clients, channels, subscriptions, and what is held with the relay', async () => {
    const { hub, connect } = testHub()
    hub.attach(new ScriptedRelay().eager())
    const [ann, ben] = [connect(), connect()]
    await hub.subscribe(ann.client, 'a')
    await hub.subscribe(ann.client, 'b')
    await hub.subscribe(ben.client, 'b')
    expect(hub.stats()).toMatchObject({ clients: 2, channels: 2, subscriptions: 3, relayedChannels: 2 })
    ann.client.close()
    expect(hub.stats()).toMatchObject({ clients: 1, channels: 1, subscriptions: 1, relayedChannels: 1 })
  })

  it('count each frame once per client that was to get it', async () => {
    const { hub, clock, connect } = testHub()
    for (let n = 0; n < 3; n++) await hub.subscribe(connect().client, 'orders')
    hub.broadcast('orders', 'x')
    hub.broadcast('orders', 'y', { except: '1.1' })
    hub.broadcast('nowhere', 'z')
    expect(hub.stats().frames).toMatchObject({ accepted: 5, written: 0 })
    clock.turn()
    expect(hub.stats().frames).toEqual({
      accepted: 5,
      written: 5,
      writtenBytes: 5,
      queued: 0,
      queuedBytes: 0,
    })
  })

  it('count what waits in outboxes, with its bytes', async () => {
    const { hub, say, client, recover } = await slowClient({}, { protocol: outspoken() })
    say('ab', '\u00fc\u00fc')
    client.tell({ on: 'pong' })
    expect(hub.stats().frames).toMatchObject({ queued: 3, queuedBytes: 2 + 4 + 4 })
    recover()
    expect(hub.stats().frames).toMatchObject({ queued: 0, queuedBytes: 0 })
  })

  it('add up: accepted is written, or dropped, or waits', async () => {
    const { hub, clock, client, conn, say, connect } = await slowClient(
      { outbox: { frames: 3, bytes: 60 }, slowConsumer: 'drop-oldest', authorizer: () => true },
      { protocol: outspoken(), channels: ['presence-room'] },
    )
    const balance = (): number => {
      const { frames, dropped } = hub.stats()
      const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0)
      return frames.accepted - frames.written - frames.queued - lost
    }
    const step = (act: () => void): void => {
      act()
      clock.turn()
      expect(balance()).toBe(0)
    }
    const others = [connect(), connect({ protocol: outspoken() })]
    for (const { client: other } of others) await hub.subscribe(other, 'presence-room')
    step(() => say('a', 'b', 'c', 'd', 'x'.repeat(70)))
    step(() => hub.broadcast('orders', new Uint8Array(3)))
    step(() => others[0]!.client.close())
    step(() => conn.drain(1))
    step(() => say('e', 'f', 'g', 'h'))
    step(() => client.tell({ on: 'pong' }))
    step(() => conn.resume())
    step(() => others[1]!.conn.peerCloses())
    step(() => client.send('last'))
    step(() => client.close('rate'))
    step(() => client.send('too late'))
    step(() => void hub.close())
    expect(hub.stats().dropped).toMatchObject({ encode: 1, closed: 1 })
  })

  it('are a snapshot: what happens later does not change them, and nobody can change the hub by them', async () => {
    const { hub, connect } = testHub()
    const before = hub.stats()
    connect()
    Object.assign(before.dropped, { overflow: 7 })
    expect(before.clients).toBe(0)
    expect(hub.stats()).toEqual({ ...nothing, clients: 1 })
  })
})
