import { Gateway } from '@fanfare/core'
import { httpAdapter } from '@fanfare/http'
import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'

import { PollPeer } from '../../support/poll-peer.ts'
import { head, RawHttp, whole, chunk } from '../../support/raw-http.ts'
import { SsePeer } from '../../support/sse-peer.ts'
import { until } from '../../support/until.ts'

interface Stage {
  readonly gateway: Gateway
  readonly port: number
  readonly url: string
}

/** A gateway in an application of Hono on Bun.serve, as the documentation has it, for the time of a test. */
async function served<T>(gateway: Gateway, use: (stage: Stage) => Promise<T>): Promise<T> {
  const http = httpAdapter(gateway, { path: '/live', pollTimeMs: 0 })
  const app = new Hono()
  app.all('/live/*', (c) => http(c.req.raw))
  const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: app.fetch })
  try {
    return await use({ gateway, port: server.port ?? 0, url: `http://127.0.0.1:${String(server.port)}/live` })
  } finally {
    for (const client of gateway.clients()) client.client.session.closed()
    await server.stop(true)
    await gateway.hub.close()
  }
}

const LARGE = 1_500_000

describe('Hono on Bun.serve', () => {
  it('cuts no stream and no poll in which nothing happens', async () => {
    await served(new Gateway(), async ({ gateway, url }) => {
      const [listener, poller] = [await SsePeer.open(url), await PollPeer.open(url)]
      await until(() => listener.received.length + poller.received.length === 2, 'the welcomes')
      const failed: unknown[] = []
      gateway.hub.on('disconnect', ({ why }) => failed.push(why))
      // Bun.serve cuts after 10 s, which it counts in steps of 4 s.
      await new Promise((resolve) => setTimeout(resolve, 14_500))
      expect([failed, listener.ended, poller.ended]).toEqual([[], undefined, undefined])
      gateway.broadcast('news', 1)
      await until(() => listener.received.length + poller.received.length === 4, 'the news')
      listener.destroy()
      await poller.left()
    })
  })

  it('goes on or ends after an early answer to a body', async () => {
    await served(new Gateway({ maxMessageBytes: 1_000 }), async ({ port, url }) => {
      const { session } = (await (await fetch(`${url}/poll`, { method: 'POST' })).json()) as {
        session: string
      }
      const body = 'x'.repeat(LARGE)
      const chunked = { 'transfer-encoding': 'chunked' }
      const chunks = chunk('x'.repeat(50_000)).repeat(20) + chunk('')
      for (const [status, request] of [
        [413, whole('POST', `/live/poll?session=${session}`, body)],
        [404, whole('POST', '/live/poll?session=none', body)],
        [413, whole('POST', '/live/poll', body)],
        [405, whole('PUT', '/live/poll', body)],
        [413, head('POST', `/live/poll?session=${session}`, chunked) + chunks],
        [404, head('POST', '/live/sse', chunked) + chunks],
      ] as const) {
        const raw = new RawHttp(port)
        raw.write(request + whole('OPTIONS', '/live/poll', ''))
        await until(
          () => raw.statuses.length === 2 || raw.closed,
          `${String(status)}, and what comes after it`,
        )
        expect([raw.statuses[0], raw.closed ? 204 : raw.statuses[1]]).toEqual([status, 204])
        raw.destroy()
      }
    })
  })

  it('answers a body that trickles with 408, and one of too many of a session with 409', async () => {
    await served(new Gateway({ messageTimeoutMs: 1_000 }), async ({ gateway, port, url }) => {
      const { session } = (await (await fetch(`${url}/poll`, { method: 'POST' })).json()) as {
        session: string
      }
      const unfinished = head('POST', `/live/poll?session=${session}`, { 'content-length': '1100000' })
      const raws = Array.from({ length: 20 }, () => new RawHttp(port))
      for (const raw of raws) raw.write(unfinished + ' '.repeat(1_000_000))
      await until(() => raws.every(({ statuses }) => statuses.length > 0), 'all answers')
      const statuses = raws.flatMap((raw) => raw.statuses).sort((a, b) => a - b)
      expect(statuses).toEqual([408, ...Array.from({ length: 19 }, () => 409)])
      expect(gateway.hub.budgets.inbound.used).toBe(0)
      for (const raw of raws) raw.destroy()
    })
  })
})
