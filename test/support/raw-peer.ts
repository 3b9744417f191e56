import { connect, type Socket } from 'node:net'

import { onTestFinished } from 'vitest'

import { type Headers, parseFrames, rawFrame, type RawFrame, upgradeRequest } from './raw-frames.ts'
import { until } from './until.ts'

export * from './raw-frames.ts'

/** A TCP connection without manners: it sends what it is told, and collects what comes. */
export class RawPeer {
  readonly socket: Socket
  #chunks: Buffer[] = []
  #head = ''
  /** What came after the head and is not parsed yet. */
  #rest: Buffer = Buffer.alloc(0)
  readonly #frames: RawFrame[] = []
  /** The connection is over, however that came. */
  closed = false

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk) => this.#chunks.push(chunk))
    socket.on('close', () => (this.closed = true))
    // A reset is one way for it to be over.
    socket.on('error', () => {})
  }

  static async open(port: number, host = '127.0.0.1'): Promise<RawPeer> {
    const socket = connect(port, host)
    onTestFinished(() => void socket.destroy())
    const peer = new RawPeer(socket)
    await until(() => !socket.connecting, 'the connection')
    return peer
  }

  /** Connects and asks for an upgrade, with these header lines instead of, or beside, the usual ones. */
  static async ask(port: number, target = '/', headers: Headers = {}): Promise<RawPeer> {
    const peer = await RawPeer.open(port)
    peer.send(upgradeRequest(target, headers))
    return peer
  }

  /** The same, and waits until the server has upgraded. */
  static async upgraded(port: number, target = '/', headers: Headers = {}): Promise<RawPeer> {
    const peer = await RawPeer.ask(port, target, headers)
    await until(() => peer.head !== '', 'an answer')
    if (peer.status !== 101) throw new Error(`not upgraded: ${peer.head}`)
    return peer
  }

  /** What came before the first empty line; empty before that came. */
  get head(): string {
    this.#take()
    return this.#head
  }

  /** The status of the HTTP answer; 0 before it came. */
  get status(): number {
    return Number(/^HTTP\/1\.1 (\d{3})/.exec(this.head)?.[1] ?? 0)
  }

  /** The body of an HTTP answer. */
  get body(): Buffer {
    this.#take()
    return this.#rest
  }

  /** The WebSocket frames that came, as far as they are complete. */
  get frames(): readonly RawFrame[] {
    this.#take()
    const { frames, rest } = parseFrames(this.#rest)
    this.#frames.push(...frames)
    this.#rest = rest
    return this.#frames
  }

  /** The payloads of the text frames that came. */
  get texts(): string[] {
    return this.frames.filter(({ first }) => first === 0x81).map(({ payload }) => payload.toString())
  }

  /** The code of the close frame that came. */
  get closeCode(): number | undefined {
    const close = this.frames.find(({ first }) => first === 0x88)
    return close && (close.payload.length >= 2 ? close.payload.readUInt16BE(0) : 1005)
  }

  #take(): void {
    if (this.#chunks.length === 0) return
    this.#rest = Buffer.concat([this.#rest, ...this.#chunks])
    this.#chunks = []
    const end = this.#head === '' ? this.#rest.indexOf('\r\n\r\n') : -1
    if (end < 0) return
    this.#head = this.#rest.toString('latin1', 0, end)
    this.#rest = this.#rest.subarray(end + 4)
  }

  send(data: string | Uint8Array): void {
    this.socket.write(data)
  }

  text(message: string): void {
    this.send(rawFrame(0x81, Buffer.from(message)))
  }

  async answered(): Promise<void> {
    await until(() => this.status > 0 || this.closed, 'an answer')
  }

  async over(): Promise<void> {
    await until(() => this.closed, 'the end of the connection')
  }
}
