import {
  type Authorizer,
  type AuthorizeRequest,
  type Grant,
  OptionError,
  UnauthorizedError,
} from '@fanfare/core'
import { testHub } from '@fanfare/core/testing'
import { describe, expect, it } from 'vitest'

import { outspoken } from '../fakes/outspoken.ts'

describe('who may join a private or presence channel', () => {
  it('is nobody, without an authorizer', async () => {
    const { hub, connect, reported } = testHub()
    const { client } = connect({ auth: 'anything' })
    for (const channel of ['private-a', 'presence-a']) {
      const outcome = hub.subscribe(client, channel)
      await expect(outcome).rejects.toThrow(UnauthorizedError)
      await expect(outcome).rejects.toMatchObject({ code: 'unauthorized', channel })
    }
    expect(hub.channels()).toEqual([])
    expect(reported).toEqual([])
  })

  it.each<[string, Authorizer]>([
    ['a function', () => true],
    ['an async function', async () => Promise.resolve(true)],
    ['an object', { authorize: () => ({ allowed: true }) }],
    ['an object with an async method', { authorize: async () => Promise.resolve({ allowed: true }) }],
  ])('may be decided by %s', async (_what, authorizer) => {
    const { hub, connect } = testHub({ authorizer })
    const { client } = connect()
    await hub.subscribe(client, 'private-a')
    await hub.subscribe(client, 'presence-a')
    expect(client.channels).toEqual(['private-a', 'presence-a'])
  })

  it('may be decided by an object that needs its `this`', async () => {
    class Gatekeeper {
      readonly #secret = 'sesame'
      authorize({ auth }: AuthorizeRequest): boolean {
        return auth === this.#secret
      }
    }
    const { hub, connect } = testHub({ authorizer: new Gatekeeper() })
    await hub.subscribe(connect({ auth: 'sesame' }).client, 'private-a')
    await expect(hub.subscribe(connect({ auth: 'sesam' }).client, 'private-a')).rejects.toThrow(
      UnauthorizedError,
    )
    expect(hub.channelCount('private-a')).toBe(1)
  })

  it.each<[string, Authorizer]>([
    ['false', () => false],
    ['{ allowed: false }', () => ({ allowed: false, member: { id: 'ann' } })],
    ['a promise of false', async () => Promise.resolve(false)],
  ])('is not a client of whom the authorizer says %s', async (_what, authorizer) => {
    const { hub, clock, connect, reported } = testHub({ authorizer })
    const { client, conn } = connect()
    await expect(hub.subscribe(client, 'presence-a')).rejects.toThrow(UnauthorizedError)
    hub.broadcast('presence-a', 'secret')
    clock.turn()
    expect(conn.received).toEqual([])
    expect(hub.presence('presence-a')).toBeUndefined()
    expect(reported).toEqual([])
  })

  it.each<[string, () => unknown, string | RegExp]>([
    [
      'throws',
      () => {
        throw new Error('database down')
      },
      'database down',
    ],
    ['rejects', async () => Promise.reject(new Error('database down')), 'database down'],
    ['returns nothing', () => undefined, /neither a boolean nor/],
    ['returns null', () => null, /neither a boolean nor/],
    ['returns a truthy string', () => 'yes', /neither a boolean nor/],
    ['returns a number', () => 1, /neither a boolean nor/],
    ['returns an object without a decision', () => ({ member: { id: 'ann' } }), /neither a boolean nor/],
    ['decides with a string', () => ({ allowed: 'true' }), /neither a boolean nor/],
  ])('is nobody when the authorizer %s: the operator is told why', async (_what, authorizer, message) => {
    const { hub, connect } = testHub({ authorizer: authorizer as Authorizer })
    const errors: unknown[] = []
    hub.on('error', (event) => errors.push(event))
    const { client } = connect()
    const outcome = hub.subscribe(client, 'private-a')
    await expect(outcome).rejects.toThrow(UnauthorizedError)
    await expect(outcome).rejects.toMatchObject({
      cause: expect.objectContaining({ message: expect.stringMatching(message) }),
    })
    expect(errors).toEqual([{ error: expect.any(Error), where: 'authorizer', channel: 'private-a' }])
    expect(hub.channels()).toEqual([])
  })

  it('is decided anew for each channel and each time', async () => {
    const asked: string[] = []
    const { hub, connect } = testHub({
      authorizer: ({ channel }) => {
        asked.push(channel)
        return true
      },
    })
    const { client } = connect()
    await hub.subscribe(client, 'private-a')
    await hub.subscribe(client, 'private-a')
    await hub.subscribe(client, 'private-b')
    hub.unsubscribe(client, 'private-a')
    await hub.subscribe(client, 'private-a')
    expect(asked).toEqual(['private-a', 'private-b', 'private-a'])
  })

  it('is not asked of public channels', async () => {
    const { hub, connect } = testHub({ authorizer: () => false })
    const { client } = connect()
    await hub.subscribe(client, 'orders')
    await hub.subscribe(client, 'privateer')
    expect(client.channels).toEqual(['orders', 'privateer'])
  })

  it('may be decided by an authorizer that is given later, once', async () => {
    const { hub, connect } = testHub()
    const { client } = connect()
    await expect(hub.subscribe(client, 'private-a')).rejects.toThrow(UnauthorizedError)
    hub.authorizeWith(() => true)
    await hub.subscribe(client, 'private-a')
    expect(client.channels).toEqual(['private-a'])
    expect(() => hub.authorizeWith(() => false)).toThrow(
      expect.objectContaining({ code: 'authorizer-given' }),
    )
  })

  it('must be given as a function or an object with the method', () => {
    for (const authorizer of ['yes', {}, 7]) {
      expect(() => testHub({ authorizer: authorizer as never })).toThrow(OptionError)
    }
  })
})

