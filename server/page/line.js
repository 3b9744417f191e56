import { FanfareClient, poll, sse, websocket } from '/client/index.js'

import { logged } from './logged.js'
import { RoundTrips } from './round-trips.js'
import { stateOf } from './state.js'

/** @import { Way } from './logged.js' */
/** @import { State } from './state.js' */

/**
 * @typedef {object} Listener
 * @property {(state: State) => void} state
 * @property {(direction: 'in' | 'out' | 'note', text: string) => void} wire - everything that goes by
 */

/** The page's client, and what people see of its connection. */
export class Line {
  client
  /** @type {State} */
  #state = { phase: 'connecting' }
  #listener
  #trips = new RoundTrips()
  /** @type {Way} */
  #way = 'auto'

  /**
   * @param {string} path - where the server's clients connect
   * @param {Listener} listener
   */
  constructor(path, listener) {
    this.#listener = listener
    const log = {
      wire: this.#passes.bind(this),
      heard: (/** @type {Way} */ way) => {
        this.#way = way
      },
    }
    const socket = 'WebSocket' in window ? [websocket(WebSocket)] : []
    this.client = new FanfareClient(path, {
      transports: [...socket, sse(), poll()].map((transport) => logged(transport, log)),
      backoff: { maxMs: 10_000 },
    })
    this.client.on('state', (change) => {
      // What ended without an error, this page has ended itself, to begin anew.
      if (change.state === 'closed' && !change.error) return
      this.#trips.forget()
      const state = stateOf(change, Date.now())
      this.#enter(state.phase === 'online' ? { ...state, way: this.#way } : state)
    })
  }

  get online() {
    return this.client.state === 'open'
  }

  get ended() {
    return this.client.state === 'closed'
  }

  /** Connects now: at first, instead of waiting, or after the end. */
  connect() {
    // The client would wait until its time has come.
    if (this.client.state === 'waiting') this.client.close()
    this.client.connect().catch(() => {
      // The state says so.
    })
  }

  /**
   * @param {'in' | 'out' | 'note'} direction
   * @param {string} text
   */
  #passes(direction, text) {
    this.#listener.wire(direction, text)
    if (direction === 'out') this.#trips.sent(text)
    const latencyMs = direction === 'in' ? this.#trips.received(text) : undefined
    if (latencyMs !== undefined && this.#state.phase === 'online') this.#enter({ ...this.#state, latencyMs })
  }

  /** @param {State} state */
  #enter(state) {
    this.#state = state
    this.#listener.state(state)
  }
}
