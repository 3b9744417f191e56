import type { Browser } from 'playwright-core'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'

import { type Server, startServer, stopAll } from '../server/fanfare.ts'
import { RedisServer } from '../support/redis-server.ts'
import { startChromium } from './chromium.ts'
import { Visitor } from './visitor.ts'

// Two browsers and three servers on a machine that may have other things to do.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

let browser: Browser
let redis: RedisServer
beforeAll(async () => {
  browser = await startChromium()
  redis = await RedisServer.start()
})
afterEach(async () => {
  redis.resume()
  await Promise.all(browser.contexts().map((context) => context.close()))
  await stopAll()
})
afterAll(async () => {
  await browser?.close()
  await stopAll()
  await redis?.stop()
})

const start = (name: string): Promise<Server> =>
  startServer(['--demo', '--bus', redis.url, '--node-name', name, '--rate-limit', '0'])

/** Waits until the list of people has, of each, a name and a node. */
async function sees({ page }: Visitor, ...people: string[]): Promise<void> {
  await page.waitForFunction((wanted) => {
    const shown = [...document.querySelectorAll('#people-list .person')].map((each) =>
      ['.person-name', '.person-node'].map((part) => each.querySelector(part)?.textContent).join(' on '),
    )
    return JSON.stringify(shown.sort()) === JSON.stringify(wanted)
  }, people.toSorted())
}

describe('two people on two servers', () => {
  it('see each other, and where each is; talk; and see it when one leaves or the bus is down', async () => {
    const [one, two] = await Promise.all([start('one'), start('two')])
    const ada = await Visitor.arrives(browser, one.url, 'Ada')
    await ada.page.getByText('Node one · bus up').waitFor()
    await ada.joins()
    const ben = await Visitor.arrives(browser, two.url, 'Ben')
    await ben.joins()
    for (const visitor of [ada, ben]) await sees(visitor, 'Ada on one', 'Ben on two')
    await ada.reads('Ben joined')
    await ada.says('Hello Ben')
    await ben.reads('Hello Ben')
    await ben.says('Hello Ada')
    await ada.reads('Hello Ada')

    redis.pause()
    await ada.page.getByText('Node one · bus down: this node alone').waitFor()
    await ada.says('Is anybody there?')
    await ada.reads('Is anybody there?')
    await ada.reads('The bus is down: those on other nodes may not get that.')
    redis.resume()
    await ada.page.getByText('Node one · bus up').waitFor()
    for (const visitor of [ada, ben]) await sees(visitor, 'Ada on one', 'Ben on two')

    await ben.closes()
    await sees(ada, 'Ada on one')
    await ada.reads('Ben left')
    expect([...ada.complaints, ...ben.complaints]).toEqual([])
  })

  it('one of which dies: its people are gone after a while', async () => {
    const [one, two] = await Promise.all([start('one'), start('two')])
    const [ada, ben] = [
      await Visitor.arrives(browser, one.url, 'Ada'),
      await Visitor.arrives(browser, two.url, 'Ben'),
    ]
    await ada.joins()
    await ben.joins()
    await sees(ada, 'Ada on one', 'Ben on two')
    two.kill('SIGKILL')
    await sees(ada, 'Ada on one')
    await ada.reads('Ben left')
    expect(ada.complaints).toEqual([])
  })

  it('has room for the node on a phone', async () => {
    const one = await start('a-node-with-a-long-name-of-forty-letters')
    const ada = await Visitor.arrives(browser, one.url, 'Ada', { viewport: { width: 360, height: 640 } })
    await ada.page.getByText('· bus up').waitFor()
    const sideways = await ada.page.evaluate(
      () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
    )
    expect(sideways).toBe(0)
  })
})
