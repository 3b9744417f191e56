import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'

// What a connection holds of its request, as long as it is there: 15 KB of cookies must not be among it.

const COOKIE_BYTES = 15_000
const CONNECTIONS = 200
/** A connection takes 3 to 6 KB by itself, and a stream on Node 14, which has to hold a request and its answer. */
const MOST_BYTES = 9_000
const MOST_STREAM_BYTES = 20_000

const root = fileURLToPath(new URL('../../', import.meta.url))
const script = fileURLToPath(new URL('../support/hold-server.mjs', import.meta.url))

const UPGRADE =
  'connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n'

function requestOf(how: 'websocket' | 'sse' | 'poll', cookie: string): string {
  if (how === 'sse') return `GET /sse HTTP/1.1\r\n${headersOf(cookie)}\r\n`
  const headers = headersOf(cookie)
  return how === 'websocket'
    ? `GET / HTTP/1.1\r\n${headers}${UPGRADE}\r\n`
    : `POST /poll HTTP/1.1\r\n${headers}content-length: 2\r\n\r\n{}`
}

function headersOf(cookie: string): string {
  return `host: localhost\r\ncookie: a=${cookie}\r\nuser-agent: test/1\r\n`
}

async function answered<Answer>(child: ChildProcess): Promise<Answer> {
  const [answer] = (await once(child, 'message')) as [Answer]
  return answer
}

it.each([
  ['ws', 'websocket'],
  ['fastify', 'websocket'],
  ['bun', 'websocket'],
  ['http', 'poll'],
  ['http', 'sse'],
  ['plain http in fastify', 'sse'],
  ['plain http on bun', 'poll'],
  ['plain http on bun', 'sse'],
] as const)(
  'a client of %s, by %s, holds nothing of its cookies',
  { timeout: 60_000 },
  async (adapter, how) => {
    const inBun = adapter.endsWith('bun')
    const child = fork(script, [adapter], {
      cwd: root,
      execPath: inBun ? `${root}node_modules/.bin/bun` : process.execPath,
      execArgv: inBun ? [] : ['--expose-gc', '--max-http-header-size=32768'],
    })
    const sockets: Socket[] = []
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy()
      child.kill('SIGKILL')
    })
    const { port } = await answered<{ port: number }>(child)
    const open = async (bytes: number): Promise<{ held: number; clients: number }> => {
      for (let at = 0; at < CONNECTIONS; at++) {
        const socket = connect(port, '127.0.0.1').on('error', () => {})
        sockets.push(socket)
        socket.write(requestOf(how, `${String(sockets.length)}${'x'.repeat(bytes)}`))
        await once(socket, 'data')
        socket.resume()
      }
      child.send('held?')
      return answered(child)
    }
    // The first ones are for the compiler.
    await open(10)
    const before = await open(COOKIE_BYTES)
    const after = await open(COOKIE_BYTES)
    expect(after.clients).toBe(3 * CONNECTIONS)
    const most = how === 'sse' && !inBun ? MOST_STREAM_BYTES : MOST_BYTES
    expect((after.held - before.held) / CONNECTIONS).toBeLessThan(most)
  },
)
