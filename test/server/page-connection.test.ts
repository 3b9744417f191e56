import { beforeAll, beforeEach, describe, expect, it } from 'vitest'

// The page's modules are plain JavaScript, loaded as a browser loads them.
type Frame = Record<string, unknown>
interface State {
  phase: string
  retryAt?: number
  why?: string
  latencyMs?: number
}
interface Connection {
  readonly state: State
  connect(): void
  restart(why: string): void
  request(frame: Frame): Promise<Frame>
}
interface FakeSocket {
  onmessage: ((event: { data: string }) => void) | null
  onclose: ((event: { code: number; reason: string }) => void) | null
  readonly sent: Frame[]
  closed: boolean
}

let makeConnection: (url: string, listener: object, host: object) => Connection
let mayReturn: (code: number, bye?: object) => boolean
let pauseBefore: (attempt: number, code: number, random: () => number) => number
beforeAll(async () => {
  const page = (name: string): string => new URL(`../../server/page/${name}`, import.meta.url).href
  const { Connection: Class } = (await import(page('connection.js'))) as {
    Connection: new (url: string, listener: object, host: object) => Connection
  }
  makeConnection = (...all) => new Class(...all)
  ;({ mayReturn, pauseBefore } = (await import(page('backoff.js'))) as {
    mayReturn: typeof mayReturn
    pauseBefore: typeof pauseBefore
  })
})

let now: number
let timers: { at: number; callback: () => void; id: number }[]
let sockets: FakeSocket[]
let states: State[]
let frames: Frame[]
let connection: Connection

beforeEach(() => {
  now = 0
  timers = []
  sockets = []
  states = []
  frames = []
  let lastTimer = 0
  const host = {
    open: () => {
      const socket = {
        onmessage: null,
        onclose: null,
        sent: [] as Frame[],
        closed: false,
        send: (text: string) => socket.sent.push(JSON.parse(text) as Frame),
        close: () => (socket.closed = true),
      }
      sockets.push(socket)
      return socket
    },
    after: (callback: () => void, ms: number) => {
      timers.push({ at: now + ms, callback, id: ++lastTimer })
      return lastTimer
    },
    cancel: (timer: number) => (timers = timers.filter(({ id }) => id !== timer)),
    now: () => now,
    random: () => 0.5,
  }
  const listener = {
    state: (state: State) => states.push(state),
    frame: (frame: Frame) => frames.push(frame),
    wire: () => {},
  }
  connection = makeConnection('ws://x/', listener, host)
  connection.connect()
})

function advance(ms: number): void {
  const end = now + ms
  for (;;) {
    const due = timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
    if (!due) break
    now = Math.max(now, due.at)
    timers = timers.filter((timer) => timer !== due)
    due.callback()
  }
  now = end
}

const socket = (): FakeSocket => sockets.at(-1)!
const says = (frame: Frame): void => socket().onmessage?.({ data: JSON.stringify(frame) })
const closes = (code: number, reason = ''): void => socket().onclose?.({ code, reason })
const welcome = (): void => says({ op: 'welcome', v: 1, client: '1.2', heartbeat: 25 })

