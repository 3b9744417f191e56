import { describe, expect, it } from 'vitest'

import { call, testGateway, type TestGateway, type Visitor } from '../fakes/test-gateway.ts'

async function three(): Promise<TestGateway & { ann: Visitor; ben: Visitor; cat: Visitor }> {
  const kit = testGateway()
  return { ...kit, ann: await kit.visit(), ben: await kit.visit(), cat: await kit.visit() }
}

describe('a group', () => {
  it('is there as long as it has members', async () => {
    const { gateway, ann, ben } = await three()
    const team = gateway.group('team')
    expect([team.count, team.isEmpty, team.members(), gateway.groups()]).toEqual([0, true, [], []])
    team.add(ann.client).add(ben.client)
    expect([team.count, team.isEmpty, gateway.groups()]).toEqual([2, false, ['team']])
    expect(team.members()).toEqual([ann.client, ben.client])
    expect(team.ids()).toEqual([ann.client.id, ben.client.id])
    team.remove(ann.client)
    expect([team.has(ann.client), team.has(ben.client)]).toEqual([false, true])
    gateway.group('team').remove(ben.client)
    expect(team.isEmpty).toBe(true)
    expect(gateway.groups()).toEqual([])
    expect(gateway.stats().groups).toBe(0)
  })

  it('has each member once, whichever view of it was added', async () => {
    const { gateway, ann } = await three()
    const face = gateway.client(ann.client.id)
    const team = gateway.group('team').add(ann.client)
    if (face) team.add(face).add(face)
    expect(team.ids()).toEqual([ann.client.id])
    expect(face?.groups).toEqual(['team'])
    if (face) team.remove(face)
    expect(team.isEmpty).toBe(true)
    expect(face?.groups).toEqual([])
  })

  it('sends to its members, and says how many there were', async () => {
    const { gateway, ann, ben, cat } = await three()
    const team = gateway.group('team').add(ann.client).add(ben.client)
    expect(team.send('news', { n: 1 }, { from: { user: 'sys' } })).toBe(2)
    const heard = { op: 'msg', event: 'news', data: { n: 1 }, from: { user: 'sys' } }
    expect(await ann.heard()).toEqual([heard])
    expect(await ben.heard()).toEqual([heard])
    expect(await cat.heard()).toEqual([])
    expect(team.except(ann.client.id).send('news', 2)).toBe(1)
    expect(await ann.heard()).toEqual([])
    expect(await ben.heard()).toMatchObject([{ data: 2 }])
    expect(team.except(ann.client.id).except(ben.client.id, 'x').send('news', 3)).toBe(0)
    expect(gateway.group('nobody').send('news', 4)).toBe(0)
  })

  it('has nothing to do with a channel of the same name', async () => {
    const { gateway, hub, ann, ben } = await three()
    await ann.ask({ op: 'sub', channel: 'team' })
    gateway.group('team').add(ben.client)
    hub.broadcast('team', '1')
    gateway.group('team').send('news', 2)
    expect(await ann.heard()).toEqual([{ op: 'msg', channel: 'team', event: 'message', data: 1 }])
    expect(await ben.heard()).toEqual([{ op: 'msg', event: 'news', data: 2 }])
    await ann.ask({ op: 'unsub', channel: 'team' })
    expect(gateway.groups()).toEqual(['team'])
  })

  it.each(['__proto__', 'constructor', ''])('may have any name: %j', async (name) => {
    const { gateway, ann } = await three()
    expect(gateway.group(name).isEmpty).toBe(true)
    gateway.group(name).add(ann.client)
    expect(gateway.groups()).toEqual([name])
    expect(gateway.client(ann.client.id)?.groups).toEqual([name])
  })

  it('gives lists that may be changed', async () => {
    const { gateway, ann } = await three()
    const team = gateway.group('team').add(ann.client)
    team.members().length = 0
    team.ids().length = 0
    gateway.groups().length = 0
    gateway.client(ann.client.id)?.groups.push('x')
    expect([team.count, gateway.groups()]).toEqual([1, ['team']])
    expect(gateway.client(ann.client.id)?.groups).toEqual(['team'])
  })
})

describe('a client', () => {
  it('can be taken out of all its groups', async () => {
    const { gateway, ann, ben } = await three()
    for (const name of ['a', 'b']) gateway.group(name).add(ann.client)
    gateway.group('b').add(ben.client)
    gateway.leaveGroups(ann.client)
    expect(gateway.groups()).toEqual(['b'])
    expect(gateway.group('b').ids()).toEqual([ben.client.id])
    gateway.leaveGroups(ann.client)
  })

  it('that goes leaves them all, after those who watch have seen them', async () => {
    const { gateway, ann } = await three()
    const seen: unknown[] = []
    gateway.onDisconnect((client) => {
      seen.push(client.groups)
      gateway.group('late').add(client)
    })
    gateway.group('a').add(ann.client)
    gateway.group('b').add(ann.client)
    ann.conn.peerCloses()
    await ann.heard()
    expect(seen).toEqual([['a', 'b']])
    expect(gateway.groups()).toEqual([])
  })

  it('that is gone is not added', async () => {
    const { gateway, ann } = await three()
    ann.client.close()
    gateway.group('a').add(ann.client)
    expect(gateway.group('a').isEmpty).toBe(true)
    expect(gateway.groups()).toEqual([])
  })

  it('cannot join by asking, only by way of a handler', async () => {
    const { gateway, ann } = await three()
    gateway.on('join', (client) => gateway.group('team').add(client).except(client.id).send('joined', 1))
    await ann.ask({ op: 'sub', channel: 'team' }, { op: 'join', group: 'team' })
    expect(gateway.groups()).toEqual([])
    expect(await ann.ask(call(1, 'join'))).toEqual([{ op: 'ok', id: 1, data: 0 }])
    expect(gateway.group('team').ids()).toEqual([ann.client.id])
  })
})
