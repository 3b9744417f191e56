import { CancelledError, type Grant, UnauthorizedError } from '@fanfare/core'
import { testHub } from '@fanfare/core/testing'
import { describe, expect, it } from 'vitest'

import { outspoken } from '../fakes/outspoken.ts'

// What becomes of a grant after it was given: it ends, is renewed, or is looked at again.

type Verdict = Grant | boolean

/** A hub whose authorizer does what the test says: `rule` answers at once, or not at all when it returns `undefined`. */
function governedHub(first: Verdict = true) {
  const state: { rule: (channel: string, credentials: unknown) => Verdict | undefined } = {
    rule: () => first,
  }
  const asked: string[] = []
  const answers: ((verdict: Verdict) => void)[] = []
  const kit = testHub({
    authorizer: ({ channel, credentials }) => {
      asked.push([channel, credentials].join(' ').trimEnd())
      const verdict = state.rule(channel, credentials)
      return verdict ?? new Promise<Verdict>((resolve) => answers.push(resolve))
    },
  })
  const join = async (...channels: string[]) => {
    const one = kit.connect({ protocol: outspoken() })
    for (const channel of channels) await kit.hub.subscribe(one.client, channel, { credentials: 'old' })
    kit.clock.turn()
    one.conn.take()
    asked.length = 0
    return one
  }
  /** From now on the authorizer answers when the test does. */
  const wait = (): void => {
    state.rule = () => undefined
  }
  return { ...kit, state, asked, answers, join, wait }
}

/** What became of a promise: `pending`, `done`, or the code of its error. */
function outcomeOf(promise: Promise<void>): { now: string } {
  const outcome = { now: 'pending' }
  promise.then(
    () => (outcome.now = 'done'),
    (error: { code?: string; message: string }) => (outcome.now = error.code ?? error.message),
  )
  return outcome
}

describe('a grant that ends', () => {
  it('takes the client out of that channel alone, when it ends', async () => {
    const { hub, clock, connect } = testHub({
      authorizer: ({ channel }) => ({
        allowed: true,
        expiresAt: channel === 'private-a' ? 3_000 : undefined,
      }),
    })
    const { client, conn } = connect({ protocol: outspoken() })
    await hub.subscribe(client, 'private-a')
    await hub.subscribe(client, 'private-b')
    clock.advance(2_900)
    expect(client.channels).toEqual(['private-a', 'private-b'])
    clock.advance(200)
    expect(client.channels).toEqual(['private-b'])
    expect(client.connected).toBe(true)
    expect(conn.received).toEqual(['ok private-a', 'ok private-b', 'expiring', 'left private-a: expired'])
    expect(clock.timers).toBe(0)
  })

  it.each([1, 99, 700, 1_050, 59_990, 61_010])(
    'of %d ms ends within 100 ms of its end',
    async (expiresAt) => {
      const { hub, clock, connect } = testHub({ authorizer: () => ({ allowed: true, expiresAt }) })
      const { client } = connect()
      await hub.subscribe(client, 'private-a')
      clock.advance(expiresAt - 1)
      expect(client.channels).toEqual(['private-a'])
      clock.advance(101)
      expect(client.channels).toEqual([])
      expect(clock.timers).toBe(0)
    },
  )

  it('is no grant when it has ended already', async () => {
    for (const expiresAt of [-1, 0, Number.NaN]) {
      const { hub, connect } = testHub({ authorizer: () => ({ allowed: true, expiresAt }) })
      const { client } = connect()
      const outcome = hub.subscribe(client, 'private-a')
      await expect(outcome).rejects.toMatchObject({ code: 'unauthorized', cause: { code: 'expired' } })
      expect(client.channels).toEqual([])
    }
  })

  it('leaves no timer when the client leaves before', async () => {
    const { hub, clock, connect } = testHub({ authorizer: () => ({ allowed: true, expiresAt: 60_000 }) })
    const [ann, ben] = [connect(), connect()]
    await hub.subscribe(ann.client, 'private-a')
    await hub.subscribe(ben.client, 'private-a')
    hub.unsubscribe(ann.client, 'private-a')
    ben.conn.peerCloses()
    expect(clock.timers).toBe(0)
  })

  it('does not end a later subscription', async () => {
    const ends = [1_000, 60_000]
    const { hub, clock, connect } = testHub({
      authorizer: () => ({ allowed: true, expiresAt: ends.shift() }),
    })
    const { client } = connect()
    await hub.subscribe(client, 'private-a')
    hub.unsubscribe(client, 'private-a')
    await hub.subscribe(client, 'private-a')
    clock.advance(5_000)
    expect(client.channels).toEqual(['private-a'])
  })
})

