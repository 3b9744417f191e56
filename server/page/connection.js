import { mayReturn, pauseBefore } from './backoff.js'
import { parse, text as textOf } from './fields.js'

/**
 * @typedef {Readonly<Record<string, unknown>>} Frame
 *
 * @typedef {object} State
 * @property {'connecting' | 'online' | 'waiting' | 'ended'} phase
 * @property {number} [retryAt] - while waiting: when the next attempt is due
 * @property {string} [why] - while waiting or ended: why the last connection ended
 * @property {number} [latencyMs] - while online: of the last ping
 *
 * @typedef {object} Listener
 * @property {(state: State) => void} state
 * @property {(frame: Frame) => void} frame - a frame that answers no request
 * @property {(direction: 'in' | 'out' | 'note', text: string) => void} wire - everything that goes by
 *
 * @typedef {object} Host - what it needs of the browser; replaced in tests
 * @property {(url: string) => WebSocket} open
 * @property {(callback: () => void, ms: number) => number} after
 * @property {(timer: number) => void} cancel
 * @property {() => number} now
 * @property {() => number} random
 *
 * @typedef {object} Pending
 * @property {(frame: Frame) => void} resolve
 * @property {(error: Error) => void} reject
 * @property {number} timer
 */

/** How long an attempt to connect, the answer to a request, and a sign of life may take. */
const CONNECT_MS = 10_000
const ANSWER_MS = 10_000
const PONG_MS = 8_000
/** A connection that lasts so long went well: the next failure counts as the first. */
const SETTLED_MS = 5_000

/** @type {Host} */
const BROWSER = {
  open: (url) => new WebSocket(url),
  after: (callback, ms) => setTimeout(callback, ms),
  cancel: (timer) => clearTimeout(timer),
  now: () => Date.now(),
  random: () => Math.random(),
}

/** What the server, or the network, had against a request. */
export class RequestError extends Error {
  /**
   * @param {string} code - a word of the protocol, `lost` or `timeout`
   * @param {string} message
   */
  constructor(code, message) {
    super(message)
    this.code = code
  }
}

/** A connection that comes back by itself, until it is told that there is no use. */
export class Connection {
  /** @type {State} */
  state = { phase: 'connecting' }
  #url
  #listener
  #host
  /** @type {WebSocket | undefined} */
  #socket
  /** @type {Map<number, Pending>} */
  #pending = new Map()
  /** @type {Set<number>} - timers that end with the socket */
  #timers = new Set()
  #retry = 0
  /** @type {Frame | undefined} */
  #bye
  #attempt = 0
  #lastId = 0
  #heard = 0

  /**
   * @param {string} url
   * @param {Listener} listener
   * @param {Host} [host]
   */
  constructor(url, listener, host = BROWSER) {
    this.#url = url
    this.#listener = listener
    this.#host = host
  }

  get online() {
    return this.state.phase === 'online'
  }

