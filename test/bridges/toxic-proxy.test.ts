import { connect, createServer, type Server, type Socket } from 'node:net'

import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { NATS, RESP, ToxicProxy } from '../support/toxic-proxy.ts'
import { Splitter } from '../support/toxics/frames.ts'
import { turns, until } from '../support/until.ts'

let server: Server
let proxy: ToxicProxy
/** The server's ends of the connections. */
let accepted: End[]
let clients: End[]

class End {
  text = ''
  bytes = 0
  ended = false
  closed = false
  error: NodeJS.ErrnoException | undefined
  readonly socket: Socket

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk: Buffer) => {
      this.bytes += chunk.length
      if (this.bytes < 100_000) this.text += chunk.toString('latin1')
    })
    socket.on('end', () => (this.ended = true))
    socket.on('close', () => (this.closed = true))
    socket.on('error', (error) => (this.error = error))
  }
}

beforeEach(async () => {
  accepted = []
  clients = []
  server = createServer({ allowHalfOpen: true }, (socket) => accepted.push(new End(socket)))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  proxy = await ToxicProxy.start({ to: serverPort() })
})

afterEach(async () => {
  await proxy.close()
  for (const { socket } of [...clients, ...accepted]) socket.destroy()
  await new Promise((resolve) => server.close(resolve))
})

function serverPort(): number {
  const address = server.address()
  return address !== null && typeof address === 'object' ? address.port : 0
}

function client(): End {
  const end = new End(connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true }))
  clients.push(end)
  return end
}

/** Both ends of a new connection. */
async function pair(): Promise<{ up: End; down: End }> {
  const count = accepted.length
  const down = client()
  await until(() => accepted.length > count, 'the connection')
  const up = accepted[count]
  if (!up) throw new Error('no connection')
  return { up, down }
}

describe('a proxy that passes', () => {
  it('carries both directions, and the end of each', async () => {
    const { up, down } = await pair()
    down.socket.end('to the server')
    await until(() => up.ended, 'the end')
    up.socket.end('to the client')
    await until(() => down.ended, 'the other end')
    expect([up.text, down.text]).toEqual(['to the server', 'to the client'])
    await until(() => proxy.links === 0, 'the connection to be over')
    expect(proxy.counters).toMatchObject({ connections: 1, bytesUp: 13, bytesDown: 13, cut: 0 })
  })

  it('passes a reset on', async () => {
    const { up, down } = await pair()
    up.socket.resetAndDestroy()
    await until(() => down.closed, 'the reset')
    expect(down.error?.code).toBe('ECONNRESET')
  })

  it('does not read more than the receiver takes', async () => {
    const { up, down } = await pair()
    down.socket.pause()
    const chunk = Buffer.alloc(65_536)
    let written = 0
    const isStuck = async (): Promise<boolean> => {
      const before = written
      while (!up.socket.writableNeedDrain) {
        up.socket.write(chunk)
        written += chunk.length
      }
      await turns(100)
      return before === written
    }
    while (!(await isStuck())) expect(written).toBeLessThan(64 * 1_048_576)
    down.socket.resume()
    await until(() => down.bytes === written, 'everything')
  })
})

describe('a proxy that cuts', () => {
  it('refuses new connections and cuts the old ones, until it is healed', async () => {
    const { up, down } = await pair()
    const { port } = proxy
    await proxy.refuse()
    await until(() => down.closed && up.closed, 'the old connection to be cut')
    const refused = client()
    await until(() => refused.closed, 'the refusal')
    expect(refused.error?.code).toBe('ECONNREFUSED')
    await proxy.pass()
    expect(proxy.port).toBe(port)
    const { up: again } = await pair()
    clients.at(-1)?.socket.write('x')
    await until(() => again.text === 'x', 'the byte')
  })

  it('resets what there is, and accepts what comes', async () => {
    const { up, down } = await pair()
    proxy.reset()
    await until(() => down.closed && up.closed, 'the reset')
    expect([down.error?.code, up.error?.code]).toEqual(['ECONNRESET', 'ECONNRESET'])
    await pair()
    expect(proxy.counters).toMatchObject({ connections: 2, cut: 1 })
  })

  it('cuts after a number of bytes, old connections and new ones', async () => {
    const old = await pair()
    proxy.cutAfter(5)
    const young = await pair()
    for (const { up, down } of [old, young]) {
      up.socket.write('abc')
      await until(() => down.text === 'abc', 'the first bytes')
      up.socket.write('defgh')
      await until(() => down.ended && up.closed, 'the cut')
      expect(down.text).toBe('abcde')
    }
    expect(proxy.counters.cut).toBe(2)
  })
})

