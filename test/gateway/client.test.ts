import { describe, expect, it } from 'vitest'

import { bearer, byToken, call, testGateway } from '../fakes/test-gateway.ts'

describe('a client as handlers see it', () => {
  it('says who and where it is', async () => {
    const { gateway, visit } = testGateway({ authenticate: byToken })
    const ann = await visit({
      headers: { ...bearer('ann').headers, 'user-agent': 'test/1' },
      query: { room: '7' },
      remoteAddress: '10.0.0.7',
    })
    const face = gateway.client(ann.client.id)
    expect(face).toMatchObject({
      id: ann.client.id,
      client: ann.client,
      user: { id: 'ann' },
      remoteAddress: '10.0.0.7',
      userAgent: 'test/1',
      connected: true,
      channels: [],
      groups: [],
      drops: 0,
    })
    expect(face?.handshake.query('room')).toBe('7')
    expect(gateway.client('nobody')).toBeUndefined()
    expect(gateway.clients()).toEqual([face])
  })

  it('has a memory of its own for as long as it is here', async () => {
    const { gateway, visit } = testGateway()
    const [ann, ben] = [await visit(), await visit()]
    gateway.client(ann.client.id)?.metadata.set('muted', true)
    expect(gateway.client(ann.client.id)?.metadata.get('muted')).toBe(true)
    expect(gateway.client(ben.client.id)?.metadata.size).toBe(0)
  })

  it('is sent to, pinged and closed', async () => {
    const { gateway, visit } = testGateway()
    const ann = await visit()
    const face = gateway.client(ann.client.id)
    expect(face?.send('news', { n: 1 })).toBe(true)
    face?.ping()
    expect(await ann.raw()).toEqual(['{"op":"msg","event":"news","data":{"n":1}}', '{"op":"ping"}'])
    face?.close('terminated', 'enough')
    expect(await ann.heard()).toEqual([{ op: 'bye', code: 'terminated', retry: false, message: 'enough' }])
    expect(ann.conn.closedWith).toEqual({ code: 4011, reason: 'enough' })
    expect(face?.isConnected()).toBe(false)
    expect(face?.connected).toBe(false)
    expect(face?.send('news', 2)).toBe(false)
    face?.ping()
    face?.close()
    expect(await ann.heard()).toEqual([])
    expect(gateway.client(ann.client.id)).toBeUndefined()
    expect(gateway.clients()).toEqual([])
  })

  it('counts what it says and gets, in messages and bytes', async () => {
    const { gateway, visit } = testGateway()
    gateway.on('say', () => 1)
    const ann = await visit()
    const face = gateway.client(ann.client.id)
    expect(face?.received).toEqual({ messages: 0, bytes: 0 })
    const before = face?.sent ?? { messages: 0, bytes: 0 }
    expect(before.messages).toBe(1)
    const text = JSON.stringify(call(1, 'say', 'é'))
    ann.conn.says(text)
    const [answer] = await ann.raw()
    expect(face?.received).toEqual({ messages: 1, bytes: text.length + 1 })
    expect(face?.sent).toEqual({ messages: 2, bytes: before.bytes + String(answer).length })
  })

  it('counts what it did not get', async () => {
    const { gateway, visit } = testGateway({ hub: { outbox: { frames: 1, bytes: 1_000 } } })
    const ann = await visit()
    const face = gateway.client(ann.client.id)
    ann.conn.stall()
    for (let n = 0; n < 5; n++) {
      face?.send('news', n)
      await ann.heard()
    }
    expect(face?.drops).toBeGreaterThan(0)
    expect(gateway.explain(ann.client.id).now?.drops).toEqual(ann.client.dropCounts)
  })

  it('names its channels and groups, in lists of its own', async () => {
    const { gateway, visit } = testGateway()
    const ann = await visit()
    await ann.ask({ op: 'sub', channel: 'a' })
    gateway.group('g').add(ann.client)
    const face = gateway.client(ann.client.id)
    face?.channels.push('b')
    face?.groups.push('h')
    expect(face?.channels).toEqual(['a'])
    expect(face?.groups).toEqual(['g'])
  })
})