describe('the request', () => {
  it('says which channel, of what type, which client, and what both sides brought', async () => {
    const requests: AuthorizeRequest[] = []
    const { hub, connect } = testHub({
      authorizer: (request) => {
        requests.push(request)
        return true
      },
    })
    const auth = { user: 7 }
    const { client } = connect({ auth })
    await hub.subscribe(client, 'private-a', { credentials: 'token' })
    await hub.subscribe(client, 'presence-b')
    expect(requests).toHaveLength(2)
    expect(requests[0]).toMatchObject({ channel: 'private-a', type: 'private', credentials: 'token' })
    expect(requests[1]).toMatchObject({ channel: 'presence-b', type: 'presence', credentials: undefined })
    expect(requests[0]!.auth).toBe(auth)
    expect(requests[1]!.client.id).toBe(client.id)
    expect(requests[1]!.client.channels).toEqual(['private-a', 'presence-b'])
  })
})

/** An authorizer whose answers the test gives, one by one. */
function patientHub(options: Parameters<typeof testHub>[0] = {}) {
  const asked: { channel: string; credentials: unknown; answer: (grant: Grant | boolean) => void }[] = []
  const kit = testHub({
    authorizer: ({ channel, credentials }) =>
      new Promise((resolve) => asked.push({ channel, credentials, answer: resolve })),
    ...options,
  })
  return { ...kit, asked }
}

/** What became of a promise: `pending`, `done`, or the code of its error. */
function outcomeOf(promise: Promise<void>): { now: string } {
  const outcome = { now: 'pending' }
  promise.then(
    () => (outcome.now = 'done'),
    (error: { code: string }) => (outcome.now = error.code),
  )
  return outcome
}

describe('an authorizer that takes its time', () => {
  it('keeps the client out until it has answered', async () => {
    const { hub, clock, connect, asked } = patientHub()
    const { client, conn } = connect({ protocol: outspoken() })
    const outcome = outcomeOf(hub.subscribe(client, 'private-a'))
    hub.broadcast('private-a', 'too early')
    await clock.settle()
    expect(outcome.now).toBe('pending')
    expect(hub.stats().pendingAuthorizations).toBe(1)
    asked[0]!.answer(true)
    await clock.settle()
    expect(outcome.now).toBe('done')
    hub.broadcast('private-a', 'in time')
    clock.turn()
    expect(conn.received).toEqual(['ok private-a', 'in time'])
    expect(hub.stats().pendingAuthorizations).toBe(0)
    expect(clock.timers).toBe(0)
  })

  it('is a denial after 5 s, and what it says later changes nothing', async () => {
    const { hub, clock, connect, asked } = patientHub()
    const errors: unknown[] = []
    hub.on('error', ({ error }) => errors.push(error))
    const { client } = connect()
    const outcome = outcomeOf(hub.subscribe(client, 'private-a'))
    clock.advance(4_900)
    await clock.settle()
    expect(outcome.now).toBe('pending')
    clock.advance(200)
    await clock.settle()
    expect(outcome.now).toBe('unauthorized')
    expect(errors).toEqual([expect.objectContaining({ code: 'timeout' })])
    asked[0]!.answer(true)
    await clock.settle()
    expect(hub.channels()).toEqual([])
    expect(clock.timers).toBe(0)
  })

  it('is not late because the process stood still while its answer was on the way', async () => {
    const { hub, clock, connect, asked } = patientHub()
    const outcome = outcomeOf(hub.subscribe(connect().client, 'private-a'))
    for (let piece = 0; piece < 6; piece++) clock.block(1_200)
    asked[0]!.answer(true)
    await clock.settle()
    expect(outcome.now).toBe('done')
  })

  it('may be given another limit', async () => {
    const { hub, clock, connect } = patientHub({ authorization: { timeoutMs: 300 } })
    hub.on('error', () => {})
    const outcome = outcomeOf(hub.subscribe(connect().client, 'private-a'))
    clock.advance(200)
    await clock.settle()
    expect(outcome.now).toBe('pending')
    clock.advance(200)
    await clock.settle()
    expect(outcome.now).toBe('unauthorized')
  })

  it('is asked once for several subscribes, and all are answered', async () => {
    const { hub, clock, connect, asked } = patientHub()
    const { client, conn } = connect({ protocol: outspoken() })
    const outcomes = [1, 2, 3].map((ref) => outcomeOf(hub.subscribe(client, 'private-a', { ref })))
    await clock.settle()
    expect(asked).toHaveLength(1)
    asked[0]!.answer(true)
    await clock.settle()
    expect(outcomes.map(({ now }) => now)).toEqual(['done', 'done', 'done'])
    expect(conn.received).toEqual(['ok private-a #1', 'again private-a #2', 'again private-a #3'])
    expect(hub.channelCount('private-a')).toBe(1)
  })

  it('refuses all of several subscribes at once', async () => {
    const { hub, clock, connect, asked } = patientHub()
    const { client } = connect()
    const outcomes = [1, 2].map((ref) => outcomeOf(hub.subscribe(client, 'private-a', { ref })))
    await clock.settle()
    asked[0]!.answer(false)
    await clock.settle()
    expect(outcomes.map(({ now }) => now)).toEqual(['unauthorized', 'unauthorized'])
  })
})

