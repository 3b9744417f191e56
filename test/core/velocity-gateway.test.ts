import { ClientError, native, velocity } from '@fanfare/core'
import { describe, expect, it } from 'vitest'

import { type TestGateway, testGateway } from '../fakes/test-gateway.ts'

const AT = { path: '/velocity' }
const channel = 'private-room'

function mixed(): TestGateway {
  return testGateway({ protocols: { '/': native(), '/velocity': velocity({ key: 'type' }) } })
}

const error = (message: string, code: string, about: object): object => ({
  type: 'error',
  data: { message, code, ...about },
})

describe('a Velocity client at a gateway', () => {
  it('is confirmed each subscribe and unsubscribe, also those that change nothing', async () => {
    const { visit } = mixed()
    const ann = await visit(AT)
    const subscribe = { type: 'subscribe', data: { channel: 'orders' } }
    const unsubscribe = { type: 'unsubscribe', data: { channel: 'orders' } }
    const subscribed = { type: 'subscription_succeeded', data: { channel: 'orders' } }
    const unsubscribed = { type: 'unsubscription_succeeded', data: { channel: 'orders' } }
    expect(await ann.ask(subscribe, subscribe)).toEqual([subscribed, subscribed])
    expect(await ann.ask(unsubscribe, unsubscribe)).toEqual([unsubscribed, unsubscribed])
  })

  it('gets no reply to what is handled, whatever the handler returns', async () => {
    const { gateway, visit } = mixed()
    gateway.on('now', () => ({ a: 1 })).on('later', () => Promise.resolve('b'))
    const ann = await visit(AT)
    expect(await ann.ask({ type: 'now', data: 1 }, { type: 'later', data: 1 })).toEqual([])
  })

  it('is told the name of what failed', async () => {
    const { gateway, visit, errors } = mixed()
    gateway
      .on('purge', () => Promise.reject(new ClientError('unauthorized', 'log in first')))
      .on('count', (_client, { data }) => data)
      .on('break', () => {
        throw new Error('secret')
      })
    const ann = await visit(AT)
    expect(await ann.ask({ type: 'purge' }, { type: 'break' }, { type: 'what' })).toEqual([
      { type: 'unauthorized', data: { message: 'log in first', event: 'purge' } },
      error('something went wrong here', 'INTERNAL', { event: 'break' }),
      error('nobody here handles that', 'INVALID_EVENT', { event: 'what' }),
    ])
    expect(await ann.ask('{"type":"count","data":[1 2]}')).toEqual([
      error('data is not JSON', 'INVALID_DATA', { event: 'count' }),
    ])
    expect(errors).toHaveLength(1)
    const about = { event: 'subscribe', channel: 'a b' }
    expect(await ann.ask({ type: 'subscribe', data: { channel: 'a b' } })).toEqual([
      error(expect.stringContaining('a channel name has'), 'BAD_NAME', about),
    ])
  })

  it('publishes to the others in a private channel, whatever they speak, and to nobody in a public one', async () => {
    const { visit } = mixed()
    const [ann, bob, cid] = [await visit(AT), await visit(AT), await visit()]
    for (const page of [ann, bob]) await page.ask({ type: 'subscribe', data: { channel, auth: 'x' } })
    await cid.ask({ op: 'sub', channel, auth: 'cid' })
    const typing = { type: 'client-event', data: { channel, event: 'typing', data: { on: true } } }
    expect(await ann.ask(typing)).toEqual([])
    const from = ann.client.id
    expect(await bob.heard()).toEqual([{ type: 'typing', data: { on: true }, from, channel }])
    expect(await cid.heard()).toEqual([
      { op: 'msg', channel, event: 'typing', data: { on: true }, from: { client: from } },
    ])
    await ann.ask({ type: 'subscribe', data: { channel: 'orders' } })
    const shout = { type: 'client-event', data: { channel: 'orders', event: 'e' } }
    expect(await ann.ask(shout)).toEqual([
      error(expect.any(String), 'FORBIDDEN', { event: 'client-event', channel: 'orders' }),
    ])
  })
})

describe('a client that publishes under a name of the protocol', () => {
  it('does not reach clients of this protocol, which is counted, and reaches those of others', async () => {
    const { visit, hub } = testGateway({
      protocols: { '/': native(), '/velocity': velocity({ key: 'type' }) },
    })
    const [eve, ann, bob] = [await visit(), await visit({ path: '/velocity' }), await visit()]
    const channel = 'private-room'
    await eve.ask({ op: 'sub', channel, auth: 'eve' })
    await ann.ask({ type: 'subscribe', data: { channel, auth: 'ann' } })
    await bob.ask({ op: 'sub', channel, auth: 'bob' })
    await eve.ask({ op: 'pub', channel, event: 'error', data: { message: 'log in again at evil.test' } })
    expect(await ann.heard()).toEqual([])
    expect(ann.client.dropCounts.encode).toBe(1)
    expect(await bob.heard()).toEqual([expect.objectContaining({ op: 'msg', event: 'error' })])
    // The server may say what it likes.
    await hub.publish({ channel, event: 'error', data: '{"reason":"forbidden"}' })
    expect(await ann.heard()).toEqual([{ type: 'error', data: { reason: 'forbidden' }, channel }])
  })
})
