import { describe, expect, it } from 'vitest'

import { byToken } from '../../fakes/test-gateway.ts'
import {
  httpStage,
  type HttpStage,
  type HttpStageOptions,
  messagesIn,
  type Poller,
} from '../../support/http-stage.ts'

const sub = (channel: string, id?: number): object => ({ op: 'sub', id, channel })

const withPresence: HttpStageOptions = {
  hub: { authorizer: ({ auth }) => ({ allowed: true, member: { id: (auth as { id: string }).id } }) },
  authenticate: byToken,
}

/** A client that is subscribed to `orders`, and has acknowledged everything so far: answer 1. */
async function subscribed(options: HttpStageOptions = {}): Promise<{ stage: HttpStage; poller: Poller }> {
  const stage = httpStage(options)
  const poller = await stage.poller()
  await poller.say(sub('orders'))
  const { answer } = await poller.poll()
  expect(answer?.n).toBe(1)
  return { stage, poller }
}

const tell = ({ hub }: HttpStage, ...names: string[]): void => {
  for (const event of names) hub.broadcast('orders', '0', { event })
}

/** The names of the messages in an answer. */
const names = (polled: Parameters<typeof messagesIn>[0]): unknown =>
  messagesIn(polled)?.map((message) => {
    const { op, event, count } = message as { op: string; event?: string; count?: number }
    return event ?? (count === undefined ? op : `${op} ${String(count)}`)
  })

describe('a session for polls', () => {
  it('is opened with its secret and its timeout', async () => {
    const stage = httpStage({ mount: { sessionTimeoutMs: 12_000 } })
    const response = await stage.ask('/poll', { method: 'POST' })
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(await response.json()).toEqual({ session: expect.stringMatching(/^[\w-]{24}$/), timeout: 12_000 })
    expect((await stage.poller()).timeout).toBe(12_000)
  })

  it('is over when nobody polls for too long', async () => {
    const stage = httpStage(withPresence)
    const ann = await stage.poller('/poll?token=ann')
    const ben = await stage.listen('/sse?token=ben&channels=presence-room')
    await ann.say(sub('presence-room'))
    await ben.heard()
    await stage.pass(29_900)
    expect(stage.gone).toEqual([])
    await stage.pass(200)
    expect(stage.gone).toMatchObject([{ why: 'idle', channels: ['presence-room'] }])
    expect(stage.hub.presence('presence-room')).toEqual([{ id: 'ben' }])
    expect(await ben.messages()).toContainEqual({
      op: 'leave',
      channel: 'presence-room',
      member: { id: 'ann' },
    })
    expect((await ann.poll()).status).toBe(404)
    expect((await ann.post({ messages: [] })).status).toBe(404)
    await ben.cancel()
    expect(stage.hub.wheel.size).toBe(0)
  })

  it('lasts as long as polls come', async () => {
    const { stage, poller } = await subscribed()
    for (let minute = 0; minute < 3; minute++) {
      const polled = await poller.poll(1)
      await stage.pass(25_100)
      expect(polled.answer).toEqual({ messages: [] })
      await stage.pass(29_000)
    }
    expect(stage.gone).toEqual([])
  })

  it('lasts as long as the client says something', async () => {
    const { stage, poller } = await subscribed()
    for (let minute = 0; minute < 4; minute++) {
      await stage.pass(29_000)
      await poller.say({ op: 'ping' })
    }
    expect(stage.gone).toEqual([])
    await stage.pass(30_100)
    expect(stage.gone).toMatchObject([{ why: 'idle' }])
  })

  it('may be ended by the client, with its last words', async () => {
    const { stage, poller } = await subscribed()
    let said: unknown
    stage.gateway.on('last', (_client, { data }) => void (said = data))
    const waiting = await poller.poll(1)
    const response = await poller.post({
      messages: ['{"op":"call","method":"last","data":"words"}'],
      close: { code: 4321, reason: 'enough' },
    })
    expect(response.status).toBe(204)
    await stage.rest()
    expect(said).toBe('words')
    expect(stage.gone).toMatchObject([{ code: 4321, reason: 'enough' }])
    expect(waiting.answer?.messages).toBeDefined()
    expect((await poller.poll(1)).status).toBe(404)
    expect(stage.adapter.connections).toBe(0)
    expect(stage.hub.wheel.size).toBe(0)
  })

  it('may be ended in a poll, which is then answered at once', async () => {
    const { stage, poller } = await subscribed()
    const polled = await poller.poll(1, { close: { code: 1000 } })
    expect(polled.answer).toEqual({ messages: [] })
    expect(stage.gone).toMatchObject([{ code: 1000 }])
    expect(stage.hub.wheel.size).toBe(0)
  })
})

