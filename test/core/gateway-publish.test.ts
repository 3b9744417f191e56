import fc from 'fast-check'
import { ClientError, FanfareError, native, plain } from '@fanfare/core'
import { describe, expect, it } from 'vitest'

import { ScriptedRelay } from '../fakes/scripted-relay.ts'
import { testGateway, type TestGateway, type Visitor } from '../fakes/test-gateway.ts'

/** A gateway, and clients that are in `private-room`. */
async function room(count: number): Promise<TestGateway & { members: Visitor[] }> {
  const kit = testGateway({ protocols: { '/': native(), '/plain': plain() } })
  const members: Visitor[] = []
  for (let at = 0; at < count; at++) {
    const member = await kit.visit()
    await member.ask({ op: 'sub', channel: 'private-room', auth: `member ${String(at)}` })
    members.push(member)
  }
  return { ...kit, members }
}

const pub = (more: object = {}): object => ({ op: 'pub', channel: 'private-room', event: 'typing', ...more })

describe('what a client publishes', () => {
  it('goes to the others in the channel, and says whose it is', async () => {
    const { members, visit } = await room(3)
    const [ann, ben, cat] = members as [Visitor, Visitor, Visitor]
    const stranger = await visit()
    expect(await ann.ask(pub({ id: 1, data: { on: true } }))).toEqual([{ op: 'ok', id: 1 }])
    const frame = {
      op: 'msg',
      channel: 'private-room',
      event: 'typing',
      data: { on: true },
      from: { client: ann.client.id },
    }
    expect(await ben.heard()).toEqual([frame])
    expect(await cat.heard()).toEqual([frame])
    expect(await stranger.heard()).toEqual([])
  })

  it('comes back to it too if it wants an echo, before the answer', async () => {
    const { members } = await room(1)
    const [ann] = members as [Visitor]
    expect(await ann.ask(pub({ id: 1, echo: true }))).toEqual([
      expect.objectContaining({ op: 'msg', data: null, from: { client: ann.client.id } }),
      { op: 'ok', id: 1 },
    ])
    expect(await ann.ask(pub({ echo: 1 }), pub())).toEqual([])
  })

  it('cannot pretend to come from somebody else, or to be something else', async () => {
    const { members } = await room(2)
    const [ann, ben] = members as [Visitor, Visitor]
    await ann.ask(
      pub({ event: 'bye', data: '"},{', from: { client: '1.9', user: 'root' }, except: [ben.client.id] }),
    )
    await ann.ask('{"op":"pub","channel":"private-room","event":"\\",\\"op\\":\\"bye","data":{"op":"bye"}}')
    const from = { client: ann.client.id }
    expect(await ben.heard()).toEqual([
      { op: 'msg', channel: 'private-room', event: 'bye', data: '"},{', from },
      { op: 'msg', channel: 'private-room', event: '","op":"bye', data: { op: 'bye' }, from },
    ])
  })

  it.each(['1.0', '1e5', '{"a" :  [1.50,-0,1E+2],"a":"\\u00e9\\/" }', '"\\ud800"', '[ ]', '-0'])(
    'arrives byte for byte as it was written: %s',
    async (data) => {
      const { members } = await room(2)
      const [ann, ben] = members as [Visitor, Visitor]
      ann.conn.says(`{"op":"pub","channel":"private-room","event":"e","data": ${data} }`)
      const from = `"from":{"client":"${ann.client.id}"}`
      expect(await ben.raw()).toEqual([
        `{"op":"msg","channel":"private-room","event":"e","data":${data},${from}}`,
      ])
    },
  )

  it('arrives byte for byte, whatever JSON it is', async () => {
    const { members } = await room(2)
    const [ann, ben] = members as [Visitor, Visitor]
    await fc.assert(
      fc.asyncProperty(fc.json({ maxDepth: 6 }), async (data) => {
        ann.conn.says(`{"op":"pub","channel":"private-room","event":"e","data":${data}}`)
        expect(await ben.raw()).toEqual([expect.stringContaining(`"data":${data},"from"`)])
      }),
      { numRuns: 50 },
    )
  })

  it('reaches those who speak plain as the payload alone', async () => {
    const { members, visit, hub } = await room(1)
    const [ann] = members as [Visitor]
    const other = await visit({ path: '/plain' })
    const joined = hub.subscribe(other.client, 'private-room', { credentials: 'other' })
    await other.heard()
    await joined
    ann.conn.says('{"op":"pub","channel":"private-room","event":"e","data":{"n": 1.0}}')
    expect(await other.raw()).toEqual(['{"n": 1.0}'])
  })

  it.each<[string, object, object]>([
    [
      'to a channel it is not in',
      { channel: 'private-other' },
      { code: 'not-subscribed', channel: 'private-other' },
    ],
    ['to a channel nobody is in', { channel: 'no such' }, { code: 'not-subscribed', channel: 'no such' }],
    ['to a public channel', { channel: 'orders' }, { code: 'forbidden', channel: 'orders' }],
  ])('%s is refused, with an id or without', async (_what, more, expected) => {
    const { members, errors } = await room(2)
    const [ann, ben] = members as [Visitor, Visitor]
    for (const { ask } of [ann, ben]) await ask({ op: 'sub', channel: 'orders' })
    expect(await ann.ask(pub({ id: 1, ...more }), pub(more))).toEqual([
      { op: 'err', id: 1, message: expect.any(String), ...expected },
      { op: 'err', message: expect.any(String), ...expected },
    ])
    expect(await ben.heard()).toEqual([])
    expect(errors).toEqual([])
  })

  it('has to wait until it is subscribed: a subscribe is not waited for', async () => {
    const { visit } = testGateway()
    const ann = await visit()
    const answers = await ann.ask({ op: 'sub', id: 1, channel: 'private-room', auth: 'ann' }, pub({ id: 2 }))
    expect(answers).toContainEqual({ op: 'ok', id: 1, channel: 'private-room' })
    expect(answers).toContainEqual(expect.objectContaining({ op: 'err', id: 2, code: 'not-subscribed' }))
    expect(await ann.ask(pub({ id: 3 }))).toEqual([{ op: 'ok', id: 3 }])
  })
})

