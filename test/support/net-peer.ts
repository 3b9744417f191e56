import { connect, type Socket } from 'node:net'

import type { KnockAnswer, Peer } from '@fanfare/core/testing'

import { until } from './until.ts'

const [TEXT, BINARY, CLOSE] = [1, 2, 3] as const
const HEAD_BYTES = 5

function packet(kind: number, body: Uint8Array): Buffer {
  const head = Buffer.of(kind, 0, 0, 0, 0)
  head.writeUInt32BE(body.length, 1)
  return Buffer.concat([head, body])
}

/** What the adapter in docs/guides/write-your-own-adapter.md does not allow. */
export const MALFORMED_PACKETS: Readonly<Record<string, Uint8Array>> = {
  'an unknown packet': packet(9, Buffer.from('hi')),
  'a close without a code': packet(CLOSE, Buffer.of(1)),
  'a length of 4 GiB': Buffer.of(TEXT, 0xff, 0xff, 0xff, 0xff),
  HTTP: Buffer.from('GET / HTTP/1.1\r\n\r\n'),
}

/** A client of that adapter. */
export class NetPeer implements Peer {
  readonly received: (string | Uint8Array)[] = []
  ended: Peer['ended']
  readonly #socket: Socket
  #rest: Buffer = Buffer.alloc(0)

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (chunk) => this.#heard(chunk))
    socket.on('close', () => (this.ended ??= { code: 1006, reason: '' }))
    socket.on('error', () => {})
  }

  static async open(port: number): Promise<NetPeer> {
    const socket = connect(port, '127.0.0.1')
    const peer = new NetPeer(socket)
    await until(() => !socket.connecting, 'the connection')
    return peer
  }

  /** Asks to be let in: whoever is refused is told a close code, and whoever is not is told nothing. */
  static async ask(port: number, admitted: () => boolean): Promise<KnockAnswer> {
    const peer = await NetPeer.open(port)
    await until(() => peer.ended ?? admitted(), 'an answer')
    const { ended } = peer
    if (ended) return { status: 0, headers: {}, closeCode: ended.code }
    peer.close(1000, '')
    return { status: 'connected', headers: {} }
  }

  send(data: string | Uint8Array): void {
    this.#socket.write(packet(typeof data === 'string' ? TEXT : BINARY, Buffer.from(data as Uint8Array)))
  }

  stall(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  close(code: number, reason: string): void {
    this.sendRaw(packet(CLOSE, Buffer.concat([Buffer.of(code >> 8, code & 0xff), Buffer.from(reason)])))
  }

  destroy(): void {
    this.#socket.destroy()
  }

  freeze(): void {
    this.#socket.pause()
  }

  begin(bytes: number): void {
    this.#socket.write(packet(TEXT, Buffer.alloc(bytes, 'x')).subarray(0, bytes))
  }

  sendRaw(bytes: Uint8Array): void {
    this.#socket.write(bytes)
  }

  #heard(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk])
    while (this.#rest.length >= HEAD_BYTES) {
      const end = HEAD_BYTES + this.#rest.readUInt32BE(1)
      if (this.#rest.length < end) return
      this.#packet(this.#rest[0], this.#rest.subarray(HEAD_BYTES, end))
      this.#rest = this.#rest.subarray(end)
    }
  }

  #packet(kind: number | undefined, body: Buffer): void {
    if (kind === TEXT) this.received.push(body.toString())
    else if (kind === BINARY) this.received.push(Uint8Array.from(body))
    else {
      this.ended ??= { code: body.readUInt16BE(0), reason: body.toString('utf8', 2) }
      this.#socket.end()
    }
  }
}