describe('a poll', () => {
  it('gathers for a moment what comes after the first message', async () => {
    const { stage, poller } = await subscribed()
    const polled = await poller.poll(1)
    await stage.pass(5_000)
    tell(stage, 'a')
    await stage.pass(300)
    tell(stage, 'b')
    await stage.pass(100)
    expect(polled.answer).toBeUndefined()
    tell(stage, 'c')
    await stage.pass(200)
    expect([polled.answer?.n, names(polled)]).toEqual([2, ['a', 'b', 'c']])
  })

  it('counts that moment from the first message, even if nobody polled then', async () => {
    const { stage, poller } = await subscribed()
    tell(stage, 'a')
    await stage.pass(400)
    const polled = await poller.poll(1)
    expect(polled.answer).toBeUndefined()
    await stage.pass(200)
    expect(names(polled)).toEqual(['a'])
    tell(stage, 'b')
    await stage.pass(1_000)
    expect(names(await poller.poll(2))).toEqual(['b'])
  })

  it('is answered at once where that is wanted', async () => {
    const { stage, poller } = await subscribed({ mount: { pollTimeMs: 0 } })
    const polled = await poller.poll(1)
    tell(stage, 'a', 'b')
    await stage.rest()
    expect(names(polled)).toEqual(['a', 'b'])
  })

  it('is answered at once with the answer to what the client asked', async () => {
    const { stage, poller } = await subscribed()
    const polled = await poller.poll(1)
    tell(stage, 'a')
    await stage.pass(100)
    await poller.say({ op: 'ping' })
    expect(names(polled)).toEqual(['a', 'pong'])
  })

  it('sends and waits in one request', async () => {
    const { poller } = await subscribed()
    const polled = await poller.poll(1, { seq: 2, messages: ['{"op":"ping","id":7}'] })
    expect(messagesIn(polled)).toEqual([{ op: 'pong', id: 7 }])
    const again = await poller.poll(2, { seq: 2, messages: ['{"op":"ping","id":7}'] })
    expect(again.answer).toBeUndefined()
  })

  it('returns with nothing when nothing came', async () => {
    const { stage, poller } = await subscribed()
    const polled = await poller.poll(1)
    await stage.pass(24_900)
    expect(polled.answer).toBeUndefined()
    await stage.pass(200)
    expect(polled.answer).toEqual({ messages: [] })
  })

  it('waits no longer because something comes that may wait as well', async () => {
    const { stage, poller } = await subscribed({ mount: { pollTimeMs: 60_000 } })
    const polled = await poller.poll(1)
    await stage.pass(20_000)
    tell(stage, 'a')
    await stage.pass(5_100)
    expect(names(polled)).toEqual(['a'])
  })

  it('waits as long as heartbeats allow', async () => {
    const { stage, poller } = await subscribed({ heartbeat: { intervalMs: 5_000, timeoutMs: 1_000 } })
    const polled = await poller.poll(1)
    await stage.pass(5_100)
    expect(polled.answer).toEqual({ messages: [] })
  })

  it('takes the place of the one before', async () => {
    const { stage, poller } = await subscribed()
    const older = await poller.poll(1)
    const newer = await poller.poll(1)
    expect([older.answer, newer.answer]).toEqual([{ messages: [] }, undefined])
    tell(stage, 'a')
    await stage.pass(600)
    expect(names(newer)).toEqual(['a'])
  })

  it('with a number that there never was is answered 400, and nothing of it is taken', async () => {
    const { poller } = await subscribed()
    const polled = await poller.poll(2, { seq: 2, messages: ['{"op":"ping"}'] })
    expect(polled.status).toBe(400)
    expect((await poller.poll(1)).answer).toBeUndefined()
    const next = await poller.poll(1, { seq: 2, messages: ['{"op":"ping"}'] })
    expect(names(next)).toEqual(['pong'])
  })

  it.each([-1, 0.5, '0', null, {}])('with the number %j is answered 400', async (poll) => {
    const { poller } = await subscribed()
    expect((await poller.post({ poll })).status).toBe(400)
  })
})

