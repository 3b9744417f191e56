import type { Browser, WebSocketRoute } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'

import { type Server, startServer, stopAll } from '../server/fanfare.ts'
import { startChromium } from './chromium.ts'
import { wsPeer } from '../support/ws-peer.ts'
import { Visitor, type VisitorOptions } from './visitor.ts'

// Two browsers and a server on a machine that may have other things to do.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

let browser: Browser
beforeAll(async () => {
  browser = await startChromium()
})
afterAll(async () => {
  await browser?.close()
  await stopAll()
})

let server: Server
beforeEach(async () => {
  server = await start()
})
afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()))
  await stopAll()
})

const start = (port = 0): Promise<Server> =>
  startServer(['--demo', '--rate-limit', '0', '--port', String(port)])

async function restart(signal: 'SIGTERM' | 'SIGKILL', meanwhile: () => Promise<unknown>): Promise<void> {
  server.kill(signal)
  await server.ended
  await meanwhile()
  server = await start(server.port)
}

const arrive = (name: string, options?: VisitorOptions): Promise<Visitor> =>
  Visitor.arrives(browser, server.url, name, options)

async function inRoom(...names: string[]): Promise<Visitor[]> {
  const visitors: Visitor[] = []
  for (const name of names) {
    const visitor = await arrive(name)
    await visitor.joins()
    visitors.push(visitor)
  }
  return visitors
}

describe('two people with the page open', () => {
  it('join, see each other, talk; one leaves and the other sees it', async () => {
    const [ada, ben] = await inRoom('Ada', 'Ben')
    await ada!.sees('Ada', 'Ben')
    await ben!.sees('Ada', 'Ben')
    await ada!.reads('Ben joined')
    await ada!.says('Hello Ben')
    await ben!.reads('Hello Ben')
    await ben!.says('Hello Ada')
    await ada!.reads('Hello Ada')
    await ada!.reads('Hello Ben')
    await ben!.closes()
    await ada!.sees('Ada')
    await ada!.reads('Ben left')
    expect([...ada!.complaints, ...ben!.complaints]).toEqual([])
  })

  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    it(`come back by themselves when the server is restarted after ${signal}, and see each other again`, async () => {
      const [ada, ben] = await inRoom('Ada', 'Ben')
      await ada!.sees('Ada', 'Ben')
      await restart(signal, async () => {
        await ada!.isDisconnected()
        await ben!.isDisconnected()
        await ada!.says('Is anybody there?')
        await ada!.page.getByText('Not sent: there is no connection.').waitFor()
      })
      await ada!.isConnected()
      await ben!.isConnected()
      await ada!.sees('Ada', 'Ben')
      await ben!.sees('Ada', 'Ben')
      await ada!.reads('Back again. What was said in between is not here.')
      expect(await ada!.messageBox.inputValue()).toBe('Is anybody there?')
      await ada!.messageBox.press('Enter')
      await ben!.reads('Is anybody there?')
      expect([...ada!.complaints, ...ben!.complaints]).toEqual([])
    })
  }

  it('in different rooms hear nothing of each other', async () => {
    const [ada] = await inRoom('Ada')
    const ben = await arrive('Ben')
    await ben.joins('attic')
    await ben.says('Alone?')
    await ben.reads('Alone?')
    await ben.sees('Ben')
    await ada!.sees('Ada')
    expect(await ada!.messages.innerText()).not.toContain('Alone?')
    const carl = await Visitor.arrives(browser, ben.page.url(), 'Carl')
    await carl.joins()
    await ben.sees('Ben', 'Carl')
  })

  it('are one when they are two tabs of one browser with one name', async () => {
    const [ada, ben] = await inRoom('Ada', 'Ben')
    const tab = await ada!.anotherTab()
    await tab.joins()
    await tab.sees('Ada', 'Ben')
    await ben!.sees('Ada', 'Ben')
    await tab.closes()
    await ada!.says('Still here')
    await ben!.reads('Still here')
    await ben!.sees('Ada', 'Ben')
    expect(await ben!.messages.innerText()).not.toContain('Ada left')
  })
})

