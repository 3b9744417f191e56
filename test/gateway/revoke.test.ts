import type { GatewayOptions, Grant, HubOptions, User } from '@fanfare/core'
import { describe, expect, it } from 'vitest'

import {
  bearer,
  byToken,
  deferred,
  type Deferred,
  testGateway,
  type TestGateway,
} from '../fakes/test-gateway.ts'

const sub = (channel: string, auth?: unknown, id?: number): object => ({ op: 'sub', id, channel, auth })
const out = (channel: string): object => ({ op: 'unsub', channel, code: 'unauthorized' })

interface Rights extends TestGateway {
  /** `user channel` of everything that is forbidden. */
  readonly forbidden: Set<string>
  readonly asked: string[]
}

function rights(options: Partial<GatewayOptions<object, User>> = {}): Rights {
  const forbidden = new Set<string>()
  const asked: string[] = []
  const kit = testGateway({
    authenticate: byToken,
    hub: { authorizer: undefined },
    authorize: ({ channel, user, credentials }) => {
      asked.push(`${user?.id ?? ''} ${channel} ${String(credentials)}`)
      return !forbidden.has(`${user?.id ?? ''} ${channel}`)
    },
    ...(options as object),
  })
  return { ...kit, forbidden, asked }
}

/** An authorizer that the test answers. */
function answering(hub: HubOptions = {}): TestGateway & { questions: Deferred<Grant | boolean>[] } {
  const questions: Deferred<Grant | boolean>[] = []
  const authorizer = (): Promise<Grant | boolean> => {
    const question = deferred<Grant | boolean>()
    questions.push(question)
    return question.promise
  }
  return { ...testGateway({ hub: { ...hub, authorizer } }), questions }
}

