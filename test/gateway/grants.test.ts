import type { Grant } from '@fanfare/core'
import { describe, expect, it } from 'vitest'

import {
  deferred,
  type Deferred,
  testGateway,
  type TestGateway,
  type Visitor,
} from '../fakes/test-gateway.ts'

const sub = (id: number | undefined, auth?: unknown, channel = 'private-a'): object => ({
  op: 'sub',
  id,
  channel,
  auth,
})
const unsub = { op: 'unsub', channel: 'private-a' }
const expired = { op: 'unsub', channel: 'private-a', code: 'expired' }
const unauthorized = { op: 'unsub', channel: 'private-a', code: 'unauthorized' }
const err = (id: number, code: string): object => ({
  op: 'err',
  id,
  code,
  channel: 'private-a',
  message: expect.any(String) as unknown,
})

/** Credentials are how long the grant is good, in milliseconds; anything else is denied. */
function lasting(): TestGateway {
  const kit: TestGateway = testGateway({
    hub: {
      authorizer: ({ credentials }) =>
        typeof credentials === 'number' && { allowed: true, expiresAt: kit.clock.now() + credentials },
    },
  })
  return kit
}

/** An authorizer that the test answers; the first question is answered at once. */
async function asked(): Promise<TestGateway & { ann: Visitor; questions: Deferred<Grant | boolean>[] }> {
  const questions: Deferred<Grant | boolean>[] = []
  let first = true
  const kit = testGateway({
    hub: {
      authorizer: () => {
        if (first) {
          first = false
          return true
        }
        const question = deferred<Grant | boolean>()
        questions.push(question)
        return question.promise
      },
    },
  })
  const ann = await kit.visit()
  await ann.ask(sub(1, 'old'))
  return { ...kit, ann, questions }
}

describe('a grant that ends', () => {
  it('is announced 30 s before, and takes the client out of that channel alone', async () => {
    const { clock, hub, visit } = lasting()
    const ann = await visit()
    await ann.ask(sub(1, 60_000), sub(2, undefined, 'orders'), sub(3, 600_000, 'private-b'))
    clock.advance(29_900)
    expect(await ann.heard()).toEqual([])
    clock.advance(200)
    expect(await ann.raw()).toEqual(['{"op":"expiring","channel":"private-a","in":30000}'])
    clock.advance(29_700)
    expect(await ann.heard()).toEqual([])
    clock.advance(300)
    expect(await ann.raw()).toEqual(['{"op":"unsub","channel":"private-a","code":"expired"}'])
    expect(ann.client.channels).toEqual(['orders', 'private-b'])
    expect(hub.channelCount('private-a')).toBe(0)
    expect(ann.conn.open).toBe(true)
  })

  it('and is short is announced at half its time', async () => {
    const { clock, visit } = lasting()
    const ann = await visit()
    await ann.ask(sub(1, 10_000))
    clock.advance(5_000)
    expect(await ann.heard()).toEqual([{ op: 'expiring', channel: 'private-a', in: 5_000 }])
    clock.advance(5_000)
    expect(await ann.heard()).toEqual([expired])
  })

  it.each([0, -1, Number.NaN])('before it begins is none: %j ms', async (ms) => {
    const { hub, visit } = testGateway({ hub: { authorizer: () => ({ allowed: true, expiresAt: ms }) } })
    const ann = await visit()
    expect(await ann.ask(sub(1))).toMatchObject([{ op: 'err', id: 1, code: 'unauthorized' }])
    expect(hub.channels()).toEqual([])
    expect(hub.wheel.size).toBe(0)
  })

  it('is known to the operator', async () => {
    const { gateway, visit } = lasting()
    const ann = await visit()
    await ann.ask(sub(1, 60_000), sub(2, undefined, 'orders'))
    expect(gateway.explain(ann.client.id).now?.channels).toEqual([
      { channel: 'orders', expiresAt: undefined },
      { channel: 'private-a', expiresAt: 60_000 },
    ])
  })

  it('tells those who watch why the client is out', async () => {
    const { gateway, clock, visit } = lasting()
    const why: unknown[] = []
    gateway.observe('unsubscribe', (client, event) => why.push([client.id, event.channel, event.why]))
    const ann = await visit()
    await ann.ask(sub(1, 1_000))
    clock.advance(1_100)
    await ann.heard()
    expect(why).toEqual([[ann.client.id, 'private-a', 'expired']])
  })

  it('ends at its time of day though the machine was suspended', async () => {
    const { clock, visit } = lasting()
    const ann = await visit()
    await ann.ask(sub(1, 3_600_000))
    clock.suspend(4_000_000)
    clock.advance(100)
    expect(await ann.heard()).toEqual([expired])
    expect(clock.timers).toBe(0)
  })

  it('is announced by the time of day', async () => {
    const { clock, visit } = lasting()
    const ann = await visit()
    await ann.ask(sub(1, 3_600_000))
    clock.suspend(3_580_000)
    clock.advance(100)
    expect(await ann.heard()).toEqual([{ op: 'expiring', channel: 'private-a', in: 19_900 }])
    clock.advance(19_900)
    expect(await ann.heard()).toEqual([expired])
  })

  it('ends in time though the process stood still', async () => {
    const { clock, visit } = lasting()
    const ann = await visit()
    await ann.ask(sub(1, 10_000))
    clock.block(20_000)
    expect(await ann.heard()).toEqual([expired])
  })

  it('ends at its time of day though the clock was set back', async () => {
    const { clock, visit } = lasting()
    const ann = await visit()
    clock.advance(100_000)
    await ann.ask(sub(1, 10_000))
    clock.suspend(-50_000)
    await ann.ask(sub(2, 5_000, 'private-b'))
    clock.advance(5_000)
    expect(await ann.heard()).toContainEqual({ op: 'unsub', channel: 'private-b', code: 'expired' })
    clock.advance(54_000)
    expect(await ann.heard()).toEqual([{ op: 'expiring', channel: 'private-a', in: 5_000 }])
    clock.advance(2_000)
    expect(await ann.heard()).toContainEqual(expired)
  })

  it.each<[string, (ann: Visitor) => void]>([
    ['the client unsubscribes', (ann) => ann.conn.says(unsub)],
    ['the client goes', (ann) => ann.conn.peerCloses()],
    ['the client is closed', (ann) => ann.client.close()],
  ])('leaves no timer behind when %s', async (_how, end) => {
    const { clock, visit } = lasting()
    const ann = await visit()
    await ann.ask(sub(1, 60_000))
    expect(clock.timers).toBe(1)
    end(ann)
    await ann.heard()
    clock.advance(70_000)
    expect(await ann.heard()).toEqual([])
    expect(clock.timers).toBe(0)
  })
})