describe('the notice that a grant is about to end', () => {
  it.each([
    ['30 s before', 120_000, 90_000],
    ['at half its time, when it is short', 10_000, 5_000],
  ])('comes %s', async (_when, expiresAt, noticeAt) => {
    const { clock, join } = governedHub({ allowed: true, expiresAt })
    const { conn } = await join('private-a')
    clock.advance(noticeAt - 1)
    expect(conn.take()).toEqual([])
    clock.advance(101)
    expect(conn.take()).toEqual(['expiring'])
    clock.advance(expiresAt)
    expect(conn.take()).toEqual(['left private-a: expired'])
    expect(clock.timers).toBe(0)
  })
})

describe('renewing a grant', () => {
  it('asks with the new credentials, and gives the subscription its new time', async () => {
    const { hub, clock, state, asked, join } = governedHub({ allowed: true, expiresAt: 10_000 })
    const { client, conn } = await join('private-a')
    state.rule = () => ({ allowed: true, expiresAt: 60_000 })
    await hub.renew(client, 'private-a', { credentials: 'new', ref: 7 })
    clock.turn()
    expect(asked).toEqual(['private-a new'])
    expect(conn.take()).toEqual(['again private-a #7'])
    expect(hub.grantEnds(client, 'private-a')).toBe(60_000)
    clock.advance(20_000)
    expect(client.channels).toEqual(['private-a'])
    clock.advance(41_000)
    expect(client.channels).toEqual([])
  })

  it('may make a grant last for ever', async () => {
    const { hub, clock, state, join } = governedHub({ allowed: true, expiresAt: 10_000 })
    const { client } = await join('private-a')
    state.rule = () => true
    await hub.renew(client, 'private-a')
    expect(clock.timers).toBe(0)
    expect(hub.grantEnds(client, 'private-a')).toBeUndefined()
  })

  it.each<[string, () => Verdict]>([
    ['says no', () => false],
    ['grants what has ended already', () => ({ allowed: true, expiresAt: -1 })],
    [
      'fails',
      () => {
        throw new Error('database down')
      },
    ],
  ])('takes the client out of that channel alone when the authorizer %s', async (_what, rule) => {
    const { hub, clock, state, join } = governedHub()
    hub.on('error', () => {})
    const { client, conn } = await join('private-a', 'private-b')
    state.rule = rule
    await expect(hub.renew(client, 'private-a')).rejects.toThrow(UnauthorizedError)
    clock.turn()
    expect(client.channels).toEqual(['private-b'])
    expect(conn.take()).toEqual(['left private-a: unauthorized'])
    expect(client.connected).toBe(true)
  })

  it('is nothing for a channel that the client is not in', async () => {
    const { hub, asked, join } = governedHub()
    const { client } = await join()
    await expect(hub.renew(client, 'private-a')).rejects.toThrow(CancelledError)
    expect(asked).toEqual([])
  })

  it('lets the last one decide when it is asked for twice', async () => {
    const { hub, clock, answers, join, wait } = governedHub()
    const { client } = await join('private-a')
    wait()
    const outcomes = ['1', '2'].map((credentials) =>
      outcomeOf(hub.renew(client, 'private-a', { credentials })),
    )
    answers[0]!(false)
    await clock.settle()
    expect([outcomes.map(({ now }) => now), client.channels]).toEqual([
      ['cancelled', 'pending'],
      ['private-a'],
    ])
    answers[1]!(true)
    await clock.settle()
    expect([outcomes[1]!.now, client.channels]).toEqual(['done', ['private-a']])
  })

  it('says nothing about a later subscription', async () => {
    const { hub, clock, state, answers, join, wait } = governedHub()
    const { client } = await join('private-a')
    wait()
    const outcome = outcomeOf(hub.renew(client, 'private-a'))
    hub.unsubscribe(client, 'private-a')
    state.rule = () => true
    await hub.subscribe(client, 'private-a')
    answers[0]!(false)
    await clock.settle()
    expect([outcome.now, client.channels]).toEqual(['cancelled', ['private-a']])
  })

  it('comes to an end, and leaves nothing behind, when the client goes', async () => {
    const { hub, clock, join, wait } = governedHub()
    const { client, conn } = await join('private-a')
    wait()
    const outcome = outcomeOf(hub.renew(client, 'private-a'))
    conn.peerCloses()
    await clock.settle()
    expect(outcome.now).toBe('cancelled')
    expect([clock.timers, hub.stats().pendingAuthorizations]).toEqual([0, 0])
  })

  it('counts as a pending authorization', async () => {
    const { hub, clock, join, wait } = governedHub()
    const { client } = await join('private-a')
    wait()
    for (let n = 0; n < 15; n++) outcomeOf(hub.subscribe(client, `private-${String(n)}`))
    const renewed = outcomeOf(hub.renew(client, 'private-a'))
    const outcomes = [
      outcomeOf(hub.renew(client, 'private-a')),
      outcomeOf(hub.subscribe(client, 'private-x')),
    ]
    await clock.settle()
    expect([renewed.now, ...outcomes.map(({ now }) => now)]).toEqual(['pending', 'limit', 'limit'])
    expect(client.channels).toEqual(['private-a'])
  })
})

