import {
  type ClientOptions,
  fallback,
  type LinkEvents,
  poll,
  sse,
  type StorageLike,
  type Transport,
  websocket,
} from '@fanfare/client'
import { ManualClock } from '@fanfare/core/testing'
import { afterEach, describe, expect, it, vi } from 'vitest'

import { FanfareClient } from '@fanfare/client'
import { opened } from './support/link.ts'
import { eventOf, ScriptedFetch, SESSION, WELCOME } from './support/scripted-fetch.ts'
import { scriptedSockets } from './support/scripted-socket.ts'
import { stage } from './support/stage.ts'

/** What a transport does at each of its attempts; the last one is repeated. */
type Deed = 'works' | 'hangs' | 'throws' | readonly [code: number, reason?: string, status?: number]

interface Played extends Transport {
  events: LinkEvents | undefined
  closed: number
}

const tried: string[] = []
afterEach(() => {
  tried.length = 0
  vi.unstubAllGlobals()
})

function play(name: Transport['name'], ...deeds: Deed[]): Played {
  const played: Played = {
    name,
    events: undefined,
    closed: 0,
    open: (_url, events) => {
      tried.push(name)
      played.events = events
      const deed = (deeds.length > 1 ? deeds.shift() : deeds[0]) ?? 'hangs'
      if (deed === 'throws') throw new Error('not here')
      if (deed === 'works') void Promise.resolve().then(() => events.message(JSON.stringify(WELCOME)))
      else if (deed !== 'hangs')
        void Promise.resolve().then(() => events.closed(deed[0], deed[1] ?? '', deed[2]))
      return { send() {}, bufferedBytes: 0, close: () => void played.closed++ }
    },
  }
  return played
}

const DOWN: Deed = [1006]

/** A storage of a page, and what is in it. */
function storage(): StorageLike & { readonly kept: Map<string, string> } {
  const kept = new Map<string, string>()
  return {
    kept,
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  }
}

/** A round with these transports. */
async function round(transports: Transport[], more: Parameters<typeof opened>[1] = {}) {
  const scene = opened(fallback(transports), more)
  await scene.clock.settle()
  return scene
}

describe('one round', () => {
  it.each<[string, Deed[], tried: number, end: unknown]>([
    ['the first that works', ['works', 'works', 'works'], 1, undefined],
    ['the next one at once', [DOWN, 'works', 'works'], 2, undefined],
    ['the last one too', [DOWN, DOWN, 'works'], 3, undefined],
    ['after one that throws', ['throws', 'throws', 'works'], 3, undefined],
    ['an end that is ordinary is none here', [[1000], 'works', 'works'], 2, undefined],
    ['a word of the server ends it', [[4100, 'over-capacity'], 'works', 'works'], 1, [4100, 'over-capacity']],
    ['a status does not', [[4010, 'unauthorized', 401], 'works', 'works'], 2, undefined],
    ['all failed', [DOWN, DOWN, DOWN], 3, [1006, '']],
    ['all failed, one by throwing', [DOWN, DOWN, 'throws'], 3, [1006, '']],
    [
      'what is not served tells nothing of the server',
      [DOWN, [4000, 'not-found', 404], [4000, 'not-found', 404]],
      3,
      [1006, ''],
    ],
    [
      'a status beside other failures: later',
      [DOWN, [4009, 'forbidden', 403], [4009, 'forbidden', 403]],
      3,
      [4100, 'forbidden'],
    ],
    [
      'statuses alone are the last word',
      [
        [4000, 'not-found', 404],
        [4010, 'unauthorized', 401],
        [4009, 'forbidden', 403],
      ],
      3,
      [4009, 'forbidden'],
    ],
  ])('takes %s', async (_name, deeds, attempts, end) => {
    const names = ['websocket', 'sse', 'poll'] as const
    const { told, clock } = await round(deeds.map((deed, at) => play(names[at]!, deed)))
    clock.advance(0)
    clock.advance(0)
    await clock.settle()
    expect(tried).toEqual(names.slice(0, attempts))
    expect(told.filter((what) => what !== 'again')).toEqual([end ?? JSON.stringify(WELCOME)])
    expect(told.filter((what) => what === 'again').length).toBe(attempts - 1)
    expect(clock.timers).toBe(0)
  })

  it('does not wait for one that hangs, and does not hear it any more', async () => {
    const [first, second, third] = [play('websocket', 'hangs'), play('sse', 'hangs'), play('poll', 'hangs')]
    const { clock, told } = await round([first, second, third])
    clock.advance(4_999)
    expect(tried.length).toBe(1)
    clock.advance(1)
    expect([tried.length, first.closed]).toEqual([2, 1])
    first.events!.message('late')
    first.events!.closed(1006, '')
    clock.advance(5_000)
    expect([tried.length, second.closed, clock.timers]).toEqual([3, 1, 0])
    expect(told).toEqual(['again', 'again'])
  })

  it('ends with close(), and nothing comes after it', async () => {
    const first = play('websocket', 'hangs')
    const { clock, told, link } = await round([first, play('sse', 'works')])
    link.close()
    first.events!.closed(1006, '')
    expect([first.closed, clock.timers, tried, told]).toEqual([1, 0, ['websocket'], []])
  })

  it('that was won ends as that transport does', async () => {
    const first = play('websocket', 'works')
    const { told } = await round([first, play('sse', 'works')])
    first.events!.closed(1006, '')
    expect([told.at(-1), tried]).toEqual([[1006, ''], ['websocket']])
  })
})