describe('an answer', () => {
  it('is sent again until it is acknowledged, and not afterwards', async () => {
    const { stage, poller } = await subscribed()
    tell(stage, 'a')
    await stage.pass(600)
    const lost = await poller.poll(1)
    const again = await poller.poll(1)
    expect(again.answer).toEqual(lost.answer)
    expect(names(again)).toEqual(['a'])
    const after = await poller.poll(2)
    expect(after.answer).toBeUndefined()
    tell(stage, 'b')
    await stage.pass(600)
    expect(names(after)).toEqual(['b'])
  })

  it('is given eight times at most: sockets that nobody reads would hold every copy of it', async () => {
    const { stage, poller } = await subscribed()
    const { outbound } = stage.hub.budgets
    tell(stage, 'a')
    await stage.pass(600)
    const size = JSON.stringify((await poller.poll(1)).answer).length
    for (let copies = 1; copies < 8; copies++) {
      expect(names(await poller.poll(1))).toEqual(['a'])
      expect(outbound.used).toBeGreaterThanOrEqual(copies * size)
    }
    await poller.poll(1)
    expect(stage.gone).toMatchObject([{ why: 'slow' }])
    expect(outbound.used).toBe(0)
  })

  it('of one number is always the same: what came meanwhile is in the next', async () => {
    const { stage, poller } = await subscribed()
    tell(stage, 'a')
    await stage.pass(600)
    await poller.poll(1)
    tell(stage, 'b')
    await stage.pass(600)
    const again = await poller.poll(1)
    expect([again.answer?.n, names(again)]).toEqual([2, ['a']])
    const next = await poller.poll(2)
    expect([next.answer?.n, names(next)]).toEqual([3, ['b']])
  })

  it('that came late, after the poll was repeated, is acknowledged all the same', async () => {
    const { stage, poller } = await subscribed()
    tell(stage, 'a')
    await stage.pass(600)
    // Two polls with one number: both bring the answer, and the client takes it once.
    await poller.poll(1)
    await poller.poll(1)
    tell(stage, 'b')
    await stage.pass(600)
    expect(names(await poller.poll(2))).toEqual(['b'])
  })

  it('is not given to a poll that was abandoned', async () => {
    const { stage, poller } = await subscribed()
    const leaving = new AbortController()
    await poller.poll(1, {}, leaving.signal)
    leaving.abort()
    await stage.rest()
    tell(stage, 'a')
    await stage.pass(600)
    const polled = await poller.poll(1)
    expect([polled.answer?.n, names(polled)]).toEqual([2, ['a']])
  })

  it('is not given to a poll that was abandoned before it was read', async () => {
    const { stage, poller } = await subscribed()
    const leaving = new AbortController()
    leaving.abort()
    await poller.poll(1, {}, leaving.signal)
    await stage.pass(29_900)
    expect(stage.gone).toEqual([])
    await stage.pass(200)
    expect(stage.gone).toMatchObject([{ why: 'idle' }])
    expect(stage.hub.wheel.size).toBe(0)
  })

  it('leaves the time of the session running when its poll was abandoned', async () => {
    const { stage, poller } = await subscribed()
    const leaving = new AbortController()
    await poller.poll(1, {}, leaving.signal)
    await stage.pass(10_000)
    leaving.abort()
    await stage.pass(29_900)
    expect(stage.gone).toEqual([])
    await stage.pass(200)
    expect(stage.gone).toMatchObject([{ why: 'idle' }])
  })
})

describe('more than a client takes', () => {
  const big = 'x'.repeat(50_000)
  const flood = async (stage: HttpStage, count: number): Promise<void> => {
    for (let at = 0; at < count; at++) {
      stage.hub.broadcast('orders', JSON.stringify(big), { event: String(at) })
      await stage.rest()
    }
  }

  it('waits in the hub, whose policy decides', async () => {
    const { stage, poller } = await subscribed({ hub: { outbox: { frames: 4 } } })
    await poller.poll(1)
    await poller.poll(1)
    await flood(stage, 20)
    const first = await poller.poll(1)
    const second = await poller.poll(2)
    expect([names(first), names(second)]).toEqual([
      ['0', '1', '2', '3', '4', '5'],
      ['6', '7', '8', '9', 'gap 10'],
    ])
    tell(stage, 'after')
    const third = await poller.poll(3)
    await stage.pass(600)
    expect(names(third)).toEqual(['after'])
  })

  it('does not wait for more when a poll does', async () => {
    const { stage, poller } = await subscribed()
    const polled = await poller.poll(1)
    await flood(stage, 10)
    expect(names(polled)).toEqual(['0', '1', '2', '3', '4', '5'])
  })

  it('counts until it is acknowledged', async () => {
    const { stage, poller } = await subscribed({ hub: { outbox: { frames: 2 } } })
    await flood(stage, 6)
    await poller.poll(1)
    await flood(stage, 6)
    const again = await poller.poll(1)
    expect(names(again)).toEqual(['0', '1', '2', '3', '4', '5'])
    expect(names(await poller.poll(2))).toEqual(['0', '1', 'gap 4'])
  })

  it('ends the session when none of it is taken for too long', async () => {
    const { stage, poller } = await subscribed({ hub: { writeTimeoutMs: 2_000 } })
    await flood(stage, 10)
    await stage.pass(10_000)
    expect(stage.gone).toMatchObject([{ why: 'slow' }])
    expect((await poller.poll(1)).status).toBe(404)
    expect(stage.hub.wheel.size).toBe(0)
  })
})

