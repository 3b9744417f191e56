import { describe, expect, it } from 'vitest'

import { bearer, byToken, testGateway, type TestGateway, type Visitor } from '../fakes/test-gateway.ts'

const msg = (data: unknown, more: object = {}): object => ({ op: 'msg', event: 'news', data, ...more })

async function three(): Promise<TestGateway & { ann: Visitor; too: Visitor; ben: Visitor }> {
  const kit = testGateway({ authenticate: byToken })
  const ann = await kit.visit(bearer('ann'))
  return { ...kit, ann, too: await kit.visit(bearer('ann')), ben: await kit.visit(bearer('ben')) }
}

describe('channels', () => {
  it('are sent to', async () => {
    const { gateway, ann, ben } = await three()
    await ann.ask({ op: 'sub', channel: 'a' })
    gateway.to('a').send('news', { n: 1 })
    expect(await ann.heard()).toEqual([msg({ n: 1 }, { channel: 'a' })])
    expect(await ben.heard()).toEqual([])
  })

  it('may be several: a client in two of them gets it twice', async () => {
    const { gateway, ann, ben } = await three()
    await ann.ask({ op: 'sub', channel: 'a' }, { op: 'sub', channel: 'b' })
    await ben.ask({ op: 'sub', channel: 'b' })
    gateway.to(['a', 'b']).send('news', 1, { from: { client: 'x' } })
    expect(await ann.heard()).toEqual(['a', 'b'].map((channel) => msg(1, { channel, from: { client: 'x' } })))
    expect(await ben.heard()).toHaveLength(1)
  })

  it('may leave clients out, and each target is one of its own', async () => {
    const { gateway, ann, ben } = await three()
    for (const one of [ann, ben]) await one.ask({ op: 'sub', channel: 'a' })
    const all = gateway.to('a')
    const some = all.except(ann.client.id)
    const none = some.except(ben.client.id)
    none.send('news', 0)
    some.send('news', 1)
    all.send('news', 2)
    expect(await ann.heard()).toEqual([msg(2, { channel: 'a' })])
    expect(await ben.heard()).toEqual([msg(1, { channel: 'a' }), msg(2, { channel: 'a' })])
  })

  it('may be published to, and waited for', async () => {
    const { gateway, hub, ann, ben } = await three()
    for (const one of [ann, ben]) await one.ask({ op: 'sub', channel: 'a' })
    const sent: unknown[] = []
    const relay = {
      publish: async (message: { channel: string }) => {
        if (message.channel === 'bad') throw new Error('refused')
        sent.push(message)
      },
      open: async () => {},
      close: async () => {},
    }
    const detach = hub.attach(relay)
    await gateway.to(['a', 'b']).except(ben.client.id).publish('news', 1)
    const message = { event: 'news', data: '1', except: [ben.client.id] }
    expect(sent).toMatchObject([
      { ...message, channel: 'a' },
      { ...message, channel: 'b' },
    ])
    await expect(gateway.to('bad').publish('news', 1)).rejects.toThrow('refused')
    await detach()
  })

  it('that are none are refused before anything is sent', async () => {
    const { gateway, ann } = await three()
    await ann.ask({ op: 'sub', channel: 'a' })
    expect(() => gateway.to(['a', '']).send('news', 1)).toThrow(expect.objectContaining({ code: 'bad-name' }))
    await expect(gateway.to('').publish('news', 1)).rejects.toMatchObject({ code: 'bad-name' })
    expect(await ann.heard()).toEqual([])
  })
})

describe('clients', () => {
  it('are sent to by their ids, each once; those who are not here are left out', async () => {
    const { gateway, ann, ben } = await three()
    const ids = [ann.client.id, 'nobody', ann.client.id]
    expect(gateway.toClients(ids).send('news', 1)).toBe(1)
    expect(await ann.heard()).toEqual([msg(1)])
    expect(await ben.heard()).toEqual([])
    expect(gateway.toClients([]).send('news', 1)).toBe(0)
  })

  it('of one user are sent to, wherever they are', async () => {
    const { gateway, ann, too, ben } = await three()
    const user = gateway.toUser('ann')
    expect(user.send('news', 1)).toBe(2)
    expect(user.except(too.client.id).send('news', 2)).toBe(1)
    expect(await ann.heard()).toEqual([msg(1), msg(2)])
    expect(await too.heard()).toEqual([msg(1)])
    expect(await ben.heard()).toEqual([])
    ann.conn.peerCloses()
    expect(user.send('news', 3)).toBe(1)
    too.conn.peerCloses()
    expect(user.send('news', 4)).toBe(0)
  })

  it('are all sent to', async () => {
    const { gateway, ann, too, ben } = await three()
    expect(gateway.broadcast('news', 1)).toBe(3)
    expect(gateway.everyone().except(ann.client.id, ben.client.id).send('news', 2)).toBe(1)
    expect(await ann.heard()).toEqual([msg(1)])
    expect(await too.heard()).toEqual([msg(1), msg(2)])
    expect(await ben.heard()).toEqual([msg(1)])
  })

  it('get what was printed once, whoever they are', async () => {
    const { gateway } = await three()
    let printed = 0
    expect(gateway.broadcast('news', { toJSON: () => ++printed })).toBe(3)
    expect(printed).toBe(1)
  })

  it.each([
    ['undefined', undefined],
    ['a function', () => 1],
  ])('get null for what JSON has no word for: %s', async (_what, data) => {
    const { gateway, ann } = await three()
    gateway.toClients([ann.client.id]).send('news', data)
    expect(await ann.heard()).toEqual([msg(null)])
  })

  it('get nothing when it cannot be printed: whoever sends it is told', async () => {
    const { gateway, ann } = await three()
    expect(() => gateway.broadcast('news', 1n)).toThrow(TypeError)
    expect(() => gateway.to('a').send('news', 1n)).toThrow(TypeError)
    await expect(gateway.to('a').publish('news', 1n)).rejects.toThrow(TypeError)
    expect(await ann.heard()).toEqual([])
  })
})
