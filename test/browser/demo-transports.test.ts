import { fileURLToPath } from 'node:url'

import type { Browser, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'

import { type Server, startServer, stopAll } from '../server/fanfare.ts'
import { startChromium } from './chromium.ts'
import { Visitor } from './visitor.ts'

// The page where not everything gets through, on each of the adapters.

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const BIN = fileURLToPath(new URL('../../node_modules/.bin', import.meta.url))
const environment = { PATH: `${BIN}:${process.env['PATH'] ?? ''}` }

let browser: Browser
beforeAll(async () => {
  browser = await startChromium()
})
afterAll(() => browser?.close())
afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()))
  await stopAll()
})

const start = (adapter: string, port = 0): Promise<Server> =>
  startServer(['--demo', '--rate-limit', '0', '--adapter', adapter, '--port', String(port)], { environment })

type Block = (page: Page) => Promise<unknown>

const nothing: Block = () => Promise.resolve()
/** As with a policy that forbids it. */
const webSocketThrows: Block = (page) =>
  page.addInitScript(() => {
    window.WebSocket = class {
      constructor() {
        throw new Error('blocked')
      }
    } as unknown as typeof WebSocket
  })
/** As with a proxy that refuses the upgrade. */
const webSocketFails: Block = (page) =>
  page.routeWebSocket(/\/ws$/, (route) => void route.close({ code: 1006 }).catch(() => {}))
/** As with a proxy that takes everything and hands on nothing. */
const webSocketHangs: Block = (page) => page.routeWebSocket(/\/ws$/, () => {})
const noSse: Block = (page) => page.route(/\/sse(\?|$)/, (route) => route.abort())

const both =
  (...blocks: readonly Block[]): Block =>
  async (page) => {
    for (const block of blocks) await block(page)
  }

const arrive = async (server: Server, name: string, block: Block): Promise<Visitor> => {
  const visitor = await Visitor.arrives(browser, server.url, name, {
    prepare: async (page) => void (await block(page)),
  })
  await visitor.joins()
  return visitor
}

/** Whether the page says that it is connected this way. */
const isOn = (visitor: Visitor, way: string): Promise<void> =>
  visitor.page.locator('#state-word', { hasText: `Connected · ${way}` }).waitFor()

/** What is blocked, or not there for a while, the browser complains about: that is no mistake of the page. */
const mistakes = ({ complaints }: Visitor): readonly string[] =>
  complaints.filter((text) => !text.includes('net::ERR_'))

async function talk(ada: Visitor, ben: Visitor): Promise<void> {
  await ada.sees('Ada', 'Ben')
  await ben.sees('Ada', 'Ben')
  await ada.reads('Ben joined')
  await ada.says('Hello Ben')
  await ben.reads('Hello Ben')
  await ben.says('Hello Ada')
  await ada.reads('Hello Ada')
}

describe.each(['ws', 'bun', 'fastify'])('the page, served with --adapter %s', (adapter) => {
  it.each([
    ['WebSocket', 'nothing is blocked', nothing],
    ['SSE', 'WebSocket is blocked', webSocketThrows],
    ['long poll', 'WebSocket and server-sent events are blocked', both(webSocketThrows, noSse)],
  ])('takes %s where %s', async (way, _when, block) => {
    const server = await start(adapter)
    const [ada, ben] = [await arrive(server, 'Ada', block), await arrive(server, 'Ben', block)]
    await isOn(ada, way)
    await isOn(ben, way)
    await talk(ada, ben)
    const frames = await ben.frames.allInnerTexts()
    for (const op of ['welcome', 'sub', 'ok', 'call', 'msg']) {
      expect(frames.filter((text) => text.includes(`"op":"${op}"`)).length).toBeGreaterThan(0)
    }
    await ben.page.getByRole('button', { name: 'Leave' }).click()
    await ada.sees('Ada')
    await ada.reads('Ben left')
    expect([...mistakes(ada), ...mistakes(ben)]).toEqual([])
  })
})

describe('the page', () => {
  it.each([
    ['fails', webSocketFails],
    ['hangs', webSocketHangs],
  ])('takes SSE where WebSocket %s, and tells of it among the frames', async (_how, block) => {
    const server = await start('ws')
    const [ada, ben] = [await arrive(server, 'Ada', block), await arrive(server, 'Ben', nothing)]
    await isOn(ada, 'SSE')
    await isOn(ben, 'WebSocket')
    await talk(ada, ben)
    const frames = await ada.frames.allInnerTexts()
    const notes = frames.filter((text) => /WebSocket:|SSE:/.test(text)).map((text) => text.trim())
    expect(notes[0]).toContain('WebSocket: connecting')
    expect(notes.at(-1)).toContain('SSE: connecting')
    expect(mistakes(ada)).toEqual([])
  })

  it.each([
    ['SSE', webSocketThrows],
    ['long poll', both(webSocketThrows, noSse)],
  ])('comes back by itself over %s when the server is restarted', async (way, block) => {
    const first = await start('ws')
    const [ada, ben] = [await arrive(first, 'Ada', block), await arrive(first, 'Ben', block)]
    await ada.sees('Ada', 'Ben')
    first.kill('SIGTERM')
    await first.ended
    await ada.isDisconnected()
    await start('ws', first.port)
    await isOn(ada, way)
    await isOn(ben, way)
    await ada.reads('Back again. What was said in between is not here.')
    await ada.sees('Ada', 'Ben')
    await ada.says('Here again')
    await ben.reads('Here again')
    expect([...mistakes(ada), ...mistakes(ben)]).toEqual([])
  })

  it.each([
    ['SSE', webSocketThrows],
    ['long poll', both(webSocketThrows, noSse)],
  ])(
    'says goodbye over %s when it is closed, and is there again when it is loaded again',
    async (_way, block) => {
      const server = await start('ws')
      const [ada, ben] = [await arrive(server, 'Ada', block), await arrive(server, 'Ben', block)]
      await ada.sees('Ada', 'Ben')
      await ada.page.reload()
      await ada.sees('Ada', 'Ben')
      const began = performance.now()
      await ben.closes()
      await ada.sees('Ada')
      // Without a goodbye a session of long polls is kept for half a minute.
      expect(performance.now() - began).toBeLessThan(20_000)
      await ada.reads('Ben left')
      expect(mistakes(ada)).toEqual([])
    },
  )
})
