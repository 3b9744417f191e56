import { describe, expect, it } from 'vitest'

import { bearer, byToken, call, testGateway } from '../fakes/test-gateway.ts'

describe('explain', () => {
  it('says everything of a client that is here', async () => {
    const { gateway, visit } = testGateway({ authenticate: byToken })
    const ann = await visit({ ...bearer('ann'), remoteAddress: '10.0.0.7' })
    await ann.ask({ op: 'sub', channel: 'a' })
    gateway.group('g').add(ann.client)
    expect(gateway.explain(ann.client.id)).toEqual({
      id: ann.client.id,
      connected: true,
      now: {
        user: 'ann',
        protocol: 'native',
        remoteAddress: '10.0.0.7',
        channels: [{ channel: 'a', expiresAt: undefined }],
        groups: ['g'],
        queued: { frames: 0, bytes: 0 },
        drops: ann.client.dropCounts,
        received: { messages: 1, bytes: 26 },
        sent: { messages: 2, bytes: expect.any(Number) as unknown },
      },
      history: [
        { at: 0, client: ann.client.id, what: 'connect', detail: 'ann' },
        { at: 0, client: ann.client.id, what: 'subscribe', channel: 'a' },
      ],
    })
  })

  it('knows what waits for it, and what it lost', async () => {
    const { gateway, hub, visit } = testGateway({ hub: { outbox: { frames: 2, bytes: 1_000 } } })
    const ann = await visit()
    await ann.ask({ op: 'sub', channel: 'a' })
    ann.conn.stall()
    for (let n = 0; n < 6; n++) {
      hub.broadcast('a', String(n))
      await ann.heard()
    }
    const { now } = gateway.explain(ann.client.id)
    expect(now?.queued.frames).toBeGreaterThan(0)
    expect(now?.drops).toEqual(ann.client.dropCounts)
    expect(Object.values(now?.drops ?? {}).reduce((sum, count) => sum + count, 0)).toBe(ann.client.drops)
    expect(ann.client.drops).toBeGreaterThan(0)
  })

  it('still knows what happened to a client that is gone, and why it was closed', async () => {
    const { gateway, visit, clock } = testGateway()
    const [ann, ben] = [await visit(), await visit()]
    clock.advance(1_000)
    await ann.ask({ op: 'sub', channel: 'a' }, { op: 'sub', id: 1, channel: 'private-b' }, call(2, 'nothing'))
    await ben.ask({ op: 'sub', channel: 'other' })
    clock.advance(1_000)
    ann.client.close('terminated', 'enough')
    await ann.heard()
    const client = ann.client.id
    expect(gateway.explain(client)).toEqual({
      id: client,
      connected: false,
      history: [
        { at: 0, client, what: 'connect' },
        { at: 1_000, client, what: 'subscribe', channel: 'a' },
        { at: 1_000, client, what: 'refused', detail: 'unknown' },
        { at: 1_000, client, what: 'refused', channel: 'private-b', detail: 'unauthorized' },
        { at: 2_000, client, what: 'unsubscribe', channel: 'a' },
        { at: 2_000, client, what: 'disconnect', detail: 'terminated 4011 enough' },
      ],
    })
  })

  it('says why a client is out of a channel', async () => {
    const { gateway, visit, clock } = testGateway({
      hub: { authorizer: () => ({ allowed: true, expiresAt: 1_000 }) },
    })
    const ann = await visit()
    await ann.ask({ op: 'sub', channel: 'private-a' })
    clock.advance(1_200)
    expect(gateway.explain(ann.client.id).history.at(-1)).toMatchObject({
      what: 'unsubscribe',
      channel: 'private-a',
      detail: 'expired',
    })
  })

  it('knows nothing of a stranger', () => {
    const { gateway } = testGateway()
    expect(gateway.explain('nobody')).toEqual({ id: 'nobody', connected: false, history: [] })
  })

  it('remembers so many things for all clients together, the last ones', async () => {
    const { gateway, visit } = testGateway({ journalSize: 3 })
    const [ann, ben] = [await visit(), await visit()]
    for (const channel of ['a', 'b']) await ann.ask({ op: 'sub', channel })
    const what = (id: string): unknown[] =>
      gateway.explain(id).history.map((entry) => entry.channel ?? entry.what)
    expect(what(ann.client.id)).toEqual(['a', 'b'])
    expect(what(ben.client.id)).toEqual(['connect'])
    await ann.ask({ op: 'sub', channel: 'c' })
    expect(what(ann.client.id)).toEqual(['a', 'b', 'c'])
    expect(what(ben.client.id)).toEqual([])
  })

  it('is not pushed out by one who says too much', async () => {
    const { gateway, visit } = testGateway({
      journalSize: 3,
      rateLimit: { messages: { rate: 1, burst: 1 }, strikes: 0 },
    })
    const [ann, ben] = [await visit(), await visit()]
    await ben.ask(...Array.from({ length: 20 }, () => ({ op: 'ping' })))
    expect(gateway.explain(ann.client.id).history).toHaveLength(1)
  })
})
