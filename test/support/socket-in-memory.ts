import { IncomingMessage, type Server } from 'node:http'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'

/** The server's end of a connection without a network: tests put in what comes, and see what was written. */
export class SocketInMemory extends Duplex {
  /** The chunks of each write, as one system call would have taken them. */
  readonly writes: Buffer[][] = []
  /** What the network takes from now on before it is full; the write that does not fit is under way until it is. */
  room = Infinity
  #underWay: { left: number; done: () => void } | undefined

  /** Has a server handle an upgrade on a new socket. */
  static upgradedBy(server: Server): SocketInMemory {
    const socket = new SocketInMemory()
    const request = new IncomingMessage(socket as unknown as Socket)
    request.method = 'GET'
    request.url = '/'
    request.headers['upgrade'] = 'websocket'
    request.headers['sec-websocket-version'] = '13'
    request.headers['sec-websocket-key'] = 'dGhlIHNhbXBsZSBub25jZQ=='
    server.emit('upgrade', request, socket, Buffer.alloc(0))
    return socket
  }

  /** Something comes in. */
  arrive(bytes: Uint8Array): void {
    this.push(bytes)
  }

  /** The network takes so many bytes more. */
  drainBytes(bytes: number): void {
    this.room += bytes
    const write = this.#underWay
    if (!write) return
    const taken = Math.min(write.left, this.room)
    write.left -= taken
    this.room -= taken
    if (write.left > 0) return
    this.#underWay = undefined
    write.done()
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#begin([chunk], done)
  }

  override _writev(chunks: readonly { readonly chunk: Buffer }[], done: () => void): void {
    this.#begin(
      chunks.map(({ chunk }) => chunk),
      done,
    )
  }

  #begin(chunks: Buffer[], done: () => void): void {
    this.writes.push(chunks)
    this.#underWay = { left: chunks.reduce((sum, { length }) => sum + length, 0), done }
    this.drainBytes(0)
  }
}