describe('a review', () => {
  it('asks again, with the credentials of old, about what it names, and removes whom it finds no longer allowed', async () => {
    const { hub, clock, state, asked, join } = governedHub()
    const ann = await join('private-a', 'private-b', 'orders')
    const ben = await join('private-a')
    state.rule = () => false
    await hub.review((client, channel) => client === ann.client && channel !== 'private-b')
    clock.turn()
    expect(asked).toEqual(['private-a old'])
    expect(ann.client.channels).toEqual(['private-b', 'orders'])
    expect(ann.conn.take()).toEqual(['left private-a: unauthorized'])
    expect(ben.client.channels).toEqual(['private-a'])
  })

  it('changes nothing, and says nothing, where the answer is still yes', async () => {
    const { hub, clock, join } = governedHub()
    const { client, conn } = await join('private-a', 'presence-b')
    await hub.review(() => true)
    clock.turn()
    expect(client.channels).toEqual(['private-a', 'presence-b'])
    expect(conn.take()).toEqual([])
  })

  it('takes over the new end of a grant', async () => {
    const { hub, clock, state, join } = governedHub()
    const { client } = await join('private-a')
    state.rule = () => ({ allowed: true, expiresAt: 5_000 })
    await hub.review(() => true)
    clock.advance(5_100)
    expect(client.channels).toEqual([])
  })

  it('catches those, too, who are just being asked about', async () => {
    const { hub, clock, state, asked, answers, connect, wait } = governedHub()
    const { client } = connect()
    wait()
    const outcome = outcomeOf(hub.subscribe(client, 'private-a'))
    await hub.review(() => true)
    state.rule = () => false
    answers[0]!(true)
    await clock.settle()
    expect(asked).toEqual(['private-a', 'private-a'])
    expect(client.channels).toEqual([])
    expect(outcome.now).toBe('unauthorized')
  })

  it('comes to an end though a client leaves while it is asked about', async () => {
    const { hub, clock, answers, join, wait } = governedHub()
    const ann = await join('private-a')
    const ben = await join('private-a')
    wait()
    const outcome = outcomeOf(hub.review(() => true))
    await clock.settle()
    ann.conn.peerCloses()
    answers[1]!(false)
    await clock.settle()
    expect([outcome.now, ben.client.channels]).toEqual(['done', []])
    expect([clock.timers, hub.stats().pendingAuthorizations]).toEqual([0, 0])
  })

  it('is never more at once than the hub allows', async () => {
    let running = 0
    let most = 0
    const { hub, connect } = testHub({
      authorization: { concurrent: 3 },
      authorizer: async () => {
        most = Math.max(most, ++running)
        await Promise.resolve()
        running--
        return true
      },
    })
    for (let n = 0; n < 20; n++) await hub.subscribe(connect().client, 'private-a')
    most = 0
    await hub.review(() => true)
    expect(most).toBe(3)
  })
})