describe('the page', () => {
  it('is usable with a keyboard alone', async () => {
    const [ben] = await inRoom('Ben')
    const { page } = await arrive('Ada')
    const focused = (): Promise<string> =>
      page.evaluate(() => document.activeElement?.id || document.activeElement?.textContent?.trim() || '')
    expect(await focused()).toBe('name')
    await page.keyboard.type('Ada')
    await page.keyboard.press('Tab')
    expect(await focused()).toBe('room')
    await page.keyboard.press('Enter')
    await ben!.sees('Ada', 'Ben')
    await page.waitForFunction(() => document.activeElement?.id === 'message')
    await page.keyboard.type('one')
    await page.keyboard.press('Shift+Enter')
    await page.keyboard.type('two')
    await page.keyboard.press('Enter')
    await ben!.reads('one\ntwo')
    const order: string[] = []
    for (const _ of [1, 2, 3, 4]) {
      await page.keyboard.press('Tab')
      order.push(await focused())
    }
    expect(order).toEqual(['Send', 'wire-pause', 'wire-clear', 'wire-log'])
    for (const _ of [1, 2, 3, 4, 5, 6]) await page.keyboard.press('Shift+Tab')
    expect(await focused()).toBe('leave')
    const outline = await page.evaluate(() => getComputedStyle(document.activeElement!).outlineStyle)
    expect(outline).toBe('solid')
    await page.keyboard.press('Enter')
    await ben!.sees('Ben')
    expect(await focused()).toBe('room')
  })

  it('shows what others write as text, whatever it looks like', async () => {
    const [ada] = await inRoom('Ada')
    const eve = await arrive('<img src=x onerror=alert(1)>')
    await eve.joins()
    await ada!.sees('<img src=x onerror=alert(1)>', 'Ada')
    await eve.says('<script>alert(1)</script><b>bold</b>')
    await ada!.reads('<script>alert(1)</script><b>bold</b>')
    expect(await ada!.page.locator('#inside img, #inside script, #inside b, .wire img').count()).toBe(0)
    expect([...ada!.complaints, ...eve.complaints]).toEqual([])
  })

  it('shows the frames, the last 200 of them, without the key of this browser', async () => {
    const [ada] = await inRoom('Ada')
    await ada!.says('Hello')
    await ada!.reads('Hello')
    const shown = await ada!.frames.allInnerTexts()
    for (const op of ['welcome', 'sub', 'ok', 'call', 'msg']) {
      expect(shown.some((text) => text.includes(`"op":"${op}"`))).toBe(true)
    }
    expect(shown.find((text) => text.includes('"op":"sub"'))).toContain('"key":"•••"')
    const key = await ada!.page.evaluate(() => localStorage.getItem('fanfare.key'))
    expect(await ada!.page.content()).not.toContain(key)
    const before = await ada!.frames.count()
    await ada!.page.getByRole('button', { name: 'Pause' }).click()
    await ada!.says('While paused')
    await ada!.reads('While paused')
    expect(await ada!.frames.count()).toBe(before)
    await ada!.page.getByRole('button', { name: 'Pause' }).click()
    expect(await ada!.frames.count()).toBeGreaterThan(before)
    const peer = await wsPeer(`ws://127.0.0.1:${String(server.port)}/ws`)
    peer.send('{"op":"sub","channel":"presence-lobby","auth":{"data":{"name":"Ben"}}}')
    // What is published before the server said yes is refused.
    await ada!.sees('Ada', 'Ben')
    for (let n = 1; n <= 250; n++)
      peer.send(`{"op":"pub","channel":"presence-lobby","event":"n","data":${String(n)}}`)
    await ada!.frames.filter({ hasText: '"data":250' }).waitFor()
    expect(await ada!.frames.count()).toBe(200)
    peer.destroy()
  })

  it('tells of messages that were lost, and comes back no more when the server ends it for good', async () => {
    let line: WebSocketRoute | undefined
    const ada = await arrive('Ada', {
      prepare: (page) =>
        page.routeWebSocket(/\/ws$/, (route) => {
          route.connectToServer()
          line = route
        }),
    })
    await ada.joins()
    line!.send('{"op":"gap","channel":"presence-lobby","count":3,"reason":"slow"}')
    await ada.reads('3 messages were lost: slow')
    line!.send(
      '{"op":"members","channel":"presence-lobby","members":[{"id":"x","info":{"name":"Eve"}},{"id":7}]}',
    )
    await ada.sees('Eve', 'Somebody')
    line!.send('{"op":"unsub","channel":"presence-lobby","code":"removed"}')
    await ada.page.getByRole('alert').getByText('took you out of the room (removed)').waitFor()
    await ada.page.getByRole('button', { name: 'Join the room' }).click()
    await ada.sees('Ada')
    line!.send('{"op":"bye","code":"terminated","retry":false,"message":"closed by an administrator"}')
    await line!.close({ code: 4011, reason: 'terminated' })
    await ada.page.getByText('does not come back by itself: closed by an administrator.').waitFor()
    await ada.page.getByRole('button', { name: 'Connect again' }).click()
    await ada.isConnected()
    await ada.sees('Ada')
    expect(ada.complaints).toEqual([])
  })

  it('says why it does not get in, and where', async () => {
    const ada = await arrive('Ada')
    const join = ada.page.getByRole('button', { name: 'Join the room' })
    await join.click()
    await ada.page.getByRole('alert').getByText('Give a name').waitFor()
    await ada.page.getByLabel('Your name').fill('\u200b')
    await join.click()
    await ada.page.getByRole('alert').getByText('The server did not let you in').waitFor()
    await ada.page.getByLabel('Your name').fill('Ada')
    await ada.page.getByLabel('Room', { exact: true }).fill('¡olé!')
    await join.click()
    await ada.page.getByRole('alert').getByText('The name of a room').waitFor()
    await ada.joins('My Room')
    await ada.page.getByRole('heading', { name: 'my-room' }).waitFor()
    expect(ada.complaints).toEqual([])
  })

  it('is back in its room after a reload', async () => {
    const [ada, ben] = await inRoom('Ada', 'Ben')
    await ada!.page.reload()
    await ada!.sees('Ada', 'Ben')
    await ada!.says('Here again')
    await ben!.reads('Here again')
    await ada!.page.getByRole('button', { name: 'Leave' }).click()
    await ben!.sees('Ben')
    await ada!.page.reload()
    await ada!.page.getByRole('button', { name: 'Join the room' }).waitFor()
    expect([...ada!.complaints, ...ben!.complaints]).toEqual([])
  })

  it('waits at the door for a server that is not there yet', async () => {
    const ada = await arrive('Ada')
    await ada.isConnected()
    await restart('SIGKILL', async () => {
      await ada.isDisconnected()
      await ada.page.getByLabel('Your name').fill('Ada')
      await ada.page.getByRole('button', { name: 'Join the room' }).click()
      await ada.page.getByText('You will be let in as soon as there is a connection.').waitFor()
    })
    await ada.sees('Ada')
    expect(ada.complaints).toEqual([])
  })

  for (const [width, height] of [
    [360, 640],
    [768, 1024],
    [1280, 800],
  ] as const) {
    it(`fits on ${String(width)} by ${String(height)} pixels`, async () => {
      const ada = await arrive('Ada', { viewport: { width, height }, hasTouch: width < 700 })
      const sideways = (): Promise<number> =>
        ada.page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
      expect(await sideways()).toBe(0)
      await ada.joins()
      await ada.says('A long word: '.padEnd(300, 'x'))
      await ada.reads('A long word: '.padEnd(300, 'x'))
      expect(await sideways()).toBe(0)
      if (width > 720) {
        await ada.frames.first().waitFor()
        return
      }
      await ada.page.getByRole('button', { name: 'People' }).tap()
      await ada.people.getByText('Ada').waitFor()
      await ada.page.getByRole('button', { name: 'Frames' }).tap()
      await ada.frames.first().waitFor()
      expect(await sideways()).toBe(0)
      await ada.page.getByRole('button', { name: 'Chat' }).tap()
      await ada.messageBox.waitFor()
    })
  }
})
