import { describe, expect, it } from 'vitest'

import { httpStage, type HttpStage, type HttpStageOptions } from '../../support/http-stage.ts'

/** A request whose body comes piece by piece. */
interface Upload {
  readonly answer: Promise<Response>
  piece(text: string): Promise<void>
  end(): Promise<void>
  /** The status, once there is an answer. */
  status(): number | undefined
}

function upload(
  { adapter, rest }: HttpStage,
  target: string,
  headers: Record<string, string> = {},
  method = 'POST',
): Upload {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined
  let cancelled = false
  const body = new ReadableStream<Uint8Array>({
    start: (given) => void (controller = given),
    cancel: () => void (cancelled = true),
  })
  const request = new Request(`http://host${target}`, {
    method,
    headers,
    body,
    duplex: 'half',
  } as RequestInit)
  const answer = adapter(request)
  let status: number | undefined
  void answer.then((response) => (status = response.status))
  return {
    answer,
    status: () => status,
    async piece(text) {
      if (!cancelled) controller?.enqueue(new TextEncoder().encode(text))
      await rest()
    },
    async end() {
      if (!cancelled) controller?.close()
      await rest()
    },
  }
}

const KB = 1_024
const ping = JSON.stringify({ messages: ['{"op":"ping"}'] })

describe.each(['/sse', '/poll'])('a body of %s', (target) => {
  async function session(options: HttpStageOptions = {}): Promise<[HttpStage, string]> {
    const stage = httpStage(options)
    const { session: secret } = target === '/sse' ? await stage.listen() : await stage.poller()
    return [stage, `${target}?session=${secret}`]
  }

  it('is on the budget while it comes, and not afterwards', async () => {
    const [stage, at] = await session()
    const { inbound } = stage.hub.budgets
    const coming = upload(stage, at)
    await coming.piece(`{"messages":["${'x'.repeat(100 * KB)}`)
    expect(inbound.used).toBeGreaterThanOrEqual(100 * KB)
    expect(inbound.used).toBeLessThan(220 * KB)
    await coming.piece('"]}')
    await coming.end()
    // What was in it counts for a second, as garbage.
    await stage.pass(1_100)
    expect([coming.status(), inbound.used]).toEqual([204, 0])
  })

  it('that comes while another of the same session does is answered 409, and the other is taken', async () => {
    const [stage, at] = await session()
    const first = upload(stage, at)
    await first.piece(`{"messages":[${' '.repeat(100)}`)
    for (const body of [ping, ping.padEnd(5_000)]) {
      const second = await stage.ask(at, { method: 'POST', body })
      expect([second.status, second.headers.get('retry-after')]).toEqual([409, '1'])
    }
    const third = upload(stage, at)
    await third.piece(ping.padEnd(5_000))
    expect(third.status()).toBe(409)
    await first.piece(']}')
    await first.end()
    expect(first.status()).toBe(204)
    expect((await stage.ask(at, { method: 'POST', body: ping })).status).toBe(204)
  })

  it('of another session is nobody else’s business', async () => {
    const [stage, at] = await session()
    const first = upload(stage, at)
    await first.piece(' '.repeat(100))
    const other = await stage.poller()
    expect((await other.post({ messages: [] })).status).toBe(204)
    await first.piece('{}')
    await first.end()
    expect(first.status()).toBe(204)
  })

  it('has 10 s from its first byte to its last, however it trickles', async () => {
    const [stage, at] = await session()
    const coming = upload(stage, at)
    for (let second = 0; second < 9; second++) {
      await coming.piece('{'.padEnd(200))
      await stage.pass(1_000)
    }
    expect(coming.status()).toBeUndefined()
    await stage.pass(1_200)
    expect(coming.status()).toBe(408)
    expect((await coming.answer).headers.get('connection')).toBe('close')
    expect(stage.hub.budgets.inbound.used).toBe(0)
    expect((await stage.ask(at, { method: 'POST', body: ping })).status).toBe(204)
  })

  it('has as long as the option says', async () => {
    const [stage, at] = await session({ messageTimeoutMs: 1_000 })
    const coming = upload(stage, at)
    await stage.pass(1_200)
    expect(coming.status()).toBe(408)
  })

  it('that is the largest of too much is given up, with its session', async () => {
    const hub = { budgets: { inbound: 400 * KB } }
    const [stage, at] = await session({ hub })
    const other = await stage.poller()
    const large = upload(stage, at)
    await large.piece('x'.repeat(300 * KB))
    const small = upload(stage, `/poll?session=${other.session}`)
    await small.piece(`{"messages":[${' '.repeat(150 * KB)}`)
    expect(large.status()).toBe(429)
    expect((await large.answer).headers.get('connection')).toBe('close')
    await small.piece(']}')
    await small.end()
    expect(small.status()).toBe(204)
    await stage.rest()
    expect(stage.gone).toMatchObject([{ why: 'rate', code: 4102 }])
    expect(stage.hub.budgets.inbound).toMatchObject({ used: 0, evictions: 1 })
  })

  it('in crumbs is not read to its end', async () => {
    const [stage, at] = await session()
    const coming = upload(stage, at)
    for (let piece = 0; piece < 400 && coming.status() === undefined; piece++) await coming.piece(' ')
    expect(coming.status()).toBe(400)
    expect(await (await coming.answer).text()).toMatch(/small pieces/)
  })

  it('that is larger than may be is refused before it has come', async () => {
    const [stage, at] = await session({ maxMessageBytes: 1_000 })
    const said = upload(stage, at, { 'content-length': '100000' })
    await stage.rest()
    const unsaid = upload(stage, at)
    await unsaid.piece('x'.repeat(100_000))
    for (const { answer, status } of [said, unsaid]) {
      expect(status()).toBe(413)
      expect((await answer).headers.get('connection')).toBe('close')
    }
    expect(stage.hub.budgets.inbound.used).toBe(0)
  })

  it.each([
    ['deep', '['.repeat(1_000_000), 400],
    ['deep in a member', `{"x":${'{"x":'.repeat(200_000)}`, 400],
    ['of many values', `{"messages":[${'0,'.repeat(500_000)}0]}`, 413],
    ['of many members', `{${'"a":0,'.repeat(160_000)}"a":0}`, 413],
    ['of many messages', `{"messages":[${'"{}",'.repeat(200_000)}"{}"]}`, 413],
  ])('%s is refused before anything parses it', async (_name, body, status) => {
    const [stage, at] = await session()
    const parse = JSON.parse
    let parsed = 0
    JSON.parse = (text: string, ...more) => {
      parsed = Math.max(parsed, text.length)
      return parse(text, ...more) as unknown
    }
    try {
      expect((await stage.ask(at, { method: 'POST', body })).status).toBe(status)
    } finally {
      JSON.parse = parse
    }
    expect(parsed).toBeLessThan(1_000)
  })

  it('may bring what clients of good will bring: brackets and commas in messages are none of its own', async () => {
    const [stage, at] = await session({ rateLimit: { messages: { rate: 0, burst: 1 } } })
    const deep = JSON.stringify({ op: 'ping', x: JSON.parse('['.repeat(20) + ']'.repeat(20)) as unknown })
    const text = JSON.stringify({ op: 'ping', x: `\\"[{,`.repeat(2_000) })
    const messages = [deep, text, ...Array.from({ length: 4_000 }, () => '{"op":"ping"}')]
    expect((await stage.ask(at, { method: 'POST', body: { messages } })).status).toBe(204)
    expect(stage.gateway.stats().received.messages).toBe(4_002)
  })

  it.each([
    ['that is no such body', 'nonsense', 400],
    ['with nothing in it', '{}', 204],
    ['that was taken already', '{"seq":1,"messages":["{}"]}', 204],
    ['that is too large', 'x'.repeat(70_000), 413],
  ])('%s counts like a message', async (_name, body, status) => {
    const rateLimit = { messages: { rate: 1, burst: 5 }, strikes: 3 }
    const [stage, at] = await session({ rateLimit, maxMessageBytes: 1_000 })
    await stage.ask(at, { method: 'POST', body: { seq: 1, messages: [] } })
    const statuses: number[] = []
    for (let time = 0; time < 7; time++) statuses.push((await stage.ask(at, { method: 'POST', body })).status)
    expect(statuses).toEqual([status, status, status, status, 429, 429, 429])
    await stage.rest()
    expect(stage.gone).toMatchObject([{ why: 'rate' }])
  })

  it('is waited for with a time, and then taken again', async () => {
    const [stage, at] = await session({ rateLimit: { messages: { rate: 0.5, burst: 1 } } })
    await stage.ask(at, { method: 'POST', body: '{}' })
    const refused = await stage.ask(at, { method: 'POST', body: '{}' })
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '2'])
    await stage.pass(2_000)
    expect((await stage.ask(at, { method: 'POST', body: '{}' })).status).toBe(204)
  })
})

