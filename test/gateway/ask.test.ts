import type { Contract } from '@fanfare/core'
import { describe, expect, it } from 'vitest'

import { call, deferred, type TestGateway, testGateway, type Visitor } from '../fakes/test-gateway.ts'

const answer = (id: unknown, data?: unknown, error?: string): object => ({ op: 'answer', id, data, error })

async function met(
  contract?: Contract,
): Promise<TestGateway & { ann: Visitor; ask(question?: string, timeoutMs?: number): Promise<unknown> }> {
  const kit = testGateway({ contract })
  const ann = await kit.visit()
  const ask = async (question = 'sure', timeoutMs = 10_000): Promise<unknown> =>
    kit.gateway.client(ann.client.id)?.ask(question, { n: 1 }, { timeoutMs })
  return { ...kit, ann, ask }
}

/** Listens before anything happens, to be awaited afterwards. */
async function rejected(promise: Promise<unknown>, error: object): Promise<void> {
  await expect(promise).rejects.toMatchObject(error)
}

describe('a question to a client', () => {
  it('is put and answered under its own number', async () => {
    const { ann, ask, hub } = await met()
    const [first, second] = [ask('sure'), ask('really')]
    expect(await ann.raw()).toEqual([
      '{"op":"ask","id":1,"method":"sure","data":{"n":1}}',
      '{"op":"ask","id":2,"method":"really","data":{"n":1}}',
    ])
    expect(await ann.ask(answer(2, { yes: 2 }), answer(1, [1]))).toEqual([])
    expect(await Promise.all([first, second])).toEqual([[1], { yes: 2 }])
    expect(hub.wheel.size).toBe(0)
  })

  it('may be answered with nothing', async () => {
    const { ann, ask } = await met()
    const asked = ask()
    await ann.ask({ op: 'answer', id: 1 })
    expect(await asked).toBeNull()
  })

  it.each<[string, unknown, object]>([
    ['an error', answer(1, undefined, 'no way'), { code: 'answer-error', message: 'no way' }],
    ['an error and data', answer(1, 5, 'no way'), { code: 'answer-error', message: 'no way' }],
    ['no JSON', '{"op":"answer","id":1,"data":nope}', { code: 'bad-frame' }],
  ])('is rejected that was answered with %s', async (_what, said, error) => {
    const { ann, ask, errors } = await met()
    const asked = rejected(ask(), error)
    await ann.ask(said)
    await asked
    expect(ann.conn.open).toBe(true)
    expect(errors).toEqual([])
  })

  it('is rejected that was not answered in time; what comes later is answered by nobody', async () => {
    const { ann, ask, clock, hub } = await met()
    const asked = rejected(ask('sure', 2_000), { code: 'timeout' })
    await ann.heard()
    clock.advance(2_100)
    await asked
    expect(await ann.ask(answer(1, 'late'))).toEqual([
      { op: 'err', id: 1, code: 'not-found', message: 'there is no such question' },
    ])
    expect(hub.wheel.size).toBe(0)
  })

  it.each<[string, (kit: { ann: Visitor }) => void]>([
    ['goes', ({ ann }) => ann.conn.peerCloses()],
    ['is closed', ({ ann }) => ann.client.close()],
  ])('is rejected when the client %s', async (_how, end) => {
    const { ann, ask, hub } = await met()
    const asked = rejected(ask(), { code: 'cancelled' })
    await ann.heard()
    end({ ann })
    await asked
    await ann.heard()
    expect(hub.wheel.size).toBe(0)
  })

  it('is rejected at once when the client is gone, or going', async () => {
    const { gateway, ann, hub } = await met()
    const face = gateway.client(ann.client.id)
    let early: Promise<unknown> | undefined
    gateway.observe('subscribe', (client) => {
      client.close()
      early = rejected(client.ask('sure', 1), { code: 'cancelled' })
    })
    await ann.ask({ op: 'sub', channel: 'orders' })
    await early
    await expect(face?.ask('sure', 1)).rejects.toMatchObject({ code: 'cancelled' })
    expect(hub.wheel.size).toBe(0)
  })

  it('is one of 64 at most', async () => {
    const { ann, ask } = await met()
    const asked = Array.from({ length: 64 }, () => ask())
    await rejected(ask(), { code: 'limit' })
    expect(await ann.heard()).toHaveLength(64)
    await ann.ask(answer(1, 'done'))
    expect(await asked[0]).toBe('done')
    const more = ask()
    expect(await ann.heard()).toMatchObject([{ op: 'ask', id: 65 }])
    await ann.ask(answer(65, 'more'))
    expect(await more).toBe('more')
    const rest = Promise.allSettled(asked)
    ann.conn.peerCloses()
    expect((await rest).filter(({ status }) => status === 'rejected')).toHaveLength(63)
  })

  it('is answered once, and only by whom it was put to', async () => {
    const { ann, ask, visit } = await met()
    const ben = await visit()
    const asked = ask()
    await ann.heard()
    const nobody = { op: 'err', id: 1, code: 'not-found', message: 'there is no such question' }
    expect(await ben.ask(answer(1, 'ben'))).toEqual([nobody])
    expect(await ann.ask(answer('1', 'text'), answer(1, 'ann'), answer(1, 'again'))).toEqual([
      { ...nobody, id: '1' },
      nobody,
    ])
    expect(await asked).toBe('ann')
  })

  it('may be put by the handler that the client is waiting for', async () => {
    const { gateway, ann } = await met()
    gateway.on('ship', async (client) => ({ confirmed: await client.ask('sure', 1) }))
    expect(await ann.ask(call('x' as unknown as number, 'ship'), call(2, 'ship'))).toEqual([
      { op: 'ask', id: 1, method: 'sure', data: 1 },
    ])
    expect(await ann.ask(answer(1, true))).toEqual([
      { op: 'ok', id: 'x', data: { confirmed: true } },
      { op: 'ask', id: 2, method: 'sure', data: 1 },
    ])
    expect(await ann.ask(answer(2, false))).toEqual([{ op: 'ok', id: 2, data: { confirmed: false } }])
  })

  it('leaks nothing of its answer when the handler does not catch it', async () => {
    const { gateway, ann } = await met()
    gateway.on('ship', (client) => client.ask('sure', 1))
    await ann.ask(call(1, 'ship'))
    expect(await ann.ask(answer(1, undefined, 'no'))).toEqual([
      { op: 'err', id: 1, code: 'internal', message: 'something went wrong here' },
    ])
  })
})

