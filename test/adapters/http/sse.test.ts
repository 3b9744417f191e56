import { plain } from '@fanfare/core'
import { describe, expect, it } from 'vitest'

import { byToken } from '../../fakes/test-gateway.ts'
import { httpStage, type HttpStageOptions, type Listener } from '../../support/http-stage.ts'

const sub = (channel: string, id?: number): object => ({ op: 'sub', id, channel })
const NEVER = { heartbeat: { intervalMs: 0 } }

/** A gateway where whoever has a token may join. */
const withPresence: HttpStageOptions = {
  hub: { authorizer: ({ auth }) => ({ allowed: true, member: { id: (auth as { id: string }).id } }) },
  authenticate: byToken,
}

describe('a stream', () => {
  it('has the headers that keep it open and unbuffered', async () => {
    const { response } = await httpStage().listen()
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    expect(response.headers.get('cache-control')).toBe('no-cache, no-store, no-transform')
    expect(response.headers.get('x-accel-buffering')).toBe('no')
  })

  it('begins with the session, and numbers its events', async () => {
    const stage = httpStage(NEVER)
    const listener = await stage.listen()
    await listener.say(sub('orders', 1))
    stage.hub.broadcast('orders', '"one"')
    stage.hub.broadcast('orders', '"two"')
    const events = await listener.heard()
    expect(events.map(({ id }) => id)).toEqual(['1', '2', '3', '4', '5'])
    expect(events[0]).toMatchObject({ event: 'session' })
    expect(listener.session).toMatch(/^[\w-]{24}$/)
    expect(events.slice(1).map(({ data }) => (JSON.parse(data) as { op: string }).op)).toEqual([
      'welcome',
      'ok',
      'msg',
      'msg',
    ])
  })

  it('has a session that is nobody else’s', async () => {
    const stage = httpStage()
    const sessions = new Set<string>()
    for (let count = 0; count < 20; count++) sessions.add((await stage.listen()).session)
    expect(sessions.size).toBe(20)
  })

  it('tells clients to come back after different times, so that they do not come all at once', async () => {
    const stage = httpStage()
    const retries: number[] = []
    for (let count = 0; count < 20; count++) retries.push((await stage.listen()).said.retry ?? 0)
    expect(Math.min(...retries)).toBeGreaterThanOrEqual(1_000)
    expect(Math.max(...retries)).toBeLessThanOrEqual(2_100)
    expect(new Set(retries).size).toBeGreaterThan(5)
  })

  it('says something every 15 s, and nothing more often', async () => {
    const stage = httpStage(NEVER)
    const listener = await stage.listen()
    const counts: number[] = []
    for (let quarter = 0; quarter < 4; quarter++) {
      await stage.pass(14_900)
      counts.push(listener.said.comments)
      await stage.pass(100)
      counts.push(listener.said.comments)
    }
    expect(counts).toEqual([0, 1, 1, 2, 2, 3, 3, 4])
  })

  it('has comments more often where heartbeats are', async () => {
    const stage = httpStage({ heartbeat: { intervalMs: 5_000, timeoutMs: 1_000 } })
    const listener = await stage.listen()
    for (let second = 0; second < 15; second++) await stage.pass(1_000)
    expect(listener.said.comments).toBe(3)
  })

  it('needs no comment while something waits', async () => {
    const stage = httpStage({ ...NEVER, hub: { writeTimeoutMs: 0 } })
    const listener = await stage.listen()
    listener.stall()
    stage.gateway.broadcast('big', 'x'.repeat(1_000))
    stage.gateway.broadcast('big', 'x'.repeat(1_000))
    await stage.rest()
    stage.gateway.broadcast('big', 'x'.repeat(1_000))
    await stage.pass(60_000)
    listener.resume()
    await stage.rest()
    expect(listener.said.comments).toBe(0)
    expect((await listener.messages()).length).toBe(4)
  })

  it('leaves nothing behind when it is cancelled', async () => {
    const stage = httpStage(withPresence)
    const ann = await stage.listen('/sse?token=ann')
    const ben = await stage.listen('/sse?token=ben')
    await ann.say(sub('presence-room'), sub('orders'))
    await ben.say(sub('presence-room'))
    await ben.heard()
    await ann.cancel()
    expect(stage.gone).toMatchObject([{ why: 'closed', code: 1006 }])
    expect(stage.gone[0]?.channels.toSorted()).toEqual(['orders', 'presence-room'])
    expect(await ben.messages()).toEqual([{ op: 'leave', channel: 'presence-room', member: { id: 'ann' } }])
    expect(stage.hub.channelCount('orders')).toBe(0)
    expect((await ann.post({ messages: [] })).status).toBe(404)
    await ben.cancel()
    expect(stage.adapter.connections).toBe(0)
    expect(stage.hub.wheel.size).toBe(0)
  })

  it('ends with its request, even if nobody reads it', async () => {
    const stage = httpStage()
    const leaving = new AbortController()
    await stage.ask('/sse', { signal: leaving.signal })
    expect(stage.hub.count()).toBe(1)
    leaving.abort()
    await stage.rest()
    expect(stage.hub.count()).toBe(0)
    expect(stage.hub.wheel.size).toBe(0)
  })

  it('whose reader is slow gets what the policy leaves, and is told of the gap', async () => {
    const stage = httpStage({ ...NEVER, hub: { outbox: { frames: 4 }, slowConsumer: 'drop-oldest' } })
    const listener = await stage.listen()
    await listener.say(sub('orders'))
    await listener.heard()
    listener.stall()
    const text = JSON.stringify('x'.repeat(10_000))
    // One piece is with the reader already.
    for (let count = 0; count < 20; count++) {
      stage.hub.broadcast('orders', text, { event: String(count) })
      await stage.rest()
    }
    listener.resume()
    const messages = (await listener.messages()) as { op: string; event?: string; count?: number }[]
    const names = messages.map(({ op, event, count }) => event ?? `${op} ${String(count)}`)
    const [gap] = names.filter((name) => name.startsWith('gap'))
    expect(names.slice(-5)).toEqual([gap, '16', '17', '18', '19'])
    expect(names.length - 1 + Number(gap?.slice(4))).toBe(20)
    stage.hub.broadcast('orders', '"after"', { event: 'after' })
    expect(await listener.messages()).toMatchObject([{ event: 'after' }])
  })

  it('that takes nothing for too long is cut', async () => {
    const stage = httpStage({ ...NEVER, hub: { writeTimeoutMs: 1_000 } })
    const listener = await stage.listen()
    await listener.say(sub('orders'))
    listener.stall()
    for (let count = 0; count < 20; count++) {
      stage.hub.broadcast('orders', JSON.stringify('x'.repeat(10_000)))
      await stage.rest()
    }
    await stage.pass(7_000)
    expect(stage.gone).toMatchObject([{ why: 'slow' }])
    expect(stage.adapter.connections).toBe(0)
    listener.resume()
    await stage.rest()
    expect(listener.end).toBe('cut')
    expect(stage.hub.wheel.size).toBe(0)
  })

  it('whose client answered pings and does no longer is given up', async () => {
    const stage = httpStage({ heartbeat: { intervalMs: 10_000, timeoutMs: 2_000 } })
    const listener = await stage.listen()
    await stage.pass(10_100)
    expect(await listener.messages()).toContainEqual({ op: 'ping' })
    await listener.say({ op: 'pong' })
    listener.stall()
    for (let second = 0; second < 40; second++) await stage.pass(1_000)
    expect(stage.gone).toMatchObject([{ why: 'idle', code: 4201 }])
    expect(stage.adapter.connections).toBe(0)
    expect(stage.hub.wheel.size).toBe(0)
  })

  it('speaks the protocol of its path', async () => {
    const stage = httpStage({ ...NEVER, mount: { path: '/live' }, protocols: { '/raw/*': plain() } })
    const listener = await stage.listen('/live/raw/7/sse')
    stage.hub.clients()[0]?.send('as it is')
    expect(await listener.heard()).toMatchObject([{ event: 'session' }, { data: 'as it is' }])
    expect((await stage.ask('/live/sse')).status).toBe(404)
  })

  it('says why it is closed, after everything that was said', async () => {
    const stage = httpStage(NEVER)
    const listener = await stage.listen()
    await listener.heard()
    const closed = stage.adapter.close()
    const events = await listener.heard()
    expect(events).toMatchObject([
      { event: 'message', data: '{"op":"bye","code":"shutdown","retry":true}' },
      { event: 'close', data: '{"code":4200,"reason":"shutdown"}' },
    ])
    expect(listener.end).toBe('closed')
    await closed
    expect(stage.hub.wheel.size).toBe(0)
  })

  it('holds up the end of the adapter for 5 s at most', async () => {
    const stage = httpStage(NEVER)
    const listener = await stage.listen()
    listener.stall()
    stage.gateway.broadcast('one', 1)
    await stage.rest()
    stage.gateway.broadcast('two', 2)
    await stage.rest()
    let closed = false
    void stage.adapter.close().then(() => (closed = true))
    await stage.pass(4_900)
    expect(closed).toBe(false)
    await stage.pass(200)
    expect(closed).toBe(true)
    expect(stage.adapter.connections).toBe(0)
    expect(stage.hub.wheel.size).toBe(0)
  })
})

