import { parse } from './fields.js'

/** How many requests are remembered that nobody has answered. */
const KEPT = 100

/** Measures how long answers take, from the frames as they go by. */
export class RoundTrips {
  #now
  /** When what was asked, by the id of the request. @type {Map<unknown, number>} */
  #asked = new Map()

  /** @param {() => number} [now] - in milliseconds */
  constructor(now = () => performance.now()) {
    this.#now = now
  }

  /** @param {string} text - a frame that goes out */
  sent(text) {
    const { op, id } = parse(text)
    if (op === 'pong' || op === 'answer' || this.#asked.size >= KEPT) return
    this.#asked.set(id ?? op, this.#now())
  }

  /**
   * @param {string} text - a frame that came in
   * @returns {number | undefined} whole milliseconds, if it answers something
   */
  received(text) {
    const { op, id } = parse(text)
    if (op !== 'ok' && op !== 'err' && op !== 'pong') return undefined
    const asked = id ?? (op === 'pong' ? 'ping' : undefined)
    const since = this.#asked.get(asked)
    this.#asked.delete(asked)
    return since === undefined ? undefined : Math.round(this.#now() - since)
  }

  /** What was asked on a connection that is gone, nobody answers any more. */
  forget() {
    this.#asked.clear()
  }
}