describe('a question under a contract', () => {
  it.each<[string, boolean]>([
    ['at once', false],
    ['later', true],
  ])('has its answer validated %s', async (_when, later) => {
    const reply = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value: unknown) => {
          const result =
            value === true ? { value: 'yes' } : { issues: [{ message: 'no boolean', path: ['deep', 0] }] }
          return later ? Promise.resolve(result) : result
        },
      },
    } as const
    const { ann, ask } = await met({ questions: { sure: { reply } } })
    const asked = ask()
    const wrong = rejected(ask(), { code: 'invalid', message: 'deep.0: no boolean' })
    await ann.ask(answer(1, true), answer(2, 'x'))
    expect(await asked).toBe('yes')
    await wrong
  })
})

describe('a slow handler', () => {
  it('does not keep pings, pongs and answers waiting', async () => {
    const work = deferred<string>()
    const { gateway, ann, ask } = await met()
    gateway.on('work', () => work.promise)
    await ann.ask(call(1, 'work'))
    const asked = ask()
    expect(await ann.ask({ op: 'ping', id: 2 }, { op: 'pong' }, answer(1, 'yes'))).toEqual([
      { op: 'ask', id: 1, method: 'sure', data: { n: 1 } },
      { op: 'pong', id: 2 },
    ])
    expect(await asked).toBe('yes')
    work.resolve('done')
    expect(await ann.heard()).toEqual([{ op: 'ok', id: 1, data: 'done' }])
  })

  it('takes no room from them: the inbox may be full', async () => {
    const { gateway, ann } = await met()
    gateway.on('work', () => new Promise(() => {}))
    for (let n = 0; n <= 256; n++) ann.conn.says(call(undefined, 'work'))
    expect(await ann.ask({ op: 'ping', id: 1 })).toEqual([{ op: 'pong', id: 1 }])
    expect(await ann.ask(call(undefined, 'work'))).toMatchObject([{ op: 'bye', code: 'rate' }])
  })

  it('leaves no timer behind when its client goes, and is not waited for', async () => {
    const work = deferred<string>()
    const { gateway, ann, hub, errors } = await met()
    gateway.on('work', () => work.promise)
    await ann.ask(call(1, 'work'))
    expect(hub.wheel.size).toBe(1)
    ann.conn.peerCloses()
    await ann.heard()
    expect(hub.wheel.size).toBe(0)
    work.reject(new Error('late'))
    await ann.heard()
    expect(errors).toEqual([{ error: new Error('late'), where: 'handler', client: ann.client }])
  })

  it('that fails after its time is still told to the operator', async () => {
    const work = deferred<string>()
    const { gateway, ann, clock, errors } = await met()
    gateway.on('work', () => work.promise)
    await ann.ask(call(1, 'work'))
    clock.advance(30_100)
    expect(await ann.heard()).toEqual([
      { op: 'err', id: 1, code: 'timeout', message: 'there was no answer in time' },
    ])
    work.reject(new Error('late'))
    expect(await ann.heard()).toEqual([])
    expect(errors).toEqual([{ error: new Error('late'), where: 'handler', client: ann.client }])
  })

  it('may return what only looks like a promise', async () => {
    const { gateway, ann, errors } = await met()
    // oxlint-disable-next-line unicorn/no-thenable -- this is what it is about
    gateway.on('work', () => ({ then: () => explode() }))
    expect(await ann.ask(call(1, 'work'), call(2, 'nothing'))).toMatchObject([
      { op: 'err', id: 1, code: 'internal' },
      { op: 'err', id: 2, code: 'unknown' },
    ])
    expect(errors).toHaveLength(1)
  })
})

function explode(): never {
  throw new Error('password: hunter2')
}