describe('an answer that comes too late', () => {
  it('does not bring back a client that left', async () => {
    const { hub, clock, connect, asked } = patientHub()
    const { client, conn } = connect()
    const outcome = outcomeOf(hub.subscribe(client, 'presence-a'))
    await clock.settle()
    conn.peerCloses()
    await clock.settle()
    expect(outcome.now).toBe('cancelled')
    asked[0]!.answer({ allowed: true, member: { id: 'ghost' } })
    await clock.settle()
    expect(hub.channels()).toEqual([])
    expect(hub.presence('presence-a')).toBeUndefined()
    expect(hub.stats().subscriptions).toBe(0)
  })

  it('does not subscribe a client that unsubscribed meanwhile', async () => {
    const { hub, clock, connect, asked } = patientHub()
    const { client } = connect()
    const outcome = outcomeOf(hub.subscribe(client, 'private-a'))
    await clock.settle()
    hub.unsubscribe(client, 'private-a')
    await clock.settle()
    expect(outcome.now).toBe('cancelled')
    asked[0]!.answer(true)
    await clock.settle()
    expect(client.channels).toEqual([])
  })

  it('counts for the subscribe that asked, not for one that came after it', async () => {
    const { hub, clock, connect, asked } = patientHub()
    const { client } = connect()
    void outcomeOf(hub.subscribe(client, 'private-a'))
    hub.unsubscribe(client, 'private-a')
    const second = outcomeOf(hub.subscribe(client, 'private-a'))
    await clock.settle()
    asked[0]!.answer(true)
    await clock.settle()
    expect([second.now, client.channels]).toEqual(['pending', []])
    asked[1]!.answer(false)
    await clock.settle()
    expect([second.now, client.channels]).toEqual(['unauthorized', []])
  })

  it('counts no more when the client asked again with other credentials', async () => {
    const { hub, clock, connect, asked } = patientHub()
    const { client } = connect()
    const first = outcomeOf(hub.subscribe(client, 'private-a', { credentials: 'old' }))
    const second = outcomeOf(hub.subscribe(client, 'private-a', { credentials: 'new' }))
    await clock.settle()
    expect(first.now).toBe('cancelled')
    expect(asked.map(({ credentials }) => credentials)).toEqual(['old', 'new'])
    asked[0]!.answer({ allowed: true })
    await clock.settle()
    expect(second.now).toBe('pending')
    asked[1]!.answer(true)
    await clock.settle()
    expect([second.now, client.channels]).toEqual(['done', ['private-a']])
  })

  it('does not survive the hub', async () => {
    const { hub, clock, connect, asked } = patientHub()
    const outcome = outcomeOf(hub.subscribe(connect().client, 'private-a'))
    await clock.settle()
    void hub.close()
    await clock.settle()
    expect(outcome.now).toBe('cancelled')
    asked[0]!.answer(true)
    await clock.settle()
    expect(hub.channels()).toEqual([])
    expect(clock.timers).toBe(0)
  })
})

