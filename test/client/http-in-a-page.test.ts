import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

import { Gateway, Hub } from '@fanfare/core'
import { httpAdapter } from '@fanfare/http'
import { nodeListener } from '@fanfare/http/node'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'

import { startChromium } from '../browser/chromium.ts'
import { until } from '../support/until.ts'
import { bundleOf } from './support/bundle.ts'

// The transports over HTTP with the fetch of a browser, which is particular about more than that of Node.

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
  const mode = location.hash.slice(1) || 'auto'
  window.client = new FanfareClient('/ws', { mode, backoff: { baseMs: 10, maxMs: 50 } })
  await client.connect()
  window.ready = true
</script>`

interface PageWindow {
  ready?: boolean
  client: { state: string; call(name: string, data: unknown): Promise<unknown>; close(): void }
}

async function site() {
  const hub = new Hub()
  const gateway = new Gateway({ hub })
  gateway.on('echo', (_client, { data }) => data)
  const ends: unknown[] = []
  hub.on('disconnect', ({ code }) => ends.push(code))
  const adapter = httpAdapter(gateway, { path: '/ws', pollTimeMs: 5, sessionTimeoutMs: 2_000 })
  const serves = nodeListener(adapter)
  const asked: string[] = []
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0] ?? ''
    asked.push(request.headers.upgrade ? 'websocket' : `${String(request.method)} ${path}`)
    if (path.startsWith('/ws/')) serves(request, response)
    else {
      response.statusCode = path === '/ws' ? 404 : 200
      response.setHeader('content-type', path === '/client.js' ? 'text/javascript' : 'text/html')
      response.end(path === '/client.js' ? bundle : PAGE)
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    server.closeAllConnections()
    await adapter.close()
    await hub.close()
    await new Promise((resolve) => server.close(resolve))
  })
  const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}/`
  return { adapter, ends, asked, url }
}

async function visit(url: string): Promise<{ page: Page; complaints: string[] }> {
  const context = await browser.newContext()
  onTestFinished(() => context.close())
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(String(error)))
  await page.goto(url)
  await page.waitForFunction(() => (window as unknown as PageWindow).ready)
  return { page, complaints }
}

const echo = (page: Page, data: unknown): Promise<unknown> =>
  page.evaluate((said) => (window as unknown as PageWindow).client.call('echo', said), data)

describe('in a page', () => {
  it.each(['sse', 'poll'])('%s connects, calls, and says goodbye', async (mode) => {
    const { url, ends, asked, adapter } = await site()
    const { page, complaints } = await visit(`${url}#${mode}`)
    expect(await echo(page, 'é\r\n👋')).toBe('é\r\n👋')
    // No preflights.
    expect(asked.filter((each) => each.startsWith('OPTIONS'))).toEqual([])
    await page.evaluate(() => (window as unknown as PageWindow).client.close())
    await until(() => adapter.connections === 0, 'the end')
    expect([ends, complaints]).toEqual([[1000], []])
  })

  it('what took the place of WebSocket is remembered for the next page, and the page leaves nothing behind', async () => {
    const { url, asked, adapter } = await site()
    const { page } = await visit(url)
    expect(await echo(page, 1)).toBe(1)
    expect(asked.filter((each) => each === 'websocket').length).toBe(1)
    asked.length = 0
    await page.reload()
    await page.waitForFunction(() => (window as unknown as PageWindow).ready)
    expect(asked.filter((each) => each === 'websocket')).toEqual([])
    expect(asked).toContain('GET /ws/sse')
    await page.goto('about:blank')
    await until(() => adapter.connections === 0, 'the server to notice')
  })
})