describe('a POST beside a stream', () => {
  async function opened(options: HttpStageOptions = NEVER): Promise<Listener> {
    const listener = await httpStage(options).listen()
    await listener.heard()
    return listener
  }

  it('is answered with no content; what it asked for comes in the stream', async () => {
    const listener = await opened()
    const body = { seq: 1, messages: ['{"op":"ping","id":1}', '{"op":"ping","id":2}'] }
    const response = await listener.post(body)
    expect([response.status, await response.text()]).toEqual([204, ''])
    expect(await listener.messages()).toEqual([
      { op: 'pong', id: 1 },
      { op: 'pong', id: 2 },
    ])
  })

  it('is taken whatever its content type is', async () => {
    const listener = await opened()
    for (const type of ['text/plain', 'application/json', 'image/png']) {
      const ask = { headers: { 'content-type': type } }
      expect((await listener.post({ messages: ['{"op":"ping"}'] }, ask)).status).toBe(204)
    }
    expect(await listener.messages()).toHaveLength(3)
  })

  it('of a session that there is not is answered 404', async () => {
    const stage = httpStage()
    for (const session of ['', 'x', '__proto__', 'constructor', 'a'.repeat(24)]) {
      const response = await stage.ask(`/sse?session=${session}`, { method: 'POST', body: {} })
      expect([session, response.status]).toEqual([session, 404])
    }
    expect((await stage.ask('/sse', { method: 'POST', body: {} })).status).toBe(404)
  })

  it.each([
    ['nothing', ''],
    ['no JSON', '{"messages":["{\\"op\\":\\"ping\\"}"]'],
    ['a list', ['{"op":"ping"}']],
    ['null', 'null'],
    ['a message that is an object', { messages: ['{"op":"ping"}', { op: 'ping' }] }],
    ['a message that is null', { messages: ['{"op":"ping"}', null] }],
    ['bytes that are no base64', { messages: ['{"op":"ping"}', { bytes: '***' }] }],
    ['bytes that are no text', { messages: [{ bytes: 7 }] }],
    ['messages that are no list', { messages: '{"op":"ping"}' }],
    ['a number below 1', { seq: 0, messages: ['{"op":"ping"}'] }],
    ['a broken number', { seq: 1.5, messages: ['{"op":"ping"}'] }],
    ['a number in quotes', { seq: '1', messages: ['{"op":"ping"}'] }],
    ['an end without an object', { close: true, messages: ['{"op":"ping"}'] }],
    ['a close code that is none', { close: { code: 99 }, messages: ['{"op":"ping"}'] }],
    ['a reason that is no text', { close: { code: 1000, reason: 1 }, messages: ['{"op":"ping"}'] }],
    ['a poll', { poll: 0, seq: 1, messages: ['{"op":"ping"}'] }],
    ['a poll that ends it', { poll: 0, close: { code: 1000 } }],
  ])('with %s in it is answered 400, and nothing of it is taken', async (_what, body) => {
    const listener = await opened()
    const response = await listener.post(body)
    expect(response.status).toBe(400)
    expect(await response.text()).toMatch(/\w/)
    expect(await listener.messages()).toEqual([])
    expect(listener.end).toBeUndefined()
    // Its number is free.
    await listener.post({ seq: 1, messages: ['{"op":"ping"}'] })
    expect(await listener.messages()).toEqual([{ op: 'pong' }])
  })

  it('that is too large is answered 413, before it was read to its end', async () => {
    const listener = await opened({ ...NEVER, maxMessageBytes: 1_000 })
    let read = 0
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        read++
        controller.enqueue(new TextEncoder().encode('x'.repeat(10_000)))
      },
    })
    const request = new Request(`http://host/sse?session=${listener.session}`, {
      method: 'POST',
      body: endless,
      duplex: 'half',
    } as RequestInit)
    const response = await listener.stage.adapter(request)
    expect(response.status).toBe(413)
    expect(read).toBeLessThan(12)
    expect(await listener.messages()).toEqual([])
  })

  it('may have a message in it that is as large as messages may be', async () => {
    const listener = await opened({ ...NEVER, maxMessageBytes: 100_000 })
    const message = JSON.stringify({ op: 'ping', more: '"'.repeat(49_900) })
    expect((await listener.post({ messages: [message] })).status).toBe(204)
    expect(await listener.messages()).toEqual([{ op: 'pong' }])
  })

  it('whose message is too large ends the session', async () => {
    const listener = await opened({ ...NEVER, maxMessageBytes: 1_000 })
    await listener.post({ messages: ['x'.repeat(1_001)] })
    expect((await listener.heard()).at(-1)).toMatchObject({
      event: 'close',
      data: '{"code":1009,"reason":"too-large"}',
    })
    expect((await listener.post({})).status).toBe(404)
  })

  it('is taken once, however often it comes', async () => {
    const listener = await opened()
    const first = { seq: 1, messages: ['{"op":"ping","id":1}'] }
    const second = { seq: 2, messages: ['{"op":"ping","id":2}'] }
    for (const body of [first, first, second, first, second]) {
      expect((await listener.post(body)).status).toBe(204)
    }
    expect(await listener.messages()).toEqual([
      { op: 'pong', id: 1 },
      { op: 'pong', id: 2 },
    ])
  })

  it('is told by its session alone: another has its own numbers', async () => {
    const stage = httpStage(NEVER)
    const [ann, ben] = [await stage.listen(), await stage.listen()]
    await Promise.all([ann.heard(), ben.heard()])
    await ann.say({ op: 'ping', id: 'ann' })
    await ben.say({ op: 'ping', id: 'ben' })
    expect(await ann.messages()).toEqual([{ op: 'pong', id: 'ann' }])
    expect(await ben.messages()).toEqual([{ op: 'pong', id: 'ben' }])
  })

  it('may say that the client goes, after its last words', async () => {
    const stage = httpStage(withPresence)
    const listener = await stage.listen('/sse?token=ann')
    let said: unknown
    stage.gateway.on('last', (_client, { data }) => void (said = data))
    const response = await listener.post({
      seq: 1,
      messages: ['{"op":"call","method":"last","data":"words"}'],
      close: { code: 4321, reason: 'enough' },
    })
    expect(response.status).toBe(204)
    expect(said).toBe('words')
    expect(stage.gone).toMatchObject([{ code: 4321, reason: 'enough' }])
    await stage.rest()
    expect(listener.end).toBe('closed')
    expect(stage.hub.wheel.size).toBe(0)
    expect((await listener.post({})).status).toBe(404)
  })

  it('carries bytes where the protocol has any', async () => {
    const stage = httpStage({ ...NEVER, protocols: { '/': plain() } })
    const received: unknown[] = []
    stage.gateway.onMessage((client, { binary }) => {
      received.push(binary)
      client.client.send(Uint8Array.of(0, 255, 10))
    })
    const listener = await stage.listen()
    await listener.heard()
    await listener.post({ messages: [{ bytes: Buffer.from([1, 0, 254]).toString('base64') }] })
    await stage.rest()
    expect(received).toEqual([Uint8Array.of(1, 0, 254)])
    expect(await listener.heard()).toMatchObject([{ event: 'binary', data: 'AP8K' }])
  })
})

