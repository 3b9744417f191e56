import { once } from 'node:events'
import { WebSocket } from 'ws'
import { PAYLOAD_BYTES, payload } from '../fan-out/payload.mjs'

/** What every payload ends with. */
const MARK = payload(0).slice(8)
const NUMBER_DIGITS = PAYLOAD_BYTES - MARK.length

/** A client that notes which messages it got: slower than a `Subscriber`, and in need of no order. */
export class Listener {
  /** Messages that came, those that came twice included. */
  came = 0
  /** @type {Set<string>} */
  #numbers = new Set()
  #socket

  /**
   * @param {number} port
   * @param {import('../fan-out/contestants.mjs').Contestant} client
   */
  constructor(port, client) {
    this.#socket = new WebSocket(`ws://127.0.0.1:${port}${client.path}`)
    this.#socket.on('open', () => {
      for (const text of client.hello) this.#socket.send(text)
    })
    this.#socket.on('error', () => {})
    this.#socket.on('message', (data) => this.#take(String(data), client.pings))
  }

  /** Different messages that came. */
  get different() {
    return this.#numbers.size
  }

  /** Resolves when it is connected. */
  async open() {
    if (this.#socket.readyState === WebSocket.CONNECTING) await once(this.#socket, 'open')
  }

  leave() {
    this.#socket.terminate()
  }

  /** @param {string} text @param {Record<string, string>} pings */
  #take(text, pings) {
    const answer = pings[text]
    if (answer !== undefined) this.#socket.send(answer)
    const at = text.indexOf(MARK)
    if (at < NUMBER_DIGITS) return
    this.came++
    this.#numbers.add(text.slice(at - NUMBER_DIGITS, at))
  }
}
