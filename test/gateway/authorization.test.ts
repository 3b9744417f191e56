import {
  type AuthorizeChannelRequest,
  Gateway,
  type GatewayOptions,
  type Grant,
  type HubOptions,
  type User,
} from '@fanfare/core'
import { testHub } from '@fanfare/core/testing'
import { describe, expect, it } from 'vitest'

import { bearer, byToken, deferred, type TestGateway, testGateway } from '../fakes/test-gateway.ts'

type Authorize = NonNullable<GatewayOptions['authorize']>

/** A gateway whose own `authorize` decides. */
function deciding(
  authorize: Authorize | undefined,
  options: Omit<GatewayOptions, 'hub' | 'authorize'> & { hub?: HubOptions } = {},
): TestGateway {
  const { hub, ...rest } = options
  return testGateway({ authenticate: byToken, ...rest, authorize, hub: { authorizer: undefined, ...hub } })
}

const sub = (channel: string, id: number, auth?: unknown): object => ({ op: 'sub', id, channel, auth })
const denied = (channel: string, id: number): object => ({
  op: 'err',
  id,
  code: 'unauthorized',
  channel,
  message: `not allowed to subscribe to ${channel}`,
})

describe('authorization through the gateway', () => {
  it('sees who the client is, and what it brought', async () => {
    const asked: AuthorizeChannelRequest<User>[] = []
    const { gateway, visit } = deciding((request) => {
      asked.push(request)
      return request.credentials === 'sesame'
    })
    const ann = await visit(bearer('ann'))
    expect(await ann.ask(sub('private-a', 1, 'sesame'), sub('presence-b', 2))).toEqual([
      { op: 'ok', id: 1, channel: 'private-a' },
      denied('presence-b', 2),
    ])
    const client = gateway.client(ann.client.id)
    expect(asked[0]).toMatchObject({ channel: 'private-a', type: 'private', user: { id: 'ann' } })
    expect(asked[0]?.client).toBe(client)
    expect(asked[1]).toMatchObject({ channel: 'presence-b', type: 'presence', credentials: undefined })
  })

  it('is not asked about public channels', async () => {
    const { visit } = deciding(() => {
      throw new Error('asked')
    })
    const ann = await visit(bearer('ann'))
    expect(await ann.ask(sub('orders', 1))).toEqual([{ op: 'ok', id: 1, channel: 'orders' }])
  })

  it('denies where nobody decides', async () => {
    const { visit, errors } = deciding(undefined)
    const ann = await visit(bearer('ann'))
    expect(await ann.ask(sub('private-a', 1, 'x'))).toEqual([denied('private-a', 1)])
    expect(errors).toEqual([])
  })

  it.each<[string, () => unknown]>([
    ['throws', () => explode()],
    ['rejects', async () => explode()],
    ['answers with nothing', () => undefined],
    ['answers with a word', () => 'yes'],
    ['allows with a word', () => ({ allowed: 'yes' })],
  ])('denies, leaks nothing and tells the operator when it %s', async (_how, authorize) => {
    const { visit, errors } = deciding(authorize as Authorize)
    const ann = await visit(bearer('ann'))
    expect(await ann.ask(sub('presence-a', 1))).toEqual([{ ...denied('presence-a', 1), code: 'internal' }])
    expect(errors).toMatchObject([{ where: 'authorizer', channel: 'presence-a' }])
  })

  it('denies when it takes too long; the answer that comes later changes nothing', async () => {
    const answer = deferred<boolean>()
    const { visit, hub, clock } = deciding(() => answer.promise)
    const ann = await visit(bearer('ann'))
    await ann.ask(sub('private-a', 1))
    clock.advance(5_100)
    expect(await ann.heard()).toEqual([{ ...denied('private-a', 1), code: 'timeout' }])
    answer.resolve(true)
    expect(await ann.heard()).toEqual([])
    expect(hub.channels()).toEqual([])
    expect(hub.wheel.size).toBe(0)
  })

  it('holds up nothing else that the client says', async () => {
    const answer = deferred<boolean>()
    const { visit } = deciding(() => answer.promise)
    const ann = await visit(bearer('ann'))
    expect(await ann.ask(sub('private-a', 1), sub('orders', 2))).toEqual([
      { op: 'ok', id: 2, channel: 'orders' },
    ])
    answer.resolve(true)
    expect(await ann.heard()).toEqual([{ op: 'ok', id: 1, channel: 'private-a' }])
  })

  it('changes nothing when the client has unsubscribed, or gone, before there is an answer', async () => {
    const answer = deferred<boolean>()
    const { visit, hub, errors } = deciding(() => answer.promise)
    const [ann, ben] = [await visit(bearer('ann')), await visit(bearer('ben'))]
    await ben.ask(sub('private-a', 1))
    ben.conn.peerCloses()
    expect(await ann.ask(sub('private-a', 1), { op: 'unsub', id: 2, channel: 'private-a' })).toEqual([
      { op: 'ok', id: 2, channel: 'private-a' },
      {
        op: 'err',
        id: 1,
        code: 'cancelled',
        channel: 'private-a',
        message: 'unsubscribed before there was an answer',
      },
    ])
    answer.resolve(true)
    await ann.heard()
    expect(hub.channels()).toEqual([])
    expect(errors).toEqual([])
    expect(hub.wheel.size).toBe(0)
  })

  it('knows the user of a first message', async () => {
    const { visit } = deciding(({ user }) => user?.id === 'ann', { authenticateAt: 'message' })
    const ann = await visit()
    await ann.ask({ op: 'auth', token: 'ann' })
    expect(await ann.ask(sub('private-a', 1))).toEqual([{ op: 'ok', id: 1, channel: 'private-a' }])
  })

  it('cannot be given beside an authorizer of the hub', () => {
    const { hub } = testHub({ authorizer: () => true })
    expect(() => new Gateway({ hub, authorize: () => true })).toThrow(
      expect.objectContaining({ code: 'authorizer-given' }),
    )
  })
})

