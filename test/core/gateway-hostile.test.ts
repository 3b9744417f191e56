import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { testGateway, type TestGateway, type Visitor } from '../fakes/test-gateway.ts'

// Nothing that one client sends crashes anything, or costs another one a message.

const channel = fc.constantFrom(
  'orders',
  'private-room',
  'presence-room',
  'private-other',
  '',
  'a b',
  '__proto__',
  7,
)
const op = fc.constantFrom(
  'hello',
  'sub',
  'unsub',
  'pub',
  'call',
  'who',
  'ping',
  'pong',
  'bye',
  'msg',
  '__proto__',
  null,
)
const frame = fc.record(
  {
    op,
    id: fc.oneof(fc.integer(), fc.string({ maxLength: 80 }), fc.constant(null)),
    v: fc.constantFrom(1, 1, 1, 2),
    channel,
    event: fc.constantFrom('typing', 'fail', 'bye', '', 1),
    method: fc.constantFrom('fail', 'late', 'echo', 'toString', {}),
    auth: fc.oneof(fc.constantFrom('eve', ''), fc.jsonValue()),
    data: fc.jsonValue(),
    echo: fc.boolean(),
  },
  { requiredKeys: ['op'] },
)
const hostile = fc.oneof(
  frame.map((value) => JSON.stringify(value)),
  frame.map((value) => JSON.stringify(value).slice(0, -1)),
  fc.string({ unit: 'binary' }),
  fc.uint8Array({ maxLength: 50 }),
)

async function stage(): Promise<TestGateway & { ann: Visitor; ben: Visitor; eve: Visitor }> {
  const kit = testGateway()
  kit.gateway.on('fail', () => {
    throw new Error('the handler is broken')
  })
  kit.gateway.on('late', () => Promise.reject(new Error('the handler is broken, and slow')))
  kit.gateway.on('echo', (_client, { data }) => data)
  const [ann, ben, eve] = [await kit.visit(), await kit.visit(), await kit.visit()]
  for (const visitor of [ann, ben]) await visitor.ask({ op: 'sub', channel: 'private-room', auth: 'friend' })
  return { ...kit, ann, ben, eve }
}

describe('a hostile client', () => {
  it('costs nobody else a message, and breaks nothing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(hostile, { maxLength: 30 }), async (attack) => {
        const { hub, clock, errors, ann, ben, eve } = await stage()
        for (const [at, message] of attack.entries()) {
          eve.conn.says(message)
          ann.conn.says({ op: 'pub', id: at, channel: 'private-room', event: 'typing', data: at })
          ben.conn.says({ op: 'call', id: at, method: 'echo', data: at })
        }
        const [annHeard, benHeard] = [await ann.heard(), await ben.heard()]
        const all = attack.map((_message, at) => at)
        const fromAnn = { client: ann.client.id }
        expect(benHeard.filter((told) => isFrom(told, ann))).toEqual(
          all.map((data) => ({ op: 'msg', channel: 'private-room', event: 'typing', data, from: fromAnn })),
        )
        expect(benHeard.filter(isAnswer)).toEqual(all.map((at) => ({ op: 'ok', id: at, data: at })))
        expect(annHeard.filter(isAnswer)).toEqual(all.map((id) => ({ op: 'ok', id })))
        // Whatever went wrong was a handler of ours, at her request.
        for (const { where, client } of errors) expect([where, client]).toEqual(['handler', eve.client])
        for (const { conn } of [ann, ben]) expect(conn.open).toBe(true)
        for (const { conn } of [ann, ben, eve]) conn.peerCloses()
        await clock.settle()
        expect(hub.stats()).toMatchObject({
          clients: 0,
          channels: 0,
          subscriptions: 0,
          pendingAuthorizations: 0,
        })
        clock.advance(10_000)
        expect(clock.timers).toBe(0)
      }),
      { numRuns: 40 },
    )
  })

  it('is answered in JSON alone, and never with the text of an error of ours', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(hostile, { maxLength: 20 }), async (attack) => {
        const { eve } = await stage()
        for (const message of attack) eve.conn.says(message)
        for (const answer of await eve.raw()) {
          expect(typeof answer).toBe('string')
          expect(answer).not.toContain('the handler is broken')
          expect(typeof (JSON.parse(answer as string) as { op: unknown }).op).toBe('string')
        }
      }),
      { numRuns: 40 },
    )
  })
})

function isFrom(told: unknown, { client }: Visitor): boolean {
  return (told as { from?: { client: string } }).from?.client === client.id
}

function isAnswer(told: unknown): boolean {
  return (told as { id?: unknown }).id !== undefined
}
