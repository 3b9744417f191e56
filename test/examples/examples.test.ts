import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'

import * as chat from '../../examples/chat/server.mjs'
import * as dashboard from '../../examples/dashboard/server.mjs'
import * as notifications from '../../examples/notifications/server.mjs'

interface Frame {
  readonly op: string
  readonly [member: string]: unknown
}

/** What has to be ended after a test, the last first. */
const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end()
})

/** A page's connection: says things, and waits for frames. */
class Page {
  readonly #ws: WebSocket
  readonly #frames: Frame[] = []
  #wake = (): void => {}

  constructor(url: string, query = '') {
    this.#ws = new WebSocket(`${url.replace('http', 'ws')}/ws${query}`)
    this.#ws.on('message', (data) => {
      this.#frames.push(JSON.parse((data as Buffer).toString()) as Frame)
      this.#wake()
    })
    this.#ws.on('error', () => this.#wake())
    ends.push(() => this.#ws.terminate())
  }

  say(frame: Frame): void {
    this.#ws.send(JSON.stringify(frame))
  }

  /** The next frame that is like this one; those before it are passed over. */
  async next(like: Partial<Frame>): Promise<Frame> {
    for (;;) {
      const at = this.#frames.findIndex((frame) =>
        Object.entries(like).every(([key, value]) => frame[key] === value),
      )
      if (at >= 0) return this.#frames.splice(0, at + 1).at(-1) as Frame
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  /** The HTTP status that the handshake was refused with. */
  refused(): Promise<number | undefined> {
    return new Promise((resolve) =>
      this.#ws.on('unexpected-response', (_request, { statusCode }) => resolve(statusCode)),
    )
  }
}

describe('the chat', () => {
  it('shows who is there, and lets them talk', async () => {
    const { url, close } = await chat.start(0)
    ends.push(close)
    const [ada, ben] = [new Page(url), new Page(url)]
    for (const [page, name] of [
      [ada, 'Ada'],
      [ben, 'Ben'],
    ] as const) {
      await page.next({ op: 'welcome' })
      page.say({ op: 'sub', id: 1, channel: 'presence-chat.lobby', auth: name })
      await page.next({ op: 'ok', id: 1 })
    }
    expect(await ada.next({ op: 'join' })).toMatchObject({ member: { info: { name: 'Ben' } } })
    ben.say({ op: 'call', id: 2, method: 'say', data: 'Hello!' })
    expect(await ada.next({ op: 'msg' })).toMatchObject({
      event: 'said',
      data: { name: 'Ben', text: 'Hello!' },
    })
    expect(await ben.next({ op: 'ok', id: 2 })).toMatchObject({ data: { delivered: 2 } })
  })

  it('lets nobody talk who has not come in', async () => {
    const { url, close } = await chat.start(0)
    ends.push(close)
    const stranger = new Page(url)
    await stranger.next({ op: 'welcome' })
    stranger.say({ op: 'call', id: 1, method: 'say', data: 'boo' })
    expect(await stranger.next({ op: 'err' })).toMatchObject({ id: 1, code: 'not-subscribed' })
  })
})

describe('the notifications', () => {
  it('reach a user on every page, and nobody else', async () => {
    const { url, close, login } = await notifications.start(0)
    ends.push(close)
    const pages = ['ada', 'ada', 'ben'].map((user) => ({
      user,
      page: new Page(url, `?token=${login(user) ?? ''}`),
    }))
    for (const { user, page } of pages) {
      await page.next({ op: 'welcome' })
      page.say({ op: 'sub', id: 1, channel: `private-user.${user}` })
      await page.next({ op: 'ok', id: 1 })
    }
    expect((await fetch(`${url}/notify?user=ada`, { method: 'POST', body: 'shipped' })).status).toBe(202)
    expect((await fetch(`${url}/notify?user=ben`, { method: 'POST', body: 'for Ben' })).status).toBe(202)
    expect(await Promise.all(pages.map(({ page }) => page.next({ op: 'msg' })))).toMatchObject([
      { data: { title: 'shipped' } },
      { data: { title: 'shipped' } },
      { data: { title: 'for Ben' } },
    ])
  })

  it('are refused to whoever has no token, and for the channel of somebody else', async () => {
    const { url, close, login } = await notifications.start(0)
    ends.push(close)
    expect(await new Page(url, '?token=guessed').refused()).toBe(401)
    const ben = new Page(url, `?token=${login('ben') ?? ''}`)
    await ben.next({ op: 'welcome' })
    ben.say({ op: 'sub', id: 1, channel: 'private-user.ada' })
    expect(await ben.next({ op: 'err' })).toMatchObject({ id: 1, code: 'unauthorized' })
  })
})

describe('the dashboard', () => {
  it('shows each figure again and again', async () => {
    const { url, close } = await dashboard.start(0)
    ends.push(close)
    const page = new Page(url)
    await page.next({ op: 'welcome' })
    page.say({ op: 'sub', id: 1, channel: 'dashboard' })
    const names = new Set<unknown>()
    for (let n = 0; n < 6; n++) names.add(((await page.next({ op: 'msg' }))['data'] as { name: string }).name)
    expect(names).toEqual(new Set(['memory', 'clients', 'uptime']))
  })
})

describe('each server', () => {
  it.each(['chat', 'notifications', 'dashboard'])('%s has fewer than 60 lines', (name) => {
    const source = readFileSync(new URL(`../../examples/${name}/server.mjs`, import.meta.url), 'utf8')
    expect(source.split('\n').length).toBeLessThan(60)
  })
})