describe('what is remembered', () => {
  const again = async (transport: Transport, clock: ManualClock, url?: string): Promise<string[]> => {
    tried.length = 0
    const { link } = opened(transport, { clock, ...(url !== undefined && { url }) })
    await clock.settle()
    link.close()
    return [...tried]
  }

  it('what worked goes first, alone at first; then the others follow', async () => {
    const clock = new ManualClock()
    const transport = fallback([play('websocket', DOWN), play('sse', 'works', DOWN), play('poll', DOWN)])
    expect(await again(transport, clock)).toEqual(['websocket', 'sse'])
    for (let attempt = 0; attempt < 3; attempt++) expect(await again(transport, clock)).toEqual(['sse'])
    expect(await again(transport, clock)).toEqual(['sse', 'websocket', 'poll'])
  })

  it('a server that is down for a moment does not cost its clients WebSocket', async () => {
    const clock = new ManualClock()
    const transport = fallback([play('websocket', 'works', DOWN, DOWN, 'works', DOWN), play('sse', 'works')])
    const rounds = [1, 2, 3, 4, 5, 6, 7]
    for (const each of rounds) expect([each, await again(transport, clock)]).toEqual([each, ['websocket']])
    expect(await again(transport, clock)).toEqual(['websocket', 'sse'])
  })

  it('for an hour from when it was found, however often it works meanwhile', async () => {
    const clock = new ManualClock()
    const transport = fallback([play('websocket', DOWN), play('sse', 'works')])
    await again(transport, clock)
    clock.advance(3_599_999)
    expect(await again(transport, clock)).toEqual(['sse'])
    clock.advance(1)
    expect(await again(transport, clock)).toEqual(['websocket', 'sse'])
  })

  it('until the network is another one', async () => {
    const clock = new ManualClock()
    const transport = fallback([play('websocket', DOWN), play('sse', 'works')])
    await again(transport, clock)
    transport.forget!()
    expect(await again(transport, clock)).toEqual(['websocket', 'sse'])
  })

  it('for each server by itself, without its token', async () => {
    const clock = new ManualClock()
    const transport = fallback([play('websocket', DOWN), play('sse', 'works')])
    await again(transport, clock, 'ws://a/ws?token=1')
    expect(await again(transport, clock, 'ws://a/ws?token=2')).toEqual(['sse'])
    expect(await again(transport, clock, 'ws://b/ws')).toEqual(['websocket', 'sse'])
  })

  it('across page loads, but then it is not tried alone', async () => {
    const page = storage()
    const clock = new ManualClock(1_000)
    await round([play('websocket', DOWN), play('sse', 'works')], {
      storage: page,
      clock,
      url: 'ws://s/ws?token=t',
    })
    expect([...page.kept]).toEqual([['fanfare:ws://s/ws', 'sse 1000']])
    tried.length = 0
    await round([play('websocket', 'works'), play('sse', DOWN)], { storage: page, clock, url: 'ws://s/ws' })
    expect(tried).toEqual(['sse', 'websocket'])
    expect(page.kept.size).toBe(0)
  })

  it.each(['sse', 'sse x', 'sse 5000', 'pigeon 1000', 'sse -9999999', ''])(
    'nonsense is not believed: %j',
    async (kept) => {
      const page = storage()
      page.setItem('fanfare:ws://s/ws', kept)
      await round([play('websocket', 'works'), play('sse', 'works')], {
        storage: page,
        clock: new ManualClock(1_000),
        url: 'ws://s/ws',
      })
      expect(tried).toEqual(['websocket'])
    },
  )

  it('nothing where the host forbids it', async () => {
    const forbidden = (): never => {
      throw new Error('SecurityError')
    }
    const page = { getItem: forbidden, setItem: forbidden, removeItem: forbidden }
    const { told } = await round([play('websocket', DOWN), play('sse', 'works')], { storage: page })
    expect(told.at(-1)).toEqual(JSON.stringify(WELCOME))
  })

  it('one that hangs is not tried alone again: that is more like another network', async () => {
    const clock = new ManualClock()
    const transport = fallback([play('websocket', 'works', 'hangs', DOWN), play('sse', 'works')])
    await again(transport, clock)
    expect(await again(transport, clock)).toEqual(['websocket'])
    expect(await again(transport, clock)).toEqual(['websocket', 'sse'])
  })

  it('what was served before is not missing for good', async () => {
    const clock = new ManualClock()
    const missing: Deed = [4000, 'not-found', 404]
    const transport = fallback([
      play('websocket', DOWN),
      play('sse', 'works', missing),
      play('poll', missing),
    ])
    await again(transport, clock)
    for (let rounds = 0; rounds < 5; rounds++) {
      const { told } = opened(transport, { clock })
      await clock.settle()
      expect(told.at(-1)).toEqual([1006, ''])
    }
  })

  it('a status of a transport that worked before is the word of the server', async () => {
    const clock = new ManualClock()
    const transport = fallback([play('websocket', DOWN), play('sse', 'works', [4010, 'unauthorized', 401])])
    await again(transport, clock)
    const { told } = opened(transport, { clock })
    await clock.settle()
    expect(told).toEqual([[4010, 'unauthorized']])
  })
})

