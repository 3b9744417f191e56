import { connect, type Socket } from 'node:net'

import { type Peer, plainData } from '../contracts/conn-stand.ts'
import { begunFrame, parseFrames, pingFrames, rawFrame, type RawFrame, upgradeRequest } from './raw-frames.ts'
import { until } from './until.ts'

const TEXT = 0x81
const BINARY = 0x82
const CLOSE = 0x88
const PING = 0x89
const PONG = 0x8a

/** A WebSocket client on a bare TCP socket, which keeps to the rules, and runs wherever there is `node:net`. */
export class TcpPeer implements Peer {
  readonly received: (string | Uint8Array)[] = []
  ended: Peer['ended']
  status = 0
  readonly #socket: Socket
  #rest: Buffer = Buffer.alloc(0)
  #closing = false

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (chunk) => this.#heard(chunk))
    socket.on('close', () => (this.ended ??= { code: 1006, reason: '' }))
    socket.on('error', () => {})
  }

  static async open(url: string): Promise<TcpPeer> {
    const { hostname, port, pathname, search } = new URL(url)
    const socket = connect(Number(port), hostname)
    const peer = new TcpPeer(socket)
    socket.write(upgradeRequest(pathname + search, { origin: undefined }))
    await until(() => peer.status > 0 || peer.ended, 'an answer')
    if (peer.status !== 101) throw new Error(`not upgraded: ${String(peer.status)}`)
    return peer
  }

  send(data: string | Uint8Array): void {
    this.#socket.write(rawFrame(typeof data === 'string' ? TEXT : BINARY, Buffer.from(data as Uint8Array)))
  }

  stall(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  close(code: number, reason: string): void {
    if (this.#closing) return
    this.#closing = true
    this.#socket.write(
      rawFrame(CLOSE, Buffer.concat([Buffer.of(code >> 8, code & 0xff), Buffer.from(reason)])),
    )
  }

  destroy(): void {
    this.#socket.destroy()
  }

  freeze(): void {
    // Pings are answered as they are read.
    this.#socket.pause()
  }

  begin(bytes: number): void {
    this.#socket.write(begunFrame(bytes))
  }

  ping(count: number): void {
    this.#socket.write(pingFrames(count))
  }

  sendRaw(bytes: Uint8Array): void {
    this.#socket.write(bytes)
  }

  #heard(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk])
    if (this.status === 0) this.#answered()
    if (this.status === 0) return
    const { frames, rest } = parseFrames(this.#rest)
    this.#rest = rest
    for (const frame of frames) this.#frame(frame)
  }

  #answered(): void {
    const end = this.#rest.indexOf('\r\n\r\n')
    if (end < 0) return
    this.status = Number(this.#rest.toString('latin1', 9, 12))
    this.#rest = this.#rest.subarray(end + 4)
  }

  #frame({ first, payload }: RawFrame): void {
    if (first === TEXT) this.received.push(payload.toString())
    else if (first === BINARY) this.received.push(plainData(payload))
    else if (first === PING) this.#socket.write(rawFrame(PONG, payload))
    else if (first === CLOSE) this.#closed(payload)
  }

  #closed(payload: Buffer): void {
    const code = payload.length >= 2 ? payload.readUInt16BE(0) : 1005
    this.ended ??= { code, reason: payload.subarray(2).toString() }
    if (!this.#closing) this.#socket.write(rawFrame(CLOSE, payload))
    this.#socket.end()
  }
}