describe('the end', () => {
  it('comes to a poll that waits, with the last messages', async () => {
    const { stage, poller } = await subscribed()
    const polled = await poller.poll(1)
    tell(stage, 'a')
    const closed = stage.adapter.close()
    await stage.rest()
    expect(polled.answer?.close).toEqual({ code: 4200, reason: 'shutdown' })
    expect(names(polled)).toEqual(['a', 'bye'])
    await closed
    expect((await poller.poll(1)).status).toBe(404)
    expect(stage.hub.wheel.size).toBe(0)
  })

  it('waits for the next poll, for 5 s at most', async () => {
    const first = await subscribed()
    void first.stage.adapter.close()
    await first.stage.pass(4_800)
    const polled = await first.poller.poll(1)
    expect(polled.answer).toMatchObject({ n: 2, close: { code: 4200, reason: 'shutdown' } })
    const second = await subscribed()
    let closed = false
    void second.stage.adapter.close().then(() => (closed = true))
    await second.stage.pass(5_100)
    expect(closed).toBe(true)
    expect((await second.poller.poll(1)).status).toBe(404)
    for (const { stage } of [first, second]) {
      expect(stage.gone).toMatchObject([{ why: 'shutdown', code: 4200 }])
      expect(stage.adapter.connections).toBe(0)
      expect(stage.hub.wheel.size).toBe(0)
    }
  })

  it('comes after an answer that was lost was sent again', async () => {
    const { stage, poller } = await subscribed()
    tell(stage, 'a')
    await stage.pass(600)
    await poller.poll(1)
    tell(stage, 'b')
    stage.hub.clients()[0]?.close(4321, 'enough')
    await stage.rest()
    const again = await poller.poll(1)
    expect([names(again), again.answer?.close]).toEqual([['a'], undefined])
    const last = await poller.poll(2)
    expect([names(last), last.answer?.close]).toEqual([['b'], { code: 4321, reason: 'enough' }])
    expect((await poller.poll(3)).status).toBe(404)
    expect(stage.hub.wheel.size).toBe(0)
  })

  it('is not put off by polls that acknowledge nothing', async () => {
    const { stage, poller } = await subscribed()
    tell(stage, 'a')
    await stage.pass(600)
    await poller.poll(1)
    tell(stage, 'b')
    stage.hub.clients()[0]?.close(4321, 'enough')
    for (let second = 0; second < 6; second++) {
      await poller.poll(1)
      await stage.pass(1_000)
    }
    expect(stage.adapter.connections).toBe(0)
    expect(stage.hub.wheel.size).toBe(0)
  })

  it('that a message of the same request brings is its answer', async () => {
    const { poller } = await subscribed({ maxMessageBytes: 1_000 })
    const polled = await poller.poll(1, { messages: ['x'.repeat(1_001)] })
    expect(polled.answer?.close).toEqual({ code: 1009, reason: 'too-large' })
    expect((await poller.poll(2)).status).toBe(404)
  })

  it('is told twice by nobody', async () => {
    const { stage, poller } = await subscribed()
    await poller.poll(1)
    await Promise.all([stage.adapter.close(), stage.adapter.close(), stage.rest()])
    expect(stage.gone).toHaveLength(1)
    expect(stage.errors).toEqual([])
  })
})

describe('what waits', () => {
  it('counts as it is written, with its escapes', async () => {
    const { stage } = await subscribed()
    // Each quote is escaped in its message, and both of that in the list of messages.
    stage.hub.broadcast('orders', JSON.stringify('"'.repeat(20_000)))
    await stage.rest()
    expect(stage.hub.budgets.outbound.used).toBeGreaterThanOrEqual(80_000)
    expect(stage.hub.budgets.outbound.used).toBeLessThan(81_000)
  })
})