describe('an EventSource alone', () => {
  it('is subscribed to the channels that its URL names', async () => {
    const stage = httpStage(NEVER)
    const listener = await stage.listen('/sse?channels=orders,news,,orders')
    expect((await listener.messages()).slice(1)).toEqual([
      { op: 'ok', channel: 'orders' },
      { op: 'ok', channel: 'news' },
    ])
    stage.hub.broadcast('news', '"extra"', { event: 'headline' })
    expect(await listener.messages()).toEqual([
      { op: 'msg', channel: 'news', event: 'headline', data: 'extra' },
    ])
    await listener.cancel()
    expect(stage.hub.channels()).toEqual([])
  })

  it('is asked for its rights like everybody', async () => {
    const stage = httpStage({
      ...NEVER,
      hub: { authorizer: ({ channel }) => channel === 'private-a' && { allowed: true } },
    })
    const listener = await stage.listen('/sse?channels=private-a,private-b,%20')
    const [, ...answers] = (await listener.messages()) as { op: string; channel?: string; code?: string }[]
    expect(new Set(answers.map(({ op, channel, code }) => `${op} ${channel} ${code}`))).toEqual(
      new Set(['err   bad-name', 'err private-b unauthorized', 'ok private-a undefined']),
    )
    expect(stage.hub.channels()).toEqual(['private-a'])
  })

  it('is in presence channels as the user it is', async () => {
    const stage = httpStage({ ...NEVER, ...withPresence })
    await stage.listen('/sse?token=ann&channels=presence-room')
    expect(stage.hub.presence('presence-room')).toEqual([{ id: 'ann' }])
  })

  it('is the only one: polls and sockets say it themselves', async () => {
    const stage = httpStage(NEVER)
    await stage.poller('/poll?channels=orders')
    await stage.visit({ query: { channels: 'orders' } })
    expect(stage.hub.channels()).toEqual([])
  })

  it('never answers a ping, and stays', async () => {
    const stage = httpStage()
    const listener = await stage.listen('/sse?channels=orders')
    await stage.pass(300_000)
    expect(listener.end).toBeUndefined()
    expect(stage.hub.channelCount('orders')).toBe(1)
  })
})