describe('a renewal', () => {
  it('begins the time anew', async () => {
    const { clock, gateway, visit } = lasting()
    const ann = await visit()
    await ann.ask(sub(1, 60_000))
    clock.advance(30_000)
    expect(await ann.heard()).toEqual([{ op: 'expiring', channel: 'private-a', in: 30_000 }])
    expect(await ann.ask(sub(2, 90_000))).toEqual([{ op: 'ok', id: 2, channel: 'private-a' }])
    expect(gateway.explain(ann.client.id).now?.channels).toEqual([
      { channel: 'private-a', expiresAt: 120_000 },
    ])
    clock.advance(59_900)
    expect(await ann.heard()).toEqual([])
    clock.advance(100)
    expect(await ann.heard()).toEqual([{ op: 'expiring', channel: 'private-a', in: 30_000 }])
    clock.advance(30_100)
    expect(await ann.heard()).toEqual([expired])
  })

  it('may be for good', async () => {
    const { clock, hub, ann, questions } = await asked()
    await ann.ask(sub(2, 'short'))
    questions[0]?.resolve({ allowed: true, expiresAt: clock.now() + 1_000 })
    await ann.heard()
    await ann.ask(sub(3, 'long'))
    questions[1]?.resolve(true)
    await ann.heard()
    expect(hub.wheel.size).toBe(0)
    clock.advance(5_000)
    expect(await ann.heard()).toEqual([])
  })

  it.each<[string, string, (question: Deferred<Grant | boolean> | undefined) => void]>([
    ['denied', 'unauthorized', (question) => question?.resolve(false)],
    ['failing', 'internal', (question) => question?.reject(new Error('password: hunter2'))],
    ['of no time', 'unauthorized', (question) => question?.resolve({ allowed: true, expiresAt: -1 })],
  ])('that is %s ends the subscription, and it alone', async (_how, why, answer) => {
    const { hub, ann, questions } = await asked()
    await ann.ask(sub(undefined, undefined, 'orders'))
    await ann.ask(sub(2, 'new'))
    answer(questions[0])
    expect(await ann.heard()).toEqual([unauthorized, err(2, why)])
    expect(ann.client.channels).toEqual(['orders'])
    expect(hub.wheel.size).toBe(0)
  })

  it('that gets no answer in time is denied', async () => {
    const { clock, ann, errors } = await asked()
    await ann.ask(sub(2, 'new'))
    clock.advance(5_100)
    expect(await ann.heard()).toEqual([unauthorized, err(2, 'timeout')])
    expect(errors).toMatchObject([{ where: 'authorizer', error: { code: 'timeout' } }])
  })

  it('changes nothing until there is an answer', async () => {
    const { hub, ann, questions } = await asked()
    await ann.ask(sub(2, 'new'))
    hub.broadcast('private-a', '1')
    expect(await ann.heard()).toEqual([{ op: 'msg', channel: 'private-a', event: 'message', data: 1 }])
    questions[0]?.resolve(true)
    expect(await ann.heard()).toEqual([{ op: 'ok', id: 2, channel: 'private-a' }])
  })

  it.each([true, false, { allowed: true, expiresAt: 60_000 }])(
    'that was superseded by an unsubscribe changes nothing, whatever the answer: %j',
    async (answer) => {
      const { hub, ann, questions } = await asked()
      expect(await ann.ask(sub(2, 'new'), { ...unsub, id: 3 })).toEqual([
        { op: 'ok', id: 3, channel: 'private-a' },
      ])
      questions[0]?.resolve(answer)
      expect(await ann.heard()).toEqual([err(2, 'cancelled')])
      expect(hub.channels()).toEqual([])
      expect(hub.wheel.size).toBe(0)
    },
  )

  it.each([true, false])('that was superseded by another changes nothing: %j', async (answer) => {
    const { hub, ann, questions } = await asked()
    await ann.ask(sub(2, 'new'), sub(3, 'newer'))
    questions[1]?.resolve(true)
    expect(await ann.heard()).toEqual([{ op: 'ok', id: 3, channel: 'private-a' }])
    questions[0]?.resolve(answer)
    expect(await ann.heard()).toEqual([err(2, 'cancelled')])
    expect(ann.client.channels).toEqual(['private-a'])
    expect(hub.wheel.size).toBe(0)
  })

  it('does not touch a subscription that was begun anew meanwhile', async () => {
    const { ann, questions } = await asked()
    await ann.ask(sub(2, 'new'), unsub, sub(4, 'again'))
    questions[1]?.resolve(true)
    await ann.heard()
    questions[0]?.resolve(false)
    expect(await ann.heard()).toEqual([err(2, 'cancelled')])
    expect(ann.client.channels).toEqual(['private-a'])
  })

  it('leaves nothing behind when the client goes before there is an answer', async () => {
    const { hub, ann, questions, errors } = await asked()
    await ann.ask(sub(2, 'new'))
    ann.conn.peerCloses()
    await ann.heard()
    expect(hub.wheel.size).toBe(0)
    questions[0]?.resolve({ allowed: true, expiresAt: 60_000 })
    await ann.heard()
    expect(hub.wheel.size).toBe(0)
    expect(hub.stats().pendingAuthorizations).toBe(0)
    expect(errors).toEqual([])
  })

  it('is bounded like any other question about a client', async () => {
    const { ann, questions } = await asked()
    const answers = await ann.ask(...Array.from({ length: 17 }, (_, at) => sub(at + 2, `new ${String(at)}`)))
    expect(questions).toHaveLength(16)
    // It is a matter of time.
    expect(answers).toEqual([{ ...err(18, 'limit'), after: 250 }])
    expect(ann.client.channels).toEqual(['private-a'])
  })

  it('needs fresh credentials: without them nobody is asked', async () => {
    const { ann, questions } = await asked()
    expect(await ann.ask(sub(2))).toEqual([{ op: 'ok', id: 2, channel: 'private-a' }])
    expect(questions).toHaveLength(0)
  })

  it('of a public channel asks nobody', async () => {
    const { ann, questions } = await asked()
    await ann.ask(sub(2, undefined, 'orders'))
    expect(await ann.ask(sub(3, 'x', 'orders'))).toEqual([{ op: 'ok', id: 3, channel: 'orders' }])
    expect(questions).toHaveLength(0)
  })
})
