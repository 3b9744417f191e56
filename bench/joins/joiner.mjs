import { connect } from 'node:net'
import { clientPong, clientText } from '../load/frames.mjs'
import { Handshake } from '../load/handshake.mjs'
import { subscribeText } from './members.mjs'

// One for all sockets: what was read is looked at before anything else is read.
const shared = Buffer.allocUnsafe(1_048_576)
const ANSWERS = { text: clientText('{"op":"pong"}'), control: clientPong(Buffer.alloc(0)) }

/** A client that joins a presence channel, and is done when it knows of as many members as it has to. */
export class Joiner {
  /** Bytes that came since it asked to join. */
  bytes = 0
  #number
  #socket
  #seen
  #fail
  /** @type {Handshake | undefined} */
  #handshake = new Handshake()
  #wanted = Infinity
  /** The connection is open; or everybody was seen. */
  #done = () => {}

  /**
   * @param {number} port
   * @param {number} number - of the member
   * @param {new (answer: (frame: 'text' | 'control') => void) => import('./seen.mjs').Seen} Kind - how it looks at what comes
   * @param {(error: Error) => void} fail
   */
  constructor(port, number, Kind, fail) {
    this.#number = number
    this.#fail = fail
    this.#seen = new Kind((frame) => this.#socket.write(ANSWERS[frame]))
    const callback = (/** @type {number} */ size) => {
      this.#guarded(size)
      return true
    }
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true, onread: { buffer: shared, callback } })
    this.#socket.on('error', fail)
    this.#socket.on('close', () => fail(new Error(`the server closed the connection of member ${number}`)))
  }

  /** Resolves when the connection is upgraded. */
  open() {
    this.#socket.write(this.#handshake?.request ?? '')
    return new Promise((resolve) => (this.#done = () => resolve(undefined)))
  }

  /** @param {string} channel @param {number} wanted - members @param {() => void} done - called when it knows of them */
  join(channel, wanted, done) {
    this.bytes = 0
    this.#wanted = wanted
    this.#done = done
    this.#seen.enter(channel)
    this.#socket.write(clientText(subscribeText(channel, this.#number)))
  }

  /** @param {number} size */
  #guarded(size) {
    try {
      if (this.#handshake) this.#upgrade(shared.subarray(0, size))
      else this.#take(size, shared)
    } catch (error) {
      this.#fail(error)
    }
  }

  /** @param {Buffer} bytes */
  #upgrade(bytes) {
    const behind = this.#handshake?.take(bytes)
    if (!behind) return
    this.#handshake = undefined
    this.#done()
    if (behind.length > 0) this.#take(behind.length, behind)
  }

  /** @param {number} size @param {Buffer} bytes */
  #take(size, bytes) {
    this.bytes += size
    this.#seen.take(size, bytes)
    const { members } = this.#seen
    if (members < this.#wanted) return
    if (members > this.#wanted) throw new Error(`${members} members of ${this.#wanted}`)
    this.#wanted = Infinity
    this.#done()
  }
}