describe('polls', () => {
  it('are asked beside what is said, and beside each other', async () => {
    const stage = httpStage()
    const poller = await stage.poller()
    const at = `/poll?session=${poller.session}`
    const coming = upload(stage, at)
    await coming.piece(`{"messages":[${' '.repeat(100)}`)
    const first = await poller.poll(0)
    expect(first.answer?.n).toBe(1)
    const second = await poller.poll(1)
    await coming.piece('"{\\"op\\":\\"ping\\"}"]}')
    await coming.end()
    expect(coming.status()).toBe(204)
    expect(second.answer?.messages).toEqual(['{"op":"pong"}'])
  })

  it('that acknowledge what came do not count, others do', async () => {
    const rateLimit = { messages: { rate: 0.001, burst: 3 } }
    const stage = httpStage({ mount: { pollTimeMs: 0 }, rateLimit })
    const poller = await stage.poller()
    await poller.poll(0)
    for (let ack = 1; ack < 20; ack++) {
      stage.gateway.broadcast('news', ack)
      expect((await poller.poll(ack)).status).toBe(200)
    }
    for (let time = 0; time < 3; time++) await poller.poll(20)
    expect((await poller.poll(20)).status).toBe(429)
  })
})

describe('a body without a session', () => {
  it('is read as far as it is small, on the budget and in time', async () => {
    const stage = httpStage()
    const coming = upload(stage, '/poll')
    await coming.piece('x'.repeat(1_000))
    expect(stage.hub.budgets.inbound.used).toBeGreaterThan(1_000)
    expect(stage.hub.count()).toBe(0)
    await coming.end()
    expect([coming.status(), stage.hub.count(), stage.hub.budgets.inbound.used]).toEqual([200, 1, 0])
    const late = upload(stage, '/poll')
    await stage.pass(10_200)
    expect(late.status()).toBe(408)
    const large = upload(stage, '/poll')
    await large.piece('x'.repeat(70_000))
    expect(large.status()).toBe(413)
    expect([stage.hub.count(), stage.hub.budgets.inbound.used]).toEqual([1, 0])
  })

  it('is given up like any other when too much comes', async () => {
    const stage = httpStage({ hub: { budgets: { inbound: 100 * KB } } })
    const first = upload(stage, '/poll')
    await first.piece('x'.repeat(50 * KB))
    const second = upload(stage, '/poll')
    await second.piece('x'.repeat(60 * KB))
    expect([first.status(), second.status()].filter((status) => status === 429)).toHaveLength(1)
  })

  it.each([
    ['GET', '/sse', 400],
    ['PUT', '/sse', 405],
    ['OPTIONS', '/poll', 204],
    ['POST', '/elsewhere', 404],
    ['POST', '/poll?session=none', 404],
    ['POST', '/sse', 404],
  ])('of a %s for %s ends the connection unless it is small', async (method, target, status) => {
    const stage = httpStage()
    for (const [name, value, end] of [
      ['content-length', '70000', true],
      ['transfer-encoding', 'chunked', true],
      // Nobody would read it as long as the stream lasts.
      ['content-length', '100', method === 'GET'],
    ] as const) {
      // A Request cannot have a body with GET, but hosts make such of what comes.
      const response = await stage.ask(target, { method, headers: { [name]: value } })
      expect([response.status, response.headers.get('connection')]).toEqual([status, end ? 'close' : null])
    }
    expect(stage.hub.count()).toBe(0)
  })
})