  /** Connects now: at first, instead of waiting, or after the end. Does nothing while there is a connection. */
  connect() {
    if (this.#socket) return
    this.#host.cancel(this.#retry)
    this.#bye = undefined
    this.#enter({ phase: 'connecting' })
    try {
      this.#listen(this.#host.open(this.#url))
    } catch (error) {
      this.#enter({ phase: 'ended', why: String(error) })
    }
  }

  /**
   * Sends a frame and resolves with the frame that answers it. Rejects with a {@link RequestError}; after `lost` and
   * `timeout` nobody knows whether the server did what it was asked for.
   *
   * @param {Frame} frame
   * @returns {Promise<Frame>}
   */
  request(frame) {
    return new Promise((resolve, reject) => {
      if (!this.online) {
        reject(new RequestError('lost', 'there is no connection'))
        return
      }
      const id = ++this.#lastId
      const timer = this.#during(ANSWER_MS, () => {
        this.#pending.delete(id)
        reject(new RequestError('timeout', 'the server did not answer'))
      })
      this.#pending.set(id, { resolve, reject, timer })
      this.#send({ ...frame, id })
    })
  }

  /** @param {WebSocket} socket */
  #listen(socket) {
    this.#socket = socket
    socket.onmessage = ({ data }) => this.#receive(String(data))
    socket.onclose = ({ code, reason }) => this.#lost(code, reason)
    this.#during(CONNECT_MS, () => {
      if (!this.online) this.restart('the server does not answer')
    })
  }

  /** @param {string} text */
  #receive(text) {
    this.#heard++
    this.#listener.wire('in', text)
    const frame = parse(text)
    if (frame.op === 'welcome') this.#welcome(frame)
    else if (frame.op === 'bye') this.#bye = frame
    else if (frame.op === 'ping') this.#send({ op: 'pong' })
    else if (!this.#answer(frame)) this.#listener.frame(frame)
  }

  /** @param {Frame} frame */
  #welcome({ heartbeat }) {
    this.#enter({ phase: 'online' })
    this.#during(SETTLED_MS, () => {
      this.#attempt = 0
    })
    const seconds = typeof heartbeat === 'number' && heartbeat > 0 ? Math.min(Math.max(heartbeat, 5), 60) : 25
    this.#beat(seconds * 1000)
  }

  /**
   * A browser shows no WebSocket pings, so the page sends its own: that is how it finds a connection that is dead without
   * having been closed.
   *
   * @param {number} everyMs
   */
  #beat(everyMs) {
    const sent = this.#host.now()
    const heard = this.#heard
    this.request({ op: 'ping' }).then(
      () => this.#enter({ phase: 'online', latencyMs: this.#host.now() - sent }),
      () => {},
    )
    this.#during(PONG_MS, () => {
      if (this.#heard === heard) this.restart('the server fell silent')
    })
    this.#during(everyMs, () => this.#beat(everyMs))
  }

  /**
   * @param {Frame} frame
   * @returns {boolean} whether it answers a request
   */
  #answer(frame) {
    const id = Number(frame.id)
    const pending = this.#pending.get(id)
    if (!pending) return false
    this.#pending.delete(id)
    this.#end(pending.timer)
    if (frame.op === 'err')
      pending.reject(new RequestError(textOf(frame.code), textOf(frame.message) || textOf(frame.code)))
    else pending.resolve(frame)
    return true
  }

  /** @param {Frame} frame */
  #send(frame) {
    const text = JSON.stringify(frame)
    this.#socket?.send(text)
    this.#listener.wire('out', text)
  }

  /**
   * Drops a connection that is of no use any more, without waiting for a closing handshake that may never come.
   *
   * @param {string} why
   */
  restart(why) {
    const socket = this.#socket
    if (!socket) return
    socket.onmessage = socket.onclose = null
    socket.close()
    this.#lost(1006, why)
  }

  /**
   * @param {number} code
   * @param {string} reason
   */
  #lost(code, reason) {
    this.#socket = undefined
    for (const timer of this.#timers) this.#host.cancel(timer)
    this.#timers.clear()
    for (const { reject } of this.#pending.values())
      reject(new RequestError('lost', 'the connection was lost'))
    this.#pending.clear()
    this.#listener.wire('note', `closed ${code}${reason ? ` ${reason}` : ''}`)
    const why = textOf(this.#bye?.message) || textOf(this.#bye?.code) || reason
    if (!mayReturn(code, this.#bye)) {
      this.#enter({ phase: 'ended', why: why || `code ${code}` })
      return
    }
    const pauseMs = pauseBefore(this.#attempt++, code, this.#host.random)
    this.#retry = this.#host.after(() => this.connect(), pauseMs)
    this.#enter({ phase: 'waiting', retryAt: this.#host.now() + pauseMs, why })
  }

  /** @param {State} state */
  #enter(state) {
    this.state = state
    this.#listener.state(state)
  }

  /**
   * Calls back after a time, unless the socket ends before.
   *
   * @param {number} ms
   * @param {() => void} callback
   */
  #during(ms, callback) {
    const timer = this.#host.after(() => {
      this.#timers.delete(timer)
      callback()
    }, ms)
    this.#timers.add(timer)
    return timer
  }

  /** @param {number} timer */
  #end(timer) {
    this.#host.cancel(timer)
    this.#timers.delete(timer)
  }
}