describe('revoke', () => {
  it('takes whoever is denied now out of that channel alone, and tells it', async () => {
    const { gateway, visit, forbidden, hub } = rights()
    const [ann, ben] = [await visit(bearer('ann')), await visit(bearer('ben'))]
    for (const one of [ann, ben]) await one.ask(sub('private-a'), sub('private-b'), sub('orders'))
    forbidden.add('ann private-a')
    await gateway.revoke({ user: 'ann' })
    expect(await ann.heard()).toEqual([out('private-a')])
    expect(await ben.heard()).toEqual([])
    expect(ann.client.channels).toEqual(['orders', 'private-b'])
    hub.broadcast('private-a', '1')
    expect(await ann.heard()).toEqual([])
    expect(hub.wheel.size).toBe(0)
  })

  it.each<[object, string[]]>([
    [{ user: 'ann' }, ['ann private-a x', 'ann private-b x', 'ann private-a x', 'ann private-b x']],
    [{ user: 'ann', channel: 'private-a' }, ['ann private-a x', 'ann private-a x']],
    [{ client: '1.2' }, ['ann private-a x', 'ann private-b x']],
    [{ channel: 'private-b' }, ['ann private-b x', 'ann private-b x', 'ben private-b x']],
    [{ client: '1.2', user: 'ben' }, []],
    [{ user: 'nobody' }, []],
    [{ channel: 'orders' }, []],
  ])('asks again, with the credentials of old, about all that match: %j', async (which, expected) => {
    const { gateway, visit, asked } = rights()
    for (const name of ['ann', 'ann', 'ben']) {
      const one = await visit(bearer(name))
      await one.ask(sub('private-a', 'x'), sub('private-b', 'x'), sub('orders'))
    }
    asked.length = 0
    await gateway.revoke(which)
    expect(asked).toEqual(expected)
  })

  it('uses the credentials of the last renewal', async () => {
    const { gateway, visit, asked } = rights()
    const ann = await visit(bearer('ann'))
    await ann.ask(sub('private-a', 'old'))
    await ann.ask(sub('private-a', 'new'))
    asked.length = 0
    await gateway.revoke({})
    expect(asked).toEqual(['ann private-a new'])
  })

  it('knows who a client is that said so in its first message', async () => {
    const { gateway, visit, forbidden } = rights({ authenticateAt: 'message' })
    const ann = await visit()
    await ann.ask({ op: 'auth', token: 'ann' })
    await ann.ask(sub('presence-a'))
    forbidden.add('ann presence-a')
    await gateway.revoke({ user: 'ann' })
    expect(await ann.heard()).toEqual([out('presence-a')])
  })

  it('tells the others in a presence channel that the member has left', async () => {
    const { gateway, visit, forbidden } = rights()
    const [ann, ben] = [await visit(bearer('ann')), await visit(bearer('ben'))]
    await ann.ask(sub('presence-a'))
    await ben.ask(sub('presence-a'))
    forbidden.add('ann presence-a')
    await gateway.revoke({ channel: 'presence-a' })
    expect(await ben.heard()).toEqual([{ op: 'leave', channel: 'presence-a', member: { id: 'ann' } }])
  })

  it('resolves when every answer is in', async () => {
    const { gateway, clock, visit, questions } = answering()
    const ann = await visit()
    await ann.ask(sub('private-a'))
    questions[0]?.resolve(true)
    await ann.heard()
    let done = false
    const revoked = gateway.revoke({}).then(() => (done = true))
    await clock.settle()
    expect(done).toBe(false)
    questions[1]?.resolve(true)
    await revoked
    expect(ann.client.channels).toEqual(['private-a'])
  })

  it('counts no answer in time as a denial', async () => {
    const { gateway, clock, visit, questions, errors } = answering()
    const ann = await visit()
    await ann.ask(sub('private-a'))
    questions[0]?.resolve(true)
    await ann.heard()
    const revoked = gateway.revoke({})
    clock.advance(5_100)
    await revoked
    expect(await ann.heard()).toEqual([out('private-a')])
    expect(errors).toMatchObject([{ where: 'authorizer' }])
  })

  it('gives each its full time, however many there are', async () => {
    const { gateway, clock, visit, questions } = answering({
      authorization: { timeoutMs: 1_000, concurrent: 1, pendingPerClient: 16 },
    })
    const ann = await visit()
    for (const [at, name] of ['a', 'b', 'c'].entries()) {
      await ann.ask(sub(`private-${name}`))
      questions[at]?.resolve(true)
      await ann.heard()
    }
    const revoked = gateway.revoke({})
    for (let at = 3; at < 6; at++) {
      await clock.settle()
      expect(questions).toHaveLength(at + 1)
      clock.advance(900)
      questions[at]?.resolve(true)
    }
    await revoked
    expect(ann.client.channels).toEqual(['private-a', 'private-b', 'private-c'])
    expect(await ann.heard()).toEqual([])
  })

  it('asks again about a subscribe whose answer was still out: it may be out of date', async () => {
    const { visit, gateway, questions, hub } = answering()
    const ann = await visit()
    await ann.ask(sub('private-a', 'x', 1), sub('private-b', 'x', 2))
    await gateway.revoke({ channel: 'private-a' })
    questions[0]?.resolve(true)
    questions[1]?.resolve(true)
    expect(await ann.heard()).toEqual([{ op: 'ok', id: 2, channel: 'private-b' }])
    expect(questions).toHaveLength(3)
    questions[2]?.resolve(false)
    expect(await ann.heard()).toMatchObject([{ op: 'err', id: 1, code: 'unauthorized' }])
    expect(ann.client.channels).toEqual(['private-b'])
    expect(hub.wheel.size).toBe(0)
  })

  it('overrules a renewal that was asked for before', async () => {
    const { visit, gateway, questions } = answering()
    const ann = await visit()
    await ann.ask(sub('private-a', 'old'))
    questions[0]?.resolve(true)
    await ann.heard()
    await ann.ask(sub('private-a', 'new', 2))
    const revoked = gateway.revoke({})
    questions[2]?.resolve(false)
    await revoked
    questions[1]?.resolve(true)
    expect(await ann.heard()).toEqual([
      out('private-a'),
      expect.objectContaining({ op: 'err', id: 2, code: 'cancelled' }),
    ])
    expect(ann.client.channels).toEqual([])
  })

  it('is overruled by a renewal that was asked for later', async () => {
    const { visit, gateway, questions } = answering()
    const ann = await visit()
    await ann.ask(sub('private-a', 'old'))
    questions[0]?.resolve(true)
    await ann.heard()
    const revoked = gateway.revoke({})
    await ann.ask(sub('private-a', 'new', 2))
    questions[1]?.resolve(false)
    questions[2]?.resolve(true)
    await revoked
    expect(await ann.heard()).toEqual([{ op: 'ok', id: 2, channel: 'private-a' }])
  })

  it.each([true, false, { allowed: true, expiresAt: 1_000 }])(
    'changes nothing when the client has left the channel, and come back, before there is an answer: %j',
    async (answer) => {
      const { visit, gateway, questions, hub, clock } = answering()
      const ann = await visit()
      await ann.ask(sub('private-a', 'old'))
      questions[0]?.resolve(true)
      await ann.heard()
      const revoked = gateway.revoke({})
      await ann.ask({ op: 'unsub', channel: 'private-a' }, sub('private-a', 'new', 2))
      questions[2]?.resolve(true)
      await ann.heard()
      questions[1]?.resolve(answer)
      await revoked
      clock.advance(2_000)
      expect(await ann.heard()).toEqual([])
      expect(ann.client.channels).toEqual(['private-a'])
      expect(hub.wheel.size).toBe(0)
    },
  )

  it('resolves when the client goes before there is an answer', async () => {
    const { visit, gateway, questions, hub, errors } = answering()
    const ann = await visit()
    await ann.ask(sub('private-a'))
    questions[0]?.resolve(true)
    await ann.heard()
    const revoked = gateway.revoke({})
    ann.conn.peerCloses()
    await revoked
    questions[1]?.resolve(true)
    await ann.heard()
    expect(hub.wheel.size).toBe(0)
    expect(errors).toEqual([])
  })

  it('may find a grant that ends', async () => {
    const { visit, gateway, questions, clock } = answering()
    const ann = await visit()
    await ann.ask(sub('private-a'))
    questions[0]?.resolve(true)
    await ann.heard()
    const revoked = gateway.revoke({})
    questions[1]?.resolve({ allowed: true, expiresAt: clock.now() + 10_000 })
    await revoked
    expect(gateway.explain(ann.client.id).now?.channels).toEqual([
      { channel: 'private-a', expiresAt: 10_000 },
    ])
    clock.advance(10_200)
    expect(await ann.heard()).toMatchObject([{ op: 'expiring' }, { op: 'unsub', code: 'expired' }])
  })
})
