import { connect } from 'node:net'
import { constants, inflateRawSync } from 'node:zlib'
import { clientPong } from '../load/frames.mjs'
import { FrameReader, FrameWalker } from '../load/frame-walker.mjs'
import { Handshake } from '../load/handshake.mjs'

export const EXTENSION = 'permessage-deflate; server_no_context_takeover; client_no_context_takeover'

/** A text frame that is whole and compressed. */
const DEFLATED = 0xc1
const PING_FRAME = 0x89
const PONG = clientPong(Buffer.alloc(0))
/** What every compressed message ends with, and no frame carries (RFC 7692, 7.2.1). */
const TAIL = Buffer.from([0, 0, 0xff, 0xff])

const shared = Buffer.allocUnsafe(262_144)

/** A client that can read compressed messages. Most only count them; one that checks inflates each, and compares it. */
export class Reader {
  /** Bytes of all messages, as they came. */
  bytes = 0
  #socket
  #fail
  #frames
  /** @type {(number: number) => string} */
  #text
  /** @type {Handshake | undefined} */
  #handshake = new Handshake(EXTENSION)
  #opened = () => {}
  #next = 0
  /** @type {(number: number) => void} */
  #came = () => {}

  /**
   * @param {number} port
   * @param {{ checks: boolean, text: (number: number) => string }} kind
   * @param {(error: Error) => void} fail
   */
  constructor(port, { checks, text }, fail) {
    this.#fail = fail
    this.#text = text
    this.#frames = checks
      ? new FrameReader((first, payload) => this.#check(first, payload))
      : new FrameWalker((first, length) => this.#take(first, length))
    const callback = (/** @type {number} */ size) => {
      this.#guarded(size)
      return true
    }
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true, onread: { buffer: shared, callback } })
    this.#socket.on('error', fail)
    this.#socket.on('close', () => fail(new Error('the server closed a connection')))
  }

  /** Resolves when the connection is upgraded, with compression. */
  open() {
    this.#socket.write(this.#handshake?.request ?? '')
    return new Promise((resolve) => (this.#opened = () => resolve(undefined)))
  }

  /** @param {number} first - number of the next message @param {(number: number) => void} came - called for each */
  expect(first, came) {
    this.#next = first
    this.#came = came
  }

  /** @param {number} size */
  #guarded(size) {
    try {
      if (this.#handshake) this.#upgrade(shared.subarray(0, size))
      else this.#frames.take(size, shared)
    } catch (error) {
      this.#fail(error)
    }
  }

  /** @param {Buffer} bytes */
  #upgrade(bytes) {
    const behind = this.#handshake?.take(bytes)
    if (!behind) return
    this.#handshake = undefined
    this.#opened()
    if (behind.length > 0) this.#frames.take(behind.length, behind)
  }

  /** @param {number} first @param {Buffer} payload */
  #check(first, payload) {
    if (first === DEFLATED) {
      const text = inflateRawSync(Buffer.concat([payload, TAIL]), {
        finishFlush: constants.Z_SYNC_FLUSH,
      }).toString()
      if (text !== this.#text(this.#next)) throw new Error(`not message ${this.#next}: ${text.slice(0, 60)}`)
    }
    this.#take(first, payload.length)
  }

  /** @param {number} first @param {number} length */
  #take(first, length) {
    if (first === PING_FRAME) this.#socket.write(PONG)
    else if (first !== DEFLATED) throw new Error(`a frame that is not compressed, ${length} bytes: ${first}`)
    else {
      this.bytes += length
      this.#came(this.#next++)
    }
  }
}