describe('on a host that cuts connections', () => {
  it('a stream says something, and a poll returns, in half the time', async () => {
    const stage = httpStage(NEVER)
    const info = { idleTimeoutMs: 4_000 }
    const stream = await stage.adapter(new Request('http://host/sse'), info)
    const reader = stream.body?.getReader()
    let comments = 0
    const read = async (): Promise<void> => {
      for (;;) {
        const { done, value } = (await reader?.read()) ?? { done: true, value: undefined }
        if (done) return
        if (new TextDecoder().decode(value) === ':\n\n') comments++
      }
    }
    void read()
    const opened = await stage.adapter(new Request('http://host/poll', { method: 'POST' }), info)
    const { session } = (await opened.json()) as { session: string }
    const ask = (poll: number): Promise<Response> => {
      const body = JSON.stringify({ poll })
      return stage.adapter(new Request(`http://host/poll?session=${session}`, { method: 'POST', body }), info)
    }
    const welcome = ask(0)
    await stage.rest()
    expect((await welcome).status).toBe(200)
    let empty: unknown
    void ask(1).then(async (response) => (empty = await response.json()))
    await stage.rest()
    await stage.pass(1_800)
    expect([comments, empty]).toEqual([0, undefined])
    await stage.pass(400)
    expect([comments, empty]).toEqual([1, { messages: [] }])
    await stage.pass(2_000)
    expect(comments).toBe(2)
  })
})

describe('what waits', () => {
  it('counts as it is written, with its escapes', async () => {
    const stage = httpStage({ protocols: { '/': plain() } })
    const stream = await stage.listen()
    stream.stall()
    // A carriage return makes it a string in JSON.
    const [client] = stage.hub.clients()
    for (let time = 0; time < 3; time++) client?.send(`\r${'"'.repeat(20_000)}`)
    await stage.rest()
    const { outbound } = stage.hub.budgets
    expect(outbound.used).toBeGreaterThanOrEqual(2 * 40_000)
    await stream.cancel()
    expect(outbound.used).toBe(0)
  })
})