describe('what a client publishes, when the application handles it', () => {
  it('goes to the handler and to nobody else', async () => {
    const { gateway, members } = await room(2)
    const [ann, ben] = members as [Visitor, Visitor]
    const seen: unknown[] = []
    gateway.on('typing', ({ id }, { event, channel, text }) => {
      seen.push({ id, event, channel, text })
      return 'seen'
    })
    expect(await ann.ask(pub({ id: 1, data: 1 }))).toEqual([{ op: 'ok', id: 1, data: 'seen' }])
    expect(seen).toEqual([{ id: ann.client.id, event: 'typing', channel: 'private-room', text: '1' }])
    expect(await ben.heard()).toEqual([])
    expect(await ann.ask(pub({ event: 'other' }))).toEqual([])
    expect(await ben.heard()).toEqual([expect.objectContaining({ op: 'msg', event: 'other' })])
  })

  it('may be to a public channel, but only from a subscriber', async () => {
    const { gateway, visit } = testGateway()
    gateway.on('vote', (_client, { channel }) => channel)
    const ann = await visit()
    const vote = { op: 'pub', channel: 'poll', event: 'vote' }
    expect(await ann.ask({ ...vote, id: 1 })).toEqual([
      expect.objectContaining({ op: 'err', id: 1, code: 'not-subscribed', channel: 'poll' }),
    ])
    await ann.ask({ op: 'sub', channel: 'poll' })
    expect(await ann.ask({ ...vote, id: 2 })).toEqual([{ op: 'ok', id: 2, data: 'poll' }])
  })

  it('goes to the catch-all rather than to the others', async () => {
    const { gateway, members } = await room(2)
    const [ann, ben] = members as [Visitor, Visitor]
    gateway.onMessage(() => 'caught')
    expect(await ann.ask(pub({ id: 1 }))).toEqual([{ op: 'ok', id: 1, data: 'caught' }])
    expect(await ben.heard()).toEqual([])
  })

  it('is refused with the channel it was for', async () => {
    const { gateway, members } = await room(1)
    const [ann] = members as [Visitor]
    gateway.on('typing', () => Promise.reject(new ClientError('rate', 'slow down')))
    expect(await ann.ask(pub({ id: 1 }))).toEqual([
      { op: 'err', id: 1, code: 'rate', channel: 'private-room', message: 'slow down' },
    ])
  })

  it('can be passed on by the handler, as it came', async () => {
    const { gateway, hub, members } = await room(2)
    const [ann, ben] = members as [Visitor, Visitor]
    gateway.on('typing', ({ id }, { event, channel, text }) =>
      hub.publish({ channel: channel ?? '', event, data: text, except: [id], from: { client: id } }),
    )
    ann.conn.says('{"op":"pub","channel":"private-room","event":"typing","data":1.0}')
    expect(await ben.raw()).toEqual([expect.stringContaining('"data":1.0,')])
  })
})

