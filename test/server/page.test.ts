import { beforeAll, describe, expect, it } from 'vitest'

import type { Link, LinkEvents, Transport } from '@fanfare/client'

// The page's modules are plain JavaScript, loaded as a browser loads them.
interface Log {
  wire(direction: string, text: string): void
  heard(way: string): void
}
interface Trips {
  sent(text: string): void
  received(text: string): number | undefined
  forget(): void
}

let logged: (transport: Transport, log: Log) => Transport
let stateOf: (change: object, now: number) => object
let peopleOf: (members: readonly unknown[], first?: string) => { id: string; name: string; node?: string }[]
let roundTrips: (now: () => number) => Trips
beforeAll(async () => {
  const page = (name: string): Promise<unknown> =>
    import(new URL(`../../server/page/${name}`, import.meta.url).href)
  ;({ logged } = (await page('logged.js')) as { logged: typeof logged })
  ;({ stateOf } = (await page('state.js')) as { stateOf: typeof stateOf })
  ;({ peopleOf } = (await page('roster.js')) as { peopleOf: typeof peopleOf })
  const { RoundTrips } = (await page('round-trips.js')) as { RoundTrips: new (now: () => number) => Trips }
  roundTrips = (now) => new RoundTrips(now)
})

describe('a transport whose traffic is shown', () => {
  function stand() {
    const seen: string[] = []
    const done: unknown[] = []
    const log: Log = {
      wire: (direction, text) => seen.push(`${direction} ${text}`),
      heard: (way) => seen.push(`by ${way}`),
    }
    let events: LinkEvents | undefined
    const link: Link = {
      bufferedBytes: 7,
      send: (text) => done.push(text),
      close: (cut) => done.push(['close', cut]),
    }
    const transport: Transport = {
      name: 'sse',
      open: (url, given) => {
        done.push(url)
        events = given
        return link
      },
    }
    const told: unknown[] = []
    const opened = logged(transport, log).open(
      'ws://x/',
      {
        message: (data) => told.push(data),
        closed: (...end) => told.push(end),
        again: () => told.push('again'),
      },
      undefined as never,
    )
    return { seen, done, told, opened, events: events! }
  }

  it('does what the transport does, and tells of every frame', () => {
    const { seen, done, told, opened, events } = stand()
    events.message('{"op":"welcome"}')
    opened.send('{"op":"ping"}')
    events.message(undefined)
    events.again?.()
    opened.close(true)
    expect(opened.bufferedBytes).toBe(7)
    expect(done).toEqual(['ws://x/', '{"op":"ping"}', ['close', true]])
    expect(told).toEqual(['{"op":"welcome"}', undefined, 'again'])
    expect(seen).toEqual([
      'note SSE: connecting',
      'in {"op":"welcome"}',
      'by sse',
      'out {"op":"ping"}',
      'in (no text)',
      'by sse',
      'note SSE: let go',
    ])
  })

  it('tells how it ended', () => {
    const { seen, told, events } = stand()
    events.closed(4200, 'shutdown')
    events.closed(4009, 'forbidden', 403)
    events.closed(1006, '')
    expect(seen.slice(1)).toEqual([
      'note SSE: closed 4200 shutdown',
      'note SSE: closed 4009 forbidden (HTTP 403)',
      'note SSE: closed 1006',
    ])
    expect(told).toEqual([
      [4200, 'shutdown', undefined],
      [4009, 'forbidden', 403],
      [1006, '', undefined],
    ])
  })

  it('throws what the transport throws', () => {
    const seen: string[] = []
    const broken: Transport = {
      name: 'websocket',
      open: () => {
        throw new Error('blocked')
      },
    }
    const log = { wire: (_: string, text: string) => seen.push(text), heard: () => {} }
    expect(() => logged(broken, log).open('ws://x/', {} as LinkEvents, undefined as never)).toThrow('blocked')
    expect(seen).toEqual(['WebSocket: connecting', 'WebSocket: Error: blocked'])
  })
})

describe('the state of the connection, for people', () => {
  it('has the code while it waits, and a sentence when it ended', () => {
    const error = { code: 'shutdown', message: 'the connection was closed: by an administrator' }
    expect(stateOf({ state: 'connecting' }, 0)).toEqual({ phase: 'connecting' })
    expect(stateOf({ state: 'open' }, 0)).toEqual({ phase: 'online' })
    expect(stateOf({ state: 'waiting', error, retryInMs: 20 }, 100)).toEqual({
      phase: 'waiting',
      retryAt: 120,
      why: 'shutdown',
    })
    expect(stateOf({ state: 'closed', error }, 0)).toEqual({ phase: 'ended', why: 'by an administrator' })
  })
})

describe('round trips', () => {
  it('are measured from request to answer, and from ping to pong', () => {
    let now = 0
    const trips = roundTrips(() => now)
    trips.sent('{"op":"sub","id":1}')
    trips.sent('{"op":"ping"}')
    now = 12.4
    expect(trips.received('{"op":"msg","id":1}')).toBeUndefined()
    expect(trips.received('{"op":"ok","id":1}')).toBe(12)
    expect(trips.received('{"op":"ok","id":1}')).toBeUndefined()
    now = 20
    expect(trips.received('{"op":"pong"}')).toBe(20)
    expect(trips.received('{"op":"pong"}')).toBeUndefined()
  })

  it('end with the connection, and are not put off by frames that are none', () => {
    const trips = roundTrips(() => 0)
    trips.sent('{"op":"call","id":2}')
    trips.forget()
    for (const text of ['', 'null', '[]', '{"op":"err"}', '{"op":"ok","id":2}']) {
      expect(trips.received(text)).toBeUndefined()
    }
  })
})

describe('the people in a room', () => {
  it('come by name, and oneself first; whoever has no name is somebody', () => {
    const named = (id: string, name: string): object => ({ id, info: { name } })
    const all = [named('c', 'Carl'), named('b', 'Ben'), { id: 7 }, named('a', 'Ada')]
    expect(peopleOf(all, 'c').map(({ name }) => name)).toEqual(['Carl', 'Ada', 'Ben', 'Somebody'])
    expect(peopleOf([])).toEqual([])
  })

  it('have the server they are on, and are one person on two of them', () => {
    const on = (id: string, name: string, node?: unknown): object => ({ id, info: { name, node } })
    const all = [
      on('a', 'Ada', '1'),
      on('b', 'Ben', '2'),
      on('a', 'Ada', '2'),
      on('a', 'Ada', '1'),
      on('c', 'C', 7),
    ]
    expect(peopleOf(all)).toEqual([
      { id: 'a', name: 'Ada', node: '1, 2' },
      { id: 'b', name: 'Ben', node: '2' },
      { id: 'c', name: 'C' },
    ])
  })
})