describe('how many authorizations may be pending', () => {
  it('is 16 per client', async () => {
    const { hub, clock, connect, asked } = patientHub()
    const { client } = connect()
    for (let n = 0; n < 16; n++) void outcomeOf(hub.subscribe(client, `private-${String(n)}`))
    const oneMore = hub.subscribe(client, 'private-16')
    await expect(oneMore).rejects.toMatchObject({ code: 'limit', limit: 'authorization.pendingPerClient' })
    const another = outcomeOf(hub.subscribe(connect().client, 'private-16'))
    await hub.subscribe(client, 'orders')
    asked[0]!.answer(true)
    await clock.settle()
    expect(client.channels).toEqual(['orders', 'private-0'])
    expect(another.now).toBe('pending')
    const again = outcomeOf(hub.subscribe(client, 'private-16'))
    await clock.settle()
    expect(again.now).toBe('pending')
  })

  it('is not outwitted by unsubscribing, or by asking again with other credentials', async () => {
    const { hub, clock, connect, asked } = patientHub({ authorization: { pendingPerClient: 2 } })
    const { client } = connect()
    const outcomes: { now: string }[] = []
    for (let n = 0; n < 10; n++) {
      outcomes.push(outcomeOf(hub.subscribe(client, 'private-a', { credentials: n })))
      if (n === 0) hub.unsubscribe(client, 'private-a')
    }
    await clock.settle()
    expect(asked).toHaveLength(2)
    expect(hub.stats().pendingAuthorizations).toBe(2)
    expect(outcomes.filter(({ now }) => now === 'limit')).toHaveLength(8)
    expect(outcomes[1]!.now).toBe('pending')
    asked[1]!.answer(true)
    await clock.settle()
    expect(client.channels).toEqual(['private-a'])
  })

  it('is 64 in the whole hub: the others wait their turn', async () => {
    const { hub, clock, connect, asked } = patientHub({ authorization: { concurrent: 2 } })
    const outcomes = [1, 2, 3, 4].map((n) =>
      outcomeOf(hub.subscribe(connect().client, `private-${String(n)}`)),
    )
    await clock.settle()
    expect(asked.map(({ channel }) => channel)).toEqual(['private-1', 'private-2'])
    expect(hub.stats().pendingAuthorizations).toBe(4)
    asked[1]!.answer(true)
    await clock.settle()
    expect(asked.map(({ channel }) => channel)).toEqual(['private-1', 'private-2', 'private-3'])
    for (const at of [0, 2]) asked[at]!.answer(true)
    await clock.settle()
    asked[3]!.answer(true)
    await clock.settle()
    expect(outcomes.map(({ now }) => now)).toEqual(['done', 'done', 'done', 'done'])
  })

  it('lets the waiting go on when those before them never answer', async () => {
    const { hub, clock, connect, asked } = patientHub({ authorization: { concurrent: 1, timeoutMs: 1_000 } })
    hub.on('error', () => {})
    const first = outcomeOf(hub.subscribe(connect().client, 'private-1'))
    clock.advance(500)
    const second = outcomeOf(hub.subscribe(connect().client, 'private-2'))
    clock.advance(600)
    await clock.settle()
    expect([first.now, second.now]).toEqual(['unauthorized', 'pending'])
    asked[1]!.answer(true)
    await clock.settle()
    expect(second.now).toBe('done')
  })

  it('counts waiting for its turn as time too', async () => {
    const { hub, clock, connect, asked } = patientHub({ authorization: { concurrent: 1, timeoutMs: 1_000 } })
    hub.on('error', () => {})
    const outcomes = [1, 2].map((n) => outcomeOf(hub.subscribe(connect().client, `private-${String(n)}`)))
    clock.advance(1_100)
    await clock.settle()
    expect(outcomes.map(({ now }) => now)).toEqual(['unauthorized', 'unauthorized'])
    expect(hub.stats().pendingAuthorizations).toBe(0)
    asked[0]!.answer(true)
    await hub.subscribe(connect().client, 'orders')
    expect(clock.timers).toBe(0)
  })

  it('falls to nothing when the client leaves: no timer, nothing pending, no turn taken', async () => {
    const { hub, clock, connect, asked } = patientHub({ authorization: { concurrent: 1 } })
    const ann = connect()
    const outcomes = [1, 2].map((n) => outcomeOf(hub.subscribe(ann.client, `private-${String(n)}`)))
    const ben = outcomeOf(hub.subscribe(connect().client, 'private-3'))
    await clock.settle()
    ann.conn.peerCloses()
    await clock.settle()
    expect(outcomes.map(({ now }) => now)).toEqual(['cancelled', 'cancelled'])
    expect(asked.map(({ channel }) => channel)).toEqual(['private-1', 'private-3'])
    expect(hub.stats().pendingAuthorizations).toBe(1)
    asked[1]!.answer(true)
    await clock.settle()
    expect(ben.now).toBe('done')
    expect([hub.stats().pendingAuthorizations, clock.timers]).toEqual([0, 0])
    asked[0]!.answer(true)
    await clock.settle()
    expect(hub.stats().pendingAuthorizations).toBe(0)
  })
})
