import { Gateway, type GatewayOptions, Hub, type HubOptions } from '@fanfare/core'
import { describe, expect, it, onTestFinished } from 'vitest'

import { HTTP_HOSTS, type StartHttpHost } from '../../support/http-hosts.ts'
import { chunk, head, RawHttp, whole } from '../../support/raw-http.ts'
import { until } from '../../support/until.ts'

const PAGE = 'https://app.example.com'

interface Stage {
  readonly hub: Hub
  readonly port: number
  readonly url: string
  /** A connection for the time of the test. */
  raw(text: string): RawHttp
  /** Opens a session for polls. */
  session(): Promise<string>
}

async function staged(
  start: StartHttpHost,
  options: Omit<GatewayOptions, 'hub'> = {},
  hubOptions: HubOptions = {},
): Promise<Stage> {
  const hub = new Hub(hubOptions)
  const gateway = new Gateway({ hub, ...options })
  const host = await start(gateway, { sessionTimeoutMs: 60_000 })
  const raws: RawHttp[] = []
  const sessions: string[] = []
  onTestFinished(async () => {
    for (const raw of raws) raw.destroy()
    // The adapter would wait for their last polls.
    const body = JSON.stringify({ close: {} })
    for (const target of sessions) await fetch(new URL(target, host.url), { method: 'POST', body })
    await host.close()
    await hub.close()
  })
  return {
    ...{ hub, port: host.port, url: host.url },
    raw(text) {
      const raw = new RawHttp(host.port)
      raws.push(raw)
      raw.write(text)
      return raw
    },
    async session() {
      const response = await fetch(`${host.url}/poll`, { method: 'POST' })
      const { session } = (await response.json()) as { session: string }
      sessions.push(`/live/poll?session=${session}`)
      return `/live/poll?session=${session}`
    },
  }
}

const NEXT = whole('OPTIONS', '/live/poll', '')
const LARGE = 1_500_000

describe.each(HTTP_HOSTS)('a kept connection of %s', (_name, start) => {
  /** Says something that is answered early, with all of its body, and then asks for something else. */
  async function afterwards({ raw }: Stage, request: string): Promise<number | undefined> {
    // Sent at once: what follows a body that nobody reads would be taken for more of it.
    const asked = raw(request + NEXT)
    await until(() => asked.statuses.length === 2 || asked.closed, 'the answer, and what comes after it')
    const [first, second] = asked.statuses
    expect(asked.closed || second === 204).toBe(true)
    return first
  }

  it.each([100, LARGE])('goes on or ends after each early answer to a body of %i bytes', async (size) => {
    const stage = await staged(start, { maxMessageBytes: 1_000, allowedOrigins: [PAGE] })
    const body = 'x'.repeat(size)
    const session = await stage.session()
    const origin = 'https://elsewhere.example.com'
    const tooLarge = size === LARGE
    for (const [status, request] of [
      [tooLarge ? 413 : 400, whole('POST', session, body)],
      [404, whole('POST', '/live/nothing', body)],
      [404, whole('POST', '/live/poll?session=none', body)],
      [404, whole('POST', '/live/sse', body)],
      [403, whole('POST', session, body, { origin })],
      [403, whole('OPTIONS', '/live/poll', body, { origin })],
      [204, whole('OPTIONS', '/live/poll', body, { origin: PAGE })],
      [400, whole('GET', '/live/sse', body)],
      [405, whole('GET', '/live/poll', body)],
      [tooLarge ? 413 : 204, whole(tooLarge ? 'POST' : 'OPTIONS', '/live/poll', body)],
    ] as const) {
      expect(await afterwards(stage, request)).toBe(status)
    }
  })

  it('goes on or ends after an answer to a body in chunks', async () => {
    const stage = await staged(start, { maxMessageBytes: 1_000 })
    const session = await stage.session()
    const chunked = { 'transfer-encoding': 'chunked' }
    const chunks = chunk('x'.repeat(50_000)).repeat(20) + chunk('')
    expect(await afterwards(stage, head('POST', session, chunked) + chunks)).toBe(413)
    expect(await afterwards(stage, head('POST', '/live/nothing', chunked) + chunks)).toBe(404)
    expect(await afterwards(stage, head('POST', '/live/poll', chunked) + chunks)).toBe(413)
  })

  it('goes on or ends after who comes is refused', async () => {
    const stage = await staged(start, { authenticate: () => undefined })
    expect(await afterwards(stage, whole('POST', '/live/poll', 'x'))).toBe(401)
    expect(await afterwards(stage, head('GET', '/live/sse'))).toBe(401)
  })

  it('that announces a body is answered before it comes, or after it came', async () => {
    const stage = await staged(start, { maxMessageBytes: 1_000 })
    const session = await stage.session()
    const expecting = { expect: '100-continue' }
    const large = stage.raw(head('POST', session, { 'content-length': '1000000', ...expecting }))
    await until(() => large.closed, 'the end')
    expect(large.statuses).toContain(413)
    const small = stage.raw(head('POST', session, { 'content-length': '2', ...expecting }))
    await until(() => small.statuses.includes(100), 'leave to go on')
    small.write('{}')
    await until(() => small.statuses.length === 2, 'the answer')
    expect(small.statuses).toEqual([100, 204])
  })

  it('with a body that does not end is cut', async () => {
    const stage = await staged(start, { maxMessageBytes: 1_000 })
    const session = await stage.session()
    for (const target of [session, '/live/poll', '/live/nothing']) {
      const endless = stage.raw(head('POST', target, { 'transfer-encoding': 'chunked' }))
      const timer = setInterval(() => endless.write(chunk('x'.repeat(10_000))), 5)
      await until(() => endless.closed, `the end of what goes to ${target}`)
      clearInterval(timer)
      expect(endless.statuses).toEqual([target.endsWith('nothing') ? 404 : 413])
    }
  })

  it('with a body that trickles is answered 408 and cut, with a session and without', async () => {
    const stage = await staged(start, { messageTimeoutMs: 500 })
    const session = await stage.session()
    for (const target of [session, '/live/poll']) {
      const slow = stage.raw(head('POST', target, { 'content-length': '10000' }))
      const timer = setInterval(() => slow.write(' '), 50)
      await until(() => slow.closed, `the end of what goes to ${target}`)
      clearInterval(timer)
      expect(slow.statuses).toEqual([408])
    }
    expect(stage.hub.budgets.inbound.used).toBe(0)
    // The session is as it was.
    expect((await fetch(new URL(session, stage.url), { method: 'POST', body: '{}' })).status).toBe(204)
  })
})