describe('a proxy that swallows', () => {
  it.each(['up', 'down', 'both'] as const)('%s', async (direction) => {
    const old = await pair()
    proxy.blackhole(direction)
    const young = await pair()
    for (const { up, down } of [old, young]) {
      down.socket.write('lost')
      up.socket.write('lost')
    }
    const { counters } = proxy
    await until(() => counters.swallowedUp + counters.bytesUp === 8, 'what went up')
    await until(() => counters.swallowedDown + counters.bytesDown === 8, 'what went down')
    await proxy.pass()
    for (const { up, down } of [old, young]) {
      down.socket.write('.')
      up.socket.write('.')
      await until(() => up.text.endsWith('.') && down.text.endsWith('.'), 'what follows the hole')
      expect(up.text).toBe(direction === 'down' ? 'lost.' : '.')
      expect(down.text).toBe(direction === 'up' ? 'lost.' : '.')
    }
  })

  it('keeps the end of a connection to itself until it is healed', async () => {
    const { up, down } = await pair()
    proxy.blackhole()
    down.socket.end('lost')
    await until(() => proxy.counters.swallowedUp === 4, 'the bytes')
    await turns(20)
    expect(up.ended).toBe(false)
    await proxy.pass()
    await until(() => up.ended, 'the end')
    expect(up.text).toBe('')
  })
})

describe('a proxy that holds', () => {
  it.each(['up', 'down', 'both'] as const)('%s', async (direction) => {
    const { up, down } = await pair()
    proxy.hold(direction)
    down.socket.write('kept')
    up.socket.write('kept')
    await until(() => direction !== 'down' || up.text === 'kept', 'what is not held')
    await until(() => direction !== 'up' || down.text === 'kept', 'what is not held')
    await turns(20)
    expect(up.text).toBe(direction === 'down' ? 'kept' : '')
    expect(down.text).toBe(direction === 'up' ? 'kept' : '')
    down.socket.end('!')
    await proxy.pass()
    await until(() => up.ended && down.text !== '', 'what was held')
    expect([up.text, down.text]).toEqual(['kept!', 'kept'])
  })

  it('keeps no more than a bound, and delivers all of it', async () => {
    const { up, down } = await pair()
    proxy.hold('down')
    const chunk = Buffer.alloc(1_048_576)
    const count = 32
    for (let n = 0; n < count; n++) up.socket.write(chunk)
    await turns(200)
    expect(up.socket.writableLength).toBeGreaterThan(0)
    await proxy.pass()
    await until(() => down.bytes === count * chunk.length, 'everything')
  })
})

it('delays, and keeps the order', async () => {
  const { up, down } = await pair()
  proxy.delay(100, 'down')
  const start = performance.now()
  up.socket.write('1')
  await until(() => down.text === '1', 'the first')
  expect(performance.now() - start).toBeGreaterThan(90)
  up.socket.write('2')
  await turns(20)
  await proxy.pass()
  up.socket.write('3')
  await until(() => down.text.length === 3, 'the rest')
  expect(down.text).toBe('123')
})

