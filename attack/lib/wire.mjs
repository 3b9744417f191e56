// What attackers say, byte by byte: no library that would keep them from it.
import { connect } from 'node:net'

import { attackerAddress } from './addresses.mjs'
import { within } from './time.mjs'

/** Answers are no part of an attack: who does not answer in time is none. */
const ANSWER_MS = 10_000

/**
 * A connection, or one that fails and says nothing: an attacker goes on.
 *
 * @param {{ port: number }} place
 * @param {{ index?: number | undefined, reads?: boolean }} [how] - `index` chooses the address that it comes from
 * @returns {Promise<import('node:net').Socket>}
 */
export function open({ port }, { index = 0, reads = true } = {}) {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, localAddress: attackerAddress(index) })
    socket.setNoDelay(true)
    socket.on('error', () => resolve(socket))
    socket.once('connect', () => resolve(socket))
    if (reads) socket.resume()
  })
}

/** The head of a request. @param {string} line @param {Record<string, string | number>} headers */
export function requestHead(line, headers) {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${line} HTTP/1.1\r\n${lines.join('')}\r\n`
}

/** What a handshake says. @param {string} path @param {Record<string, string | number>} headers */
export function handshake(path = '/ws', headers = {}) {
  return requestHead(`GET ${path}`, {
    ...{ host: 'localhost', connection: 'Upgrade', upgrade: 'websocket' },
    ...{ 'sec-websocket-version': 13, 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==' },
    ...headers,
  })
}

/**
 * A WebSocket after its handshake, for frames to be written to; `status` is what it was answered.
 *
 * @param {{ port: number }} place
 * @param {{ index?: number, reads?: boolean, path?: string | undefined, headers?: Record<string, string | number> }} [how]
 */
export async function webSocket(place, { index = 0, reads = true, path, headers } = {}) {
  const socket = await open(place, { index, reads: false })
  socket.write(handshake(path, headers))
  const status = Number((await firstBytes(socket)).slice(9, 12)) || 0
  if (reads) socket.resume()
  else socket.pause()
  return Object.assign(socket, { status })
}

/** The first bytes that come, as text; empty when none do. @param {import('node:net').Socket} socket */
export async function firstBytes(socket) {
  const first = new Promise((resolve) => {
    socket.once('data', (bytes) => resolve(bytes.toString('latin1')))
    socket.once('close', () => resolve(''))
  })
  return (await within(ANSWER_MS, first)) ?? ''
}

/**
 * A request with its answer: status and body. The connection is closed after it.
 *
 * @param {{ port: number }} place
 * @param {string} line - `POST /poll`
 * @param {{ index?: number, headers?: Record<string, string | number>, body?: string | Buffer }} [how]
 */
export async function request(place, line, { index = 0, headers = {}, body = '' } = {}) {
  const socket = await open(place, { index, reads: false })
  const length =
    body.length > 0 || line.startsWith('POST') ? { 'content-length': Buffer.byteLength(body) } : {}
  let text = ''
  socket.on('data', (bytes) => (text += bytes.toString('latin1')))
  const closed = new Promise((resolve) => socket.once('close', () => resolve(undefined)))
  socket.write(requestHead(line, { host: 'localhost', connection: 'close', ...length, ...headers }))
  socket.write(body)
  await within(ANSWER_MS, closed)
  socket.destroy()
  const [head = '', ...rest] = text.split('\r\n\r\n')
  return { status: Number(head.slice(9, 12)) || 0, body: rest.join('\r\n\r\n') }
}

/** Opens a session of long polls; `undefined` when there is none to be had. @param {{ port: number }} place */
export async function pollSession(place, index = 0) {
  const { body } = await request(place, 'POST /poll', { index, body: '{}' })
  return /"session":"([^"]+)"/.exec(body)?.[1]
}

/** Opens a stream of events: its socket, and the session. @param {{ port: number }} place */
export async function stream(place, { index = 0, reads = true, headers = {} } = {}) {
  const socket = await open(place, { index, reads: false })
  socket.write(requestHead('GET /sse', { host: 'localhost', accept: 'text/event-stream', ...headers }))
  let text = ''
  const session = new Promise((resolve) => {
    socket.on('data', (bytes) => {
      if (text.length > 65_536) return
      text += bytes.toString('latin1')
      const found = /"session":"([^"]+)"/.exec(text)?.[1]
      if (found !== undefined || text.length > 65_536) resolve(found)
    })
    socket.once('close', () => resolve(undefined))
  })
  const found = await within(ANSWER_MS, session)
  if (!reads) {
    socket.removeAllListeners('data')
    socket.pause()
  }
  return { socket, session: found }
}

export const TEXT = 1
export const CONTINUATION = 0
export const PING = 9

/** The head of a frame of so many bytes. Its mask is 0, so that the payload goes out as it is. */
export function frameHead(opcode, length, fin = true) {
  const head = [(fin ? 0x80 : 0) | opcode]
  if (length < 126) head.push(0x80 | length)
  else if (length < 65_536) head.push(0x80 | 126, length >> 8, length & 255)
  else
    head.push(
      0x80 | 127,
      0,
      0,
      0,
      0,
      (length >>> 24) & 255,
      (length >> 16) & 255,
      (length >> 8) & 255,
      length & 255,
    )
  return Buffer.from([...head, 0, 0, 0, 0])
}

/** A whole frame. @param {string | Buffer} payload */
export function frame(payload, opcode = TEXT, fin = true) {
  const bytes = Buffer.from(payload)
  return Buffer.concat([frameHead(opcode, bytes.length, fin), bytes])
}

/**
 * Writes what `next` gives, again and again, as fast as the other end takes it, until the time is over, the socket is, or
 * `next` gives nothing. Resolves to how many were written.
 *
 * @param {import('node:net').Socket} socket
 * @param {number} until - by `Date.now()`
 * @param {() => Buffer | string | undefined} next
 */
export async function pour(socket, until, next) {
  let written = 0
  while (Date.now() < until && socket.writable) {
    const chunk = next()
    if (chunk === undefined) break
    written++
    if (socket.write(chunk)) {
      if (written % 64 === 0) await new Promise((resolve) => setImmediate(resolve))
    } else await within(until - Date.now(), room(socket))
  }
  return written
}

/** @param {import('node:net').Socket} socket */
function room(socket) {
  return new Promise((resolve) => {
    const done = () => {
      socket.off('drain', done)
      socket.off('close', done)
      resolve(undefined)
    }
    socket.on('drain', done)
    socket.on('close', done)
  })
}

/** `count` of them, some at a time. @template T @param {number} count @param {(index: number) => Promise<T>} make */
export async function many(count, make, atOnce = 32) {
  /** @type {T[]} */
  const all = []
  for (let first = 0; first < count; first += atOnce) {
    const some = Array.from({ length: Math.min(atOnce, count - first) }, (_, i) => make(first + i))
    all.push(...(await Promise.all(some)))
  }
  return all
}

/**
 * Pours into a WebSocket, and into a new one each time when it was closed.
 *
 * @param {{ port: number }} place
 * @param {number} index
 * @param {number} until
 * @param {() => Buffer | undefined} next
 */
export async function pourAgain(place, index, until, next) {
  let written = 0
  while (Date.now() < until) {
    const socket = await webSocket(place, { index })
    written += await pour(socket, until, next)
    socket.destroy()
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  return written
}