describe.each(HTTP_HOSTS)('bodies on their way to %s', (_name, start) => {
  const MEGABYTE = 1_000_000
  const unfinished = (target: string): string =>
    head('POST', target, { 'content-length': String(1.1 * MEGABYTE) }) + ' '.repeat(MEGABYTE)

  it('of one session are one, however many sockets it has', async () => {
    const stage = await staged(start)
    const session = await stage.session()
    const raws = Array.from({ length: 60 }, () => stage.raw(unfinished(session)))
    const answered = (): RawHttp[] => raws.filter(({ statuses }) => statuses.length > 0)
    await until(() => answered().length === 59, 'all but one')
    expect(answered().every(({ statuses }) => statuses[0] === 409)).toBe(true)
    expect(stage.hub.budgets.inbound.used).toBeLessThan(2.3 * MEGABYTE)
    expect(stage.hub.budgets.inbound.used).toBeGreaterThan(0)
    const [last] = raws.filter((raw) => !answered().includes(raw))
    last?.write(`{}${' '.repeat(0.1 * MEGABYTE - 2)}`)
    await until(() => last?.statuses[0] === 204, 'the one that was there first')
    expect(stage.hub.budgets.inbound.used).toBe(0)
  })

  it('of many sessions keep to the budget, the largest go first', async () => {
    const stage = await staged(start, {}, { budgets: { inbound: 8 * MEGABYTE } })
    const gone: string[] = []
    stage.hub.on('disconnect', ({ why }) => gone.push(why))
    let most = 0
    const raws: RawHttp[] = []
    for (let at = 0; at < 20; at++) {
      raws.push(stage.raw(unfinished(await stage.session())))
      most = Math.max(most, stage.hub.budgets.inbound.used)
    }
    const { inbound } = stage.hub.budgets
    const refused = (): RawHttp[] => raws.filter(({ statuses }) => statuses[0] === 429)
    await until(
      () =>
        inbound.evictions >= 10 &&
        refused().length === inbound.evictions &&
        gone.length === inbound.evictions,
      'the end of what was too much',
    )
    await until(() => refused().every(({ closed }) => closed), 'the end of their connections')
    expect(most).toBeLessThan(8.5 * MEGABYTE)
    expect(new Set(gone)).toEqual(new Set(['rate']))
  })
})