describe('the client', () => {
  const client = (options: ClientOptions) => {
    const scene = stage(options)
    void scene.client.connect().catch(() => {})
    return scene
  }

  it('pauses after a whole round, not within one', async () => {
    const scene = client({ transports: [play('websocket', DOWN), play('sse', DOWN), play('poll', DOWN)] })
    await scene.clock.settle()
    expect(tried.length).toBe(3)
    expect(scene.changes.map(({ state }) => state)).toEqual(['connecting', 'waiting'])
    scene.retry()
    await scene.clock.settle()
    expect(tried.length).toBe(6)
  })

  it('counts a round as one attempt', async () => {
    const scene = client({ maxAttempts: 2, transports: [play('websocket', DOWN), play('sse', DOWN)] })
    await scene.clock.settle()
    scene.retry()
    await scene.clock.settle()
    expect([tried.length, scene.client.state]).toEqual([4, 'closed'])
  })

  it('gives each transport its time, however long the token took', async () => {
    let give = (_token: string): void => {}
    const scene = client({
      getToken: () => new Promise<string>((resolve) => (give = resolve)),
      transports: [play('websocket', 'hangs'), play('sse', 'hangs'), play('poll', 'hangs')],
    })
    await scene.clock.settle()
    scene.clock.advance(9_999)
    give('t')
    await scene.clock.settle()
    scene.clock.advance(5_000)
    scene.clock.advance(5_000)
    expect([tried.length, scene.client.state]).toEqual([3, 'connecting'])
    scene.clock.advance(9_999)
    expect(scene.client.state).toBe('connecting')
    scene.clock.advance(1)
    expect([scene.client.state, scene.changes.at(-1)?.error?.code]).toEqual(['waiting', 'timeout'])
  })

  it.each([
    [{ fallbackAfterMs: 100 }, 100],
    [{ connectTimeoutMs: 2_000 }, 1_999],
  ])('%j: takes the next one after %i ms', async (options, ms) => {
    const scene = client({ ...options, transports: [play('websocket', 'hangs'), play('sse', 'works')] })
    await scene.clock.settle()
    scene.clock.advance(ms - 1)
    expect(tried.length).toBe(1)
    scene.clock.advance(1)
    await scene.clock.settle()
    expect([tried.length, scene.client.state]).toEqual([2, 'open'])
  })

  it('keeps a makeshift that works, and tries WebSocket once it has to connect on another network', async () => {
    const second = play('sse', 'works')
    const scene = client({ pingIntervalMs: 0, transports: [play('websocket', DOWN), second] })
    await scene.clock.settle()
    scene.wake('network')
    scene.clock.advance(60_000)
    expect(tried).toEqual(['websocket', 'sse'])
    second.events!.closed(1006, '')
    scene.retry()
    await scene.clock.settle()
    expect(tried).toEqual(['websocket', 'sse', 'websocket', 'sse'])
  })

  it('a page that comes back is no other network', async () => {
    const second = play('sse', 'works')
    const scene = client({ transports: [play('websocket', DOWN), second] })
    await scene.clock.settle()
    scene.wake()
    second.events!.closed(1006, '')
    scene.retry()
    await scene.clock.settle()
    expect(tried).toEqual(['websocket', 'sse', 'sse'])
  })

  it('takes the one alone that mode names', async () => {
    const scene = client({ mode: 'sse', transports: [play('websocket', DOWN), play('sse', DOWN)] })
    await scene.clock.settle()
    scene.retry()
    await scene.clock.settle()
    expect(tried).toEqual(['sse', 'sse'])
  })

  it.each<[Deed, state: string, code: string]>([
    [[4000, 'not-found', 404], 'closed', 'not-found'],
    [[4009, 'forbidden', 403], 'closed', 'forbidden'],
    [[4010, 'unauthorized', 401], 'closed', 'unauthorized'],
    [[4100, 'over-capacity', 503], 'waiting', 'over-capacity'],
  ])('alone, takes its statuses for an answer: %j', async (deed, state, code) => {
    const scene = client({ mode: 'sse', transports: [play('sse', deed)] })
    await scene.clock.settle()
    expect([scene.client.state, scene.changes.at(-1)?.error?.code]).toEqual([state, code])
  })
})