describe('what a client publishes, through a relay', () => {
  it('is answered once the relay has it, and comes back by deliver', async () => {
    const { hub, members } = await room(2)
    const [ann, ben] = members as [Visitor, Visitor]
    const relay = new ScriptedRelay()
    hub.attach(relay)
    expect(await ann.ask(pub({ id: 1, data: 1 }))).toEqual([])
    expect(relay.published).toEqual([
      {
        channel: 'private-room',
        event: 'typing',
        data: '1',
        except: [ann.client.id],
        from: { client: ann.client.id },
      },
    ])
    relay.succeed('publish private-room')
    expect(await ann.heard()).toEqual([{ op: 'ok', id: 1 }])
    expect(await ben.heard()).toEqual([])
    for (const message of relay.published) hub.deliver(message)
    expect(await ben.heard()).toEqual([expect.objectContaining({ op: 'msg', data: 1 })])
    expect(await ann.heard()).toEqual([])
  })

  it('that fails is internal to the client, with an id or without, and an error to the operator', async () => {
    const { hub, errors, members } = await room(1)
    const [ann] = members as [Visitor]
    const relay = new ScriptedRelay()
    hub.attach(relay)
    await ann.ask(pub({ id: 1 }))
    relay.fail('publish private-room', new Error('redis://user:hunter2@bus'))
    expect(await ann.heard()).toEqual([
      { op: 'err', id: 1, code: 'internal', channel: 'private-room', message: 'something went wrong here' },
    ])
    const error = new Error('redis://user:hunter2@bus')
    expect(errors).toEqual([{ error, where: 'relay', channel: 'private-room', client: ann.client }])
    expect(await ann.ask({ op: 'ping', id: 2 })).toEqual([{ op: 'pong', id: 2 }])
  })
})

describe('what a client publishes while the bus gives no answer', () => {
  async function silentBus(): Promise<{
    kit: Awaited<ReturnType<typeof room>>
    relay: ScriptedRelay
    ann: Visitor
  }> {
    const kit = await room(1)
    const relay = new ScriptedRelay()
    kit.hub.attach(relay)
    return { kit, relay, ann: kit.members[0] as Visitor }
  }

  it('keeps nothing else waiting, and keeps its order', async () => {
    const { kit, relay, ann } = await silentBus()
    kit.gateway.on('time', () => 12)
    const published = Array.from({ length: 40 }, (_, data) => pub({ id: data, data }))
    expect(await ann.ask(...published, { op: 'call', id: 'c', method: 'time' })).toEqual([
      { op: 'ok', id: 'c', data: 12 },
    ])
    expect(relay.published.map(({ data }) => Number(data))).toEqual(Array.from({ length: 40 }, (_, n) => n))
    relay.succeed('publish private-room')
    expect(await ann.heard()).toEqual([{ op: 'ok', id: 0 }])
    expect(ann.conn.open).toBe(true)
  })

  it('is bounded: beyond 1 MiB it is refused, and the client stays', async () => {
    const { kit, relay, ann } = await silentBus()
    const large = pub({ data: 'x'.repeat(250_000) })
    expect(await ann.ask(...Array.from({ length: 5 }, () => large))).toEqual([])
    expect(await ann.ask({ ...large, id: 6 })).toEqual([expect.objectContaining({ id: 6, code: 'rate' })])
    expect(relay.published).toHaveLength(5)
    expect(kit.hub.budgets.inbound.used).toBeGreaterThan(1_250_000)
    for (let n = 0; n < 5; n++) relay.succeed('publish private-room')
    expect(await ann.ask({ op: 'ping', id: 7 })).toEqual([{ op: 'pong', id: 7 }])
    kit.clock.advance(1_100)
    expect(kit.hub.budgets.inbound.used).toBe(0)
    expect(await ann.ask({ ...large, id: 8 })).toEqual([])
    expect(ann.conn.open).toBe(true)
  })

  it.each(['refused', 'unknown'])(
    'is answered local-only when the outcome is %s: those who are here have it',
    async (code) => {
      const { kit, relay, ann } = await silentBus()
      await ann.ask(pub({ id: 1 }), pub({ id: 2 }))
      const error = new FanfareError(code, 'no bus')
      for (let n = 0; n < 2; n++) relay.fail('publish private-room', error)
      expect(await ann.heard()).toEqual(
        [1, 2].map((id) => ({
          op: 'err',
          id,
          code: 'local-only',
          channel: 'private-room',
          message: LOCAL_ONLY,
        })),
      )
      expect(kit.errors).toEqual([{ error, where: 'relay', channel: 'private-room' }])
      expect(kit.gateway.stats().refusals).toEqual({ 'local-only': 2 })
      expect(kit.gateway.explain(ann.client.id).history.map(({ what }) => what)).not.toContain('refused')
    },
  )

  it('is inside its middleware, which does not wait for the bus either', async () => {
    const { kit, relay, ann } = await silentBus()
    const steps: string[] = []
    kit.gateway.use(
      async (_context, next) => {
        await next()
        steps.push('after')
      },
      ['publish'],
    )
    expect(await ann.ask(pub({ id: 1 }), pub({ id: 2 }))).toEqual([])
    expect(steps).toEqual(['after', 'after'])
    relay.succeed('publish private-room')
    relay.succeed('publish private-room')
    expect(await ann.heard()).toEqual([1, 2].map((id) => ({ op: 'ok', id })))
  })
})

const LOCAL_ONLY = 'delivered by this node alone: it has lost the others'