describe('a proxy that disturbs messages', () => {
  const message = (n: number): string => `MSG a 1 ${String(`m${String(n)}`.length)}\r\nm${String(n)}\r\n`
  const numbers = (text: string): number[] => [...text.matchAll(/\r\nm(\d+)\r\n/g)].map(([, n]) => Number(n))

  beforeEach(async () => {
    await proxy.close()
    proxy = await ToxicProxy.start({ to: serverPort(), framing: NATS })
  })

  async function disturbed(seed: number): Promise<string> {
    proxy.disturb({ duplicate: 0.3, reorder: 0.3, seed })
    const { up, down } = await pair()
    for (let n = 0; n < 200; n++) {
      up.socket.write(message(n))
      if (n % 50 === 0) up.socket.write(`-ERR '${String(n)}'\r\n`)
    }
    up.socket.end('PONG\r\n')
    await until(() => down.ended, 'the end')
    return down.text
  }

  it('doubles some and swaps some, and loses none', async () => {
    const seen = numbers(await disturbed(7))
    const { duplicated, reordered } = proxy.counters
    expect(duplicated).toBeGreaterThan(20)
    expect(reordered).toBeGreaterThan(20)
    expect(seen).toHaveLength(200 + duplicated)
    expect(new Set(seen).size).toBe(200)
    expect(Math.max(...seen.map((n, at) => (seen[at - 1] ?? -1) - n))).toBeGreaterThan(0)
  })

  it('does the same for the same seed', async () => {
    const first = numbers(await disturbed(7))
    expect(numbers(await disturbed(7))).toEqual(first)
    expect(numbers(await disturbed(8))).not.toEqual(first)
  })

  it('leaves the rest of the protocol whole and in order', async () => {
    const splitter = new Splitter(NATS)
    const frames = splitter.push(Buffer.from(await disturbed(7), 'latin1'))
    const others = frames.filter((frame) => !frame.message).map(({ bytes }) => bytes.toString())
    expect(others).toEqual(["-ERR '0'\r\n", "-ERR '50'\r\n", "-ERR '100'\r\n", "-ERR '150'\r\n", 'PONG\r\n'])
  })

  it('delivers a message that waits for the next one on healing', async () => {
    const { up, down } = await pair()
    proxy.disturb({ reorder: 1 })
    up.socket.write(message(1))
    await until(() => proxy.counters.reordered === 1, 'the message')
    expect(down.text).toBe('')
    await proxy.pass()
    await until(() => down.text === message(1), 'the message')
  })
})

describe('framing', () => {
  const NATS_FRAMES: readonly (readonly [string, boolean])[] = [
    ['INFO {"max_payload":1}\r\n', false],
    ['MSG a.b 12 5\r\nab\r\nc\r\n', true],
    ['MSG a 12 reply 0\r\n\r\n', true],
    ['PONG\r\n', false],
    ['HMSG a 1 12 13\r\nNATS/1.0\r\n\r\nx\r\n', true],
    ["-ERR 'no'\r\n", false],
  ]
  const RESP_FRAMES: readonly (readonly [string, boolean])[] = [
    ['+OK\r\n', false],
    ['*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$4\r\n\r\n*3\r\n', true],
    [':12\r\n', false],
    ['>3\r\n$8\r\nsmessage\r\n$1\r\na\r\n$0\r\n\r\n', true],
    ['>3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n', false],
    ['$-1\r\n', false],
    ['*-1\r\n', false],
    ['*0\r\n', false],
    ['%2\r\n+a\r\n:1\r\n+b\r\n*2\r\n$1\r\nx\r\n_\r\n', false],
    ['|1\r\n+ttl\r\n:1\r\n+value\r\n', false],
    ['=5\r\ntxt:x\r\n', false],
    ['-ERR no\r\n', false],
  ]

  it.each([
    ['NATS', NATS, NATS_FRAMES],
    ['RESP', RESP, RESP_FRAMES],
  ] as const)('%s is found however it is cut into pieces', (_, framing, expected) => {
    const bytes = Buffer.from(expected.map(([text]) => text).join(''))
    for (let size = 1; size <= bytes.length; size++) {
      const splitter = new Splitter(framing)
      const frames = []
      for (let at = 0; at < bytes.length; at += size)
        frames.push(...splitter.push(bytes.subarray(at, at + size)))
      expect(frames.map((frame) => [frame.bytes.toString(), frame.message])).toEqual(expected)
    }
  })

  it('passes on what it does not understand', () => {
    const splitter = new Splitter(RESP)
    const frames = splitter.push(Buffer.from('+OK\r\nHTTP/1.1 400\r\n'))
    expect(frames.map(({ bytes }) => bytes.toString())).toEqual(['+OK\r\n', 'HTTP/1.1 400\r\n'])
    expect(splitter.push(Buffer.from('+no'))).toHaveLength(1)
  })
})
