import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

import { Gateway, Hub } from '@fanfare/core'
import { attach } from '@fanfare/ws'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'

import { bundleOf } from '../client/support/bundle.ts'
import { until } from '../support/until.ts'
import { startChromium } from './chromium.ts'

// The client as a page gets it: bundled, minified, and on nothing but what a browser has.

let browser: Browser
let bundle: string
beforeAll(async () => {
  ;[browser, bundle] = await Promise.all([
    startChromium(),
    bundleOf(`export { FanfareClient } from '@fanfare/client'`),
  ])
})
afterAll(() => browser?.close())

const PAGE = `<!doctype html><title>client</title><link rel="icon" href="data:,"><script type="module">
  import { FanfareClient } from '/client.js'
  const log = (window.log = [])
  const client = (window.client = new FanfareClient('/ws', { backoff: { baseMs: 10, maxMs: 50 } }))
  client.on('state', ({ state }) => log.push(state))
  const room = (window.room = client.channel('presence-room', { getAuth: () => 'visitor' }))
  room.on('news', (data) => log.push(data))
  room.when('gap', ({ reason }) => log.push(reason))
  await client.connect()
  await room.subscribe()
  window.ready = true
</script>`

interface PageWindow {
  ready?: boolean
  log: unknown[]
  client: { state: string; call(name: string, data: unknown): Promise<unknown>; close(): void }
  room: { state: string; members: unknown[] }
}

async function site(port = 0) {
  const hub = new Hub({
    authorizer: ({ credentials }) => ({ allowed: true, member: { id: String(credentials) } }),
  })
  const gateway = new Gateway({ hub })
  gateway.on('double', (_client, { data }) => Number(data) * 2)
  const server = createServer(({ url }, response) => {
    const script = url === '/client.js'
    response.setHeader('content-type', script ? 'text/javascript' : 'text/html')
    response.end(script ? bundle : PAGE)
  })
  const attached = attach(gateway, server, { path: '/ws' })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  const close = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve))
    await attached.close()
    await hub.close()
    server.closeAllConnections()
    await closed
  }
  onTestFinished(close)
  return { hub, port: (server.address() as AddressInfo).port, close }
}

async function visit(port: number): Promise<{ page: Page; complaints: string[] }> {
  const context = await browser.newContext()
  onTestFinished(() => context.close())
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(String(error)))
  await page.goto(`http://127.0.0.1:${String(port)}/`)
  await page.waitForFunction(() => (window as unknown as PageWindow).ready)
  return { page, complaints }
}

const state = (page: Page): Promise<string> =>
  page.evaluate(() => (window as unknown as PageWindow).client.state)
const log = (page: Page): Promise<unknown[]> => page.evaluate(() => (window as unknown as PageWindow).log)

describe('in Chromium', () => {
  it('the client connects to its own server by a path, subscribes, hears and calls', async () => {
    const { hub, port } = await site()
    const { page, complaints } = await visit(port)
    await hub.publish({ channel: 'presence-room', event: 'news', data: '{"hello":"page"}' })
    await page.waitForFunction(() => (window as unknown as PageWindow).log.length === 3)
    expect(await log(page)).toEqual(['connecting', 'open', { hello: 'page' }])
    expect(await page.evaluate(() => (window as unknown as PageWindow).client.call('double', 21))).toBe(42)
    expect(await page.evaluate(() => (window as unknown as PageWindow).room.members)).toEqual([
      { id: 'visitor' },
    ])
    expect(complaints).toEqual([])
  })

  it('comes back after a restart of the server, and says what that may have cost', async () => {
    const first = await site()
    const { page, complaints } = await visit(first.port)
    await first.close()
    await page.waitForFunction(() => (window as unknown as PageWindow).client.state !== 'open')
    const second = await site(first.port)
    await page.waitForFunction(() => {
      const { client, room } = window as unknown as PageWindow
      return client.state === 'open' && room.state === 'subscribed'
    })
    await second.hub.publish({ channel: 'presence-room', event: 'news', data: '"again"' })
    await page.waitForFunction(() => (window as unknown as PageWindow).log.includes('again'))
    expect(await log(page)).toContain('reconnect')
    expect(complaints).toEqual([])
  })

  it('close() is a departure, and going away is one too', async () => {
    const { hub, port } = await site()
    const { page } = await visit(port)
    const other = await visit(port)
    await page.evaluate(() => (window as unknown as PageWindow).client.close())
    expect(await state(page)).toBe('closed')
    await until(() => hub.count() === 1, 'the one to leave')
    await other.page.close()
    await until(() => hub.count() === 0, 'the other to leave')
  })

  it('a page that was frozen finds its connection as it was', async () => {
    const { hub, port } = await site()
    const { page } = await visit(port)
    const session = await page.context().newCDPSession(page)
    await session.send('Page.setWebLifecycleState', { state: 'frozen' })
    await hub.publish({ channel: 'presence-room', event: 'news', data: '"meanwhile"' })
    await session.send('Page.setWebLifecycleState', { state: 'active' })
    await page.waitForFunction(() => (window as unknown as PageWindow).log.includes('meanwhile'))
    expect(await state(page)).toBe('open')
    expect(hub.count()).toBe(1)
  })

  it('leaves when its page is put into the cache for going back, and is there again', async () => {
    const { hub, port } = await site()
    const { page, complaints } = await visit(port)
    const members = (): number => hub.presence('presence-room')?.length ?? 0
    let left = 0
    hub.on('disconnect', () => left++)
    expect(members()).toBe(1)
    await page.evaluate(() => {
      const put = (type: string): unknown =>
        window.dispatchEvent(Object.assign(new Event(type), { persisted: true }))
      put('pagehide')
      // A page in the cache stands still: nothing of it runs until it is shown.
      const until = performance.now() + 1_500
      while (performance.now() < until);
      setTimeout(() => put('pageshow'), 500)
    })
    await until(() => left === 1 && members() === 1, 'the page to be back')
    expect(left).toBe(1)
    expect(await log(page)).toContain('waiting')
    expect(complaints).toEqual([])
  })
})