describe('presence data', () => {
  const roster = (messages: unknown[]): unknown => (messages[0] as { members: unknown }).members

  it.each<[string, NonNullable<GatewayOptions['presenceData']>]>([
    ['at once', (channel, user) => ({ name: user.id.toUpperCase(), channel })],
    ['later', async (channel, user) => ({ name: user.id.toUpperCase(), channel })],
  ])('says who the user is: %s', async (_when, presenceData) => {
    const { visit, hub } = deciding(() => true, { presenceData })
    const ann = await visit(bearer('ann'))
    const member = { id: 'ann', info: { name: 'ANN', channel: 'presence-a' } }
    expect(roster(await ann.ask(sub('presence-a', 1)))).toEqual([member])
    expect(hub.presence('presence-a')).toEqual([member])
  })

  it('is one member, however many connections the user has', async () => {
    const { visit, hub } = deciding(() => true)
    const [one, two] = [await visit(bearer('ann')), await visit(bearer('ann'))]
    await one.ask(sub('presence-a', 1))
    await two.ask(sub('presence-a', 1))
    expect(hub.presence('presence-a')).toEqual([{ id: 'ann' }])
  })

  it('gives way to the member that authorize names', async () => {
    const member: Grant['member'] = { id: 'admin', info: 1 }
    const { visit, hub } = deciding(() => ({ allowed: true, member }), { presenceData: () => explode() })
    const ann = await visit(bearer('ann'))
    await ann.ask(sub('presence-a', 1))
    expect(hub.presence('presence-a')).toEqual([{ id: 'admin', info: 1 }])
  })

  it('is not asked for private channels, nor for who is denied, nor for nobody', async () => {
    let asked = 0
    const { visit, hub } = deciding(({ channel }) => channel !== 'presence-no', {
      authenticate: undefined,
      presenceData: () => ++asked,
    })
    const ann = await visit()
    await ann.ask(sub('private-a', 1), sub('presence-no', 2), sub('presence-a', 3))
    expect(asked).toBe(0)
    expect(hub.presence('presence-a')).toEqual([{ id: ann.client.id }])
  })

  it('that fails is a denial', async () => {
    const { visit, errors } = deciding(() => true, { presenceData: explode })
    const ann = await visit(bearer('ann'))
    expect(await ann.ask(sub('presence-a', 1))).toEqual([{ ...denied('presence-a', 1), code: 'internal' }])
    expect(errors).toMatchObject([{ where: 'authorizer', error: new Error('password: hunter2') }])
  })
})

function explode(): never {
  throw new Error('password: hunter2')
}
