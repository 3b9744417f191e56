import { connect } from 'node:net'
import { Handshake } from '../load/handshake.mjs'

const shared = Buffer.allocUnsafe(262_144)

/** A client whose messages nobody looks at: it reads all of them, or, stalled, none. */
export class Bystander {
  #socket
  #stalled
  /** The part of the connection before it is upgraded. @type {Handshake | undefined} */
  #handshake = new Handshake()
  #opened = () => {}

  /** @param {number} port @param {boolean} stalled @param {(error: Error) => void} fail */
  constructor(port, stalled, fail) {
    this.#stalled = stalled
    const callback = (/** @type {number} */ size) => {
      this.#take(shared.subarray(0, size))
      return true
    }
    this.#socket = connect({ port, host: '127.0.0.1', onread: { buffer: shared, callback } })
    // The server may well close it: that is not the load's business.
    this.#socket.on('error', () => this.#handshake && fail(new Error('the bystander was not let in')))
  }

  /** Resolves when the connection is upgraded. From then on a stalled one reads nothing. */
  open() {
    this.#socket.write(this.#handshake?.request ?? '')
    return new Promise((resolve) => (this.#opened = () => resolve(undefined)))
  }

  leave() {
    this.#socket.resetAndDestroy()
  }

  /** @param {Buffer} bytes */
  #take(bytes) {
    if (this.#handshake?.take(bytes) === undefined) return
    this.#handshake = undefined
    if (this.#stalled) this.#socket.pause()
    this.#opened()
  }
}