describe('with WebSocket, server-sent events and polls', () => {
  function scene(options: ClientOptions = {}) {
    const net = new ScriptedFetch()
    const { WebSocket, sockets } = scriptedSockets()
    const transports = [websocket(WebSocket), sse({ fetch: net.fetch }), poll({ fetch: net.fetch })]
    const scene = stage({ transports, token: 't', ...options })
    void scene.client.connect().catch(() => {})
    return { ...scene, clock: scene.clock, net, sockets, settle: () => scene.clock.settle() }
  }

  it('a swallowed WebSocket and a stream that is held back end in polls', async () => {
    const { net, sockets, clock, settle, client } = scene()
    sockets[0]!.opens()
    await settle()
    clock.advance(5_000)
    await settle()
    expect(sockets[0]!.closedWith).toBe(1000)
    expect(net.last.url).toBe('http://server/ws/sse?token=t')
    net.last.begins()
    clock.advance(5_000)
    await settle()
    expect(net.requests[0]!.aborted).toBe(true)
    net.last.answers(200, { session: 's' })
    await settle()
    net.poll!.answers(200, { n: 1, messages: [JSON.stringify(WELCOME)] })
    await settle()
    expect(client.state).toBe('open')
    client.notify('x')
    await settle()
    expect(net.post?.said).toEqual({ seq: 1, messages: ['{"op":"call","method":"x"}'] })
    client.close()
    await settle()
    net.post!.answers(204)
    await settle()
    net.post!.answers(204)
    await settle()
    expect([clock.timers, net.requests.filter(({ pending }) => pending).length]).toEqual([0, 0])
  })

  it('a dead peer is found by its silence', async () => {
    const { net, clock, settle, client } = scene({ mode: 'sse' })
    net.last.begins().brings(SESSION + eventOf(WELCOME))
    await settle()
    expect(client.state).toBe('open')
    clock.advance(25_000)
    await settle()
    expect(net.post?.said).toEqual({ seq: 1, messages: ['{"op":"ping"}'] })
    clock.advance(8_000)
    await settle()
    expect([client.state, net.requests[0]!.aborted, net.post?.aborted, net.posts.length]).toEqual([
      'waiting',
      true,
      true,
      1,
    ])
  })
})

describe('by default', () => {
  it('a host without WebSocket takes HTTP', async () => {
    const net = new ScriptedFetch()
    vi.stubGlobal('WebSocket', undefined)
    vi.stubGlobal('fetch', net.fetch)
    const client = new FanfareClient('https://server/ws')
    void client.connect().catch(() => {})
    await Promise.resolve()
    expect(net.last.url).toBe('https://server/ws/sse')
    client.close()
    expect(net.last.aborted).toBe(true)
  })

  it("what works is kept in the page's own storage", async () => {
    const page = storage()
    vi.stubGlobal('sessionStorage', page)
    const transport = fallback([play('websocket', DOWN), play('sse', 'works')])
    const clock = new ManualClock()
    const unset = { clock, scheduler: clock, random: () => 0, onWake: () => () => {}, reportError() {} }
    const link = transport.open('ws://s/ws', { message() {}, closed() {} }, unset)
    await clock.settle()
    expect(page.kept.get('fanfare:ws://s/ws')).toBe('sse 0')
    link.close()
  })

  it("the host's word for another network is 'online'", async () => {
    const listeners = new Map<string, (event: unknown) => void>()
    vi.stubGlobal('addEventListener', (type: string, listener: () => void) => listeners.set(type, listener))
    const clock = new ManualClock()
    const second = play('sse', 'works')
    const client = new FanfareClient('ws://s/ws', {
      pingIntervalMs: 0,
      transports: [play('websocket', DOWN), second],
      platform: { clock, scheduler: clock, random: () => 0 },
    })
    void client.connect()
    await clock.settle()
    listeners.get('online')!({})
    second.events!.closed(1006, '')
    clock.advance(0)
    await clock.settle()
    expect(tried).toEqual(['websocket', 'sse', 'websocket', 'sse'])
    client.close()
  })

  it('the fetch of any host will do', () => {
    expect([sse({ fetch }), poll({ fetch: globalThis.fetch })].map(({ name }) => name)).toEqual([
      'sse',
      'poll',
    ])
  })
})