describe('the page, when a connection ends', () => {
  it('comes back by itself', () => {
    welcome()
    expect(connection.state.phase).toBe('online')
    closes(1006)
    expect(connection.state).toEqual({ phase: 'waiting', retryAt: 250, why: '' })
    advance(250)
    expect(sockets).toHaveLength(2)
    welcome()
    expect(connection.state.phase).toBe('online')
  })

  it('does not come back when it is told so, and says why', () => {
    welcome()
    says({ op: 'bye', code: 'terminated', retry: false, message: 'by an administrator' })
    closes(4011, 'terminated')
    expect(connection.state).toEqual({ phase: 'ended', why: 'by an administrator' })
    advance(1_000_000)
    expect(sockets).toHaveLength(1)
    connection.connect()
    expect(sockets).toHaveLength(2)
  })

  it('obeys the close code alone, and the last words alone', () => {
    closes(4009)
    expect(connection.state).toEqual({ phase: 'ended', why: 'code 4009' })
    connection.connect()
    says({ op: 'bye', code: 'odd', retry: false })
    closes(1006)
    expect(connection.state).toEqual({ phase: 'ended', why: 'odd' })
  })

  it('waits longer after each failure, until a connection has lasted', () => {
    const pauses: number[] = []
    for (let failure = 0; failure < 8; failure++) {
      closes(1006)
      pauses.push(connection.state.retryAt! - now)
      advance(connection.state.retryAt! - now)
    }
    expect(pauses).toEqual([250, 500, 1_000, 2_000, 4_000, 5_000, 5_000, 5_000])
    welcome()
    closes(1006)
    expect(connection.state.retryAt! - now).toBe(5_000)
    advance(5_000)
    welcome()
    advance(5_000)
    closes(1006)
    expect(connection.state.retryAt! - now).toBe(250)
  })

  it('leaves no timer behind but that of the next attempt', () => {
    welcome()
    closes(1006)
    expect(timers).toHaveLength(1)
    connection.connect()
    expect(timers).toHaveLength(1)
  })

  it('an attempt that nobody answers is given up', () => {
    advance(10_000)
    expect(sockets[0]!.closed).toBe(true)
    expect(connection.state).toMatchObject({ phase: 'waiting', why: 'the server does not answer' })
  })

  it('a connection that fell silent is found by its pings', async () => {
    welcome()
    expect(socket().sent).toEqual([{ op: 'ping', id: 1 }])
    advance(12)
    says({ op: 'pong', id: 1 })
    await Promise.resolve()
    expect(connection.state).toEqual({ phase: 'online', latencyMs: 12 })
    advance(25_000 - 12)
    expect(socket().sent).toHaveLength(2)
    advance(7_999)
    expect(connection.state.phase).toBe('online')
    advance(1)
    expect(connection.state).toMatchObject({ phase: 'waiting', why: 'the server fell silent' })
  })
})

describe('the page, when it asks', () => {
  it('gets the answer with its number, whatever comes between', async () => {
    welcome()
    const answer = connection.request({ op: 'who', channel: 'presence-a' })
    says({ op: 'msg', channel: 'a', event: 'x', data: 1 })
    says({ op: 'ok', id: 2, members: [] })
    expect(await answer).toEqual({ op: 'ok', id: 2, members: [] })
    expect(frames).toEqual([{ op: 'msg', channel: 'a', event: 'x', data: 1 }])
  })

  it('is told of a refusal, of a lost connection and of silence', async () => {
    welcome()
    const refused = connection.request({ op: 'sub' })
    says({ op: 'err', id: 2, code: 'rate', message: 'not so fast' })
    await expect(refused).rejects.toMatchObject({ code: 'rate', message: 'not so fast' })
    const silent = connection.request({ op: 'call' })
    advance(5_000)
    says({ op: 'ping' })
    advance(5_000)
    await expect(silent).rejects.toMatchObject({ code: 'timeout' })
    const lost = connection.request({ op: 'call' })
    closes(1006)
    await expect(lost).rejects.toMatchObject({ code: 'lost' })
    await expect(connection.request({ op: 'call' })).rejects.toMatchObject({ code: 'lost' })
  })

  it('is not put off by frames that are none', () => {
    welcome()
    for (const data of ['', 'null', '[]', '7', '{"op":{}}', '{"op":"nobody"}', '{"op":"ok","id":99}']) {
      socket().onmessage?.({ data })
    }
    expect(connection.state.phase).toBe('online')
  })
})

describe('the rules for coming back', () => {
  it('follow the ranges of the close codes', () => {
    expect(
      [1000, 1001, 1006, 1009, 1011, 3000, 3999, 4100, 4200, 4299].every((code) => mayReturn(code)),
    ).toBe(true)
    expect([4000, 4009, 4099].some((code) => mayReturn(code, { retry: true }))).toBe(false)
    expect(mayReturn(4200, { retry: false })).toBe(false)
  })

  it('have full jitter, and bounds', () => {
    for (const code of [1006, 4100, 4200]) {
      for (let attempt = 0; attempt < 50; attempt++) {
        const [least, most] = [pauseBefore(attempt, code, () => 0), pauseBefore(attempt, code, () => 1)]
        expect(least).toBe(code === 4100 ? 1_000 : 0)
        expect(most).toBeGreaterThanOrEqual(250)
        expect(most).toBeLessThanOrEqual(11_000)
      }
    }
  })
})
