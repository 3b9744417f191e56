import { request } from 'node:http'
import { connect } from 'node:net'

import type { Knock, KnockAnswer } from '@fanfare/core/testing'

import { rawFrame, upgradeRequest } from './raw-frames.ts'

/** Where a knock goes below the URL of a mount, as the target of a request. */
export function targetOf(url: string, { path = '/', query = {} }: Knock, last = ''): string {
  const base = new URL(url).pathname.replace(/\/$/, '')
  const search = new URLSearchParams(query).toString()
  return `${base}${path === '/' && last !== '' ? '' : path}${last}${search === '' ? '' : `?${search}`}`
}

/** Asks a WebSocket server to be let in, on a bare TCP socket. */
export function knockWebSocket(url: string, knock: Knock): Promise<KnockAnswer> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname)
    let head = ''
    socket.on('error', reject)
    socket.on('close', () => reject(new Error(`no answer but: ${head}`)))
    socket.on('data', (chunk: Buffer) => {
      head += chunk.toString('latin1')
      if (!head.includes('\r\n\r\n')) return
      const answer = answerOf(head)
      // Whoever was let in says goodbye.
      if (answer.status === 'connected') socket.end(rawFrame(0x88, Buffer.of(1000 >> 8, 1000 & 0xff)))
      else socket.destroy()
      resolve(answer)
    })
    socket.write(upgradeRequest(targetOf(url, knock), { origin: undefined, ...knock.headers }))
  })
}

function answerOf(head: string): KnockAnswer {
  const [first = '', ...lines] = (head.split('\r\n\r\n')[0] ?? '').split('\r\n')
  const status = Number(first.split(' ')[1])
  const headers = Object.fromEntries(
    lines.map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
    }),
  )
  return { status: status === 101 ? 'connected' : status, headers }
}

interface HttpAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** What came until the first empty line, or all of it. */
  readonly text: string
}

/** Sends one request whose headers are all the test's own, and reads until there is something to look at. */
function ask(
  url: string,
  target: string,
  { headers = {} }: Knock,
  method: string,
  body = '',
): Promise<HttpAnswer> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const asking = request({ hostname, port, path: target, method, headers: { ...headers }, agent: false })
    asking.on('error', reject)
    asking.on('response', (response) => {
      let text = ''
      const done = (): void => {
        const { statusCode: status = 0 } = response
        resolve({ status, headers: response.headers as Record<string, string>, text })
        asking.destroy()
      }
      response.setEncoding('utf8').on('data', (more: string) => {
        text += more
        if (text.includes('\n\n')) done()
      })
      response.on('end', done).on('error', () => {})
    })
    asking.end(body)
  })
}

/** Asks for a stream of server-sent events. A refusal for now is in the stream, since its readers see no status. */
export async function knockSse(url: string, knock: Knock): Promise<KnockAnswer> {
  const { status, headers, text } = await ask(url, targetOf(url, knock, '/sse'), knock, 'GET')
  if (status !== 200) return { status, headers }
  const [, closeCode] = /event: ?close\ndata: ?\{"code":(\d+)/.exec(text) ?? []
  if (closeCode === undefined) return { status: 'connected', headers }
  const [, retry] = /retry: ?(\d+)/.exec(text) ?? []
  const afterS = String(Number(retry) / 1_000)
  return { status, headers: { ...headers, 'retry-after': afterS }, closeCode: Number(closeCode) }
}

/** Asks for a session of long polls. */
export async function knockPoll(url: string, knock: Knock): Promise<KnockAnswer> {
  const { status, headers, text } = await ask(url, targetOf(url, knock, '/poll'), knock, 'POST')
  if (status !== 200) return { status, headers }
  const { session } = JSON.parse(text) as { session: string }
  // Nobody shall wait for the first poll of whoever only asked.
  const target = targetOf(url, { ...knock, query: { session } }, '/poll')
  const body = JSON.stringify({ close: { code: 1000, reason: '' } })
  const gone = await ask(url, target, knock, 'POST', body)
  if (gone.status !== 204) throw new Error(`a session that cannot be ended: ${String(gone.status)}`)
  return { status: 'connected', headers }
}
