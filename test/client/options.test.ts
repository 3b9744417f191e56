import { type ClientOptions, FanfareClient, FanfareClientError, poll, sse, websocket } from '@fanfare/client'
import { FanfareClient as SlimClient } from '@fanfare/client/slim'
import { afterEach, describe, expect, it, vi } from 'vitest'

import { clientSettings } from '../../client/src/options.ts'
import { scriptedSockets } from './support/scripted-socket.ts'

const { WebSocket } = scriptedSockets()
const make = (options: object, url = 'ws://server/ws'): FanfareClient =>
  new FanfareClient(url, { WebSocket, ...(options as ClientOptions) })

describe('options', () => {
  it.each([
    [{ tokenn: 'x' }, 'tokenn takes nothing'],
    [{ toString: 1 }, 'toString takes nothing'],
    [{ token: 1 }, 'token takes a string'],
    [{ token: 'x', getToken: () => 'y' }, 'token takes no value beside getToken'],
    [{ getToken: 'x' }, 'getToken takes a function'],
    [{ tokenIn: 'header' }, "tokenIn takes 'query' or 'first-message'"],
    [{ WebSocket: {} }, 'WebSocket takes a WebSocket class'],
    [{ mode: 1 }, 'mode takes a string'],
    [{ mode: 'pigeon' }, "mode takes 'auto' or one of the transports: websocket, sse, poll"],
    [
      { mode: 'sse', transports: [websocket(WebSocket)] },
      "mode takes 'auto' or one of the transports: websocket",
    ],
    [{ transports: [] }, 'transports takes a list of transports'],
    [{ connectTimeoutMs: 0 }, 'connectTimeoutMs takes milliseconds, from 1'],
    [{ requestTimeoutMs: -1 }, 'requestTimeoutMs takes milliseconds, from 0'],
    [{ requestTimeoutMs: Infinity }, 'requestTimeoutMs takes milliseconds'],
    [{ pingIntervalMs: NaN }, 'pingIntervalMs takes milliseconds'],
    [{ pongTimeoutMs: '8s' }, 'pongTimeoutMs takes milliseconds'],
    [{ fallbackAfterMs: 0 }, 'fallbackAfterMs takes milliseconds, from 1'],
    [{ maxAttempts: 0 }, 'maxAttempts takes a whole number, from 1, or Infinity'],
    [{ backoff: 5 }, 'backoff takes an object'],
    [{ backoff: { base: 1 } }, 'backoff.base takes nothing'],
    [{ backoff: { maxMs: 0 } }, 'backoff.maxMs takes milliseconds, from 1'],
    [{ offline: true }, "offline takes 'refuse' or 'queue'"],
    [{ queue: { messages: 1.5 } }, 'queue.messages takes a whole number, from 0'],
    [{ bufferSize: 0 }, 'bufferSize takes a whole number, from 1'],
    [{ platform: null }, 'platform takes an object'],
  ])('%j: %s', (options, message) => {
    const attempt = (): unknown => make(options)
    expect(attempt).toThrow(FanfareClientError)
    expect(attempt).toThrow(message)
  })

  it.each(['', 'ftp://server', 'ws://server/#part', 'ws://ser ver', '/ws'])('url %j is refused', (url) => {
    expect(() => make({}, url)).toThrow('url takes')
  })

  it.each(['ws://server', 'WSS://server/ws?x=1', 'http://server/ws', 'https://server'])(
    'url %j is taken',
    (url) => {
      expect(() => make({}, url)).not.toThrow()
    },
  )

  it('may be undefined, which is as if they were left out', () => {
    const names = [
      'token',
      'getToken',
      'tokenIn',
      'mode',
      'transports',
      'maxAttempts',
      'backoff',
      'queue',
      'platform',
    ]
    expect(() => make(Object.fromEntries(names.map((name) => [name, undefined])))).not.toThrow()
    const given = {
      backoff: { baseMs: undefined },
      queue: { bytes: undefined },
      platform: { clock: undefined },
    }
    const settings = clientSettings('ws://server', { WebSocket, ...(given as object) })
    expect(settings).toMatchObject({
      backoff: { baseMs: 500, maxMs: 20_000 },
      queue: { messages: 100, bytes: 65_536 },
    })
    expect(settings.platform.clock.monotonic()).toBeGreaterThan(0)
  })
})

describe('the WebSocket class', () => {
  afterEach(() => vi.unstubAllGlobals())

  it("is the host's own if there is one", () => {
    vi.stubGlobal('WebSocket', WebSocket)
    expect(() => new FanfareClient('ws://server')).not.toThrow()
  })

  it('is asked for by name if there is none', () => {
    vi.stubGlobal('WebSocket', undefined)
    expect(() => new SlimClient('ws://server')).toThrow('WebSocket takes a WebSocket class')
    vi.stubGlobal('fetch', undefined)
    expect(() => new FanfareClient('ws://server')).toThrow(
      "since this runtime has none: that of the package 'ws' will do",
    )
  })
})

describe('the slim client', () => {
  it.each([
    [{ mode: 'sse' }, "mode takes 'auto' or one of the transports: websocket"],
    [{ transports: [sse(), poll()] }, 'transports takes one, or fallback([…])'],
  ])('knows WebSocket alone: %j', (options, message) => {
    expect(() => new SlimClient('ws://server', { WebSocket, ...(options as ClientOptions) })).toThrow(message)
  })

  it('takes any transport by hand', () => {
    expect(() => new SlimClient('ws://server', { transports: [sse()] })).not.toThrow()
    expect(() => new SlimClient('ws://server', { mode: 'poll', transports: [sse(), poll()] })).not.toThrow()
  })
})
