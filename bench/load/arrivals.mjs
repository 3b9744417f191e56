import { now } from '../lib/clock.mjs'
import { spread } from '../lib/percentiles.mjs'
import { Stream } from './stream.mjs'

/** A stream of single messages that notes when each came, at every subscriber. */
export class Arrivals extends Stream {
  #subscribers
  /** By the clock of lib/clock, message after message, for each as many as there are subscribers. */
  #cameAt
  /** Of each message. */
  #came
  #messages = 0
  #wanted = Infinity
  #reached = () => {}

  /**
   * @param {{ first: number, messages: number, subscribers: number }} plan - `messages`: so many may come, or fewer
   * @param {(text: string) => string} wire
   */
  constructor({ first, messages, subscribers }, wire) {
    super({ first, perTurn: 1, turns: messages, subscribers }, wire, (complete) => this.#complete(complete))
    this.#subscribers = subscribers
    this.#cameAt = new Float64Array(messages * subscribers)
    this.#came = new Uint32Array(messages)
  }

  /** @override @param {number} message */
  completed(message) {
    const before = this.#came[message] ?? 0
    this.#came[message] = before + 1
    this.#cameAt[message * this.#subscribers + before] = now()
    super.completed(message)
  }

  /** Resolves when every subscriber has so many messages. @param {number} messages */
  have(messages) {
    this.#wanted = messages
    return new Promise((resolve) => {
      this.#reached = () => resolve(undefined)
      this.#complete(this.#messages)
    })
  }

  /**
   * How long the messages took.
   *
   * @param {readonly number[]} since - a moment for each message
   * @returns {{ last: number[], all: import('../lib/percentiles.mjs').Spread }} in milliseconds: `last` to the last
   *   subscriber, of each message; `all` over all deliveries
   */
  latency(since) {
    const many = this.#subscribers
    const taken = this.#cameAt.slice(0, since.length * many)
    for (let at = 0; at < taken.length; at++) taken[at] -= since[Math.floor(at / many)] ?? Number.NaN
    return {
      last: since.map((_, message) => taken[(message + 1) * many - 1] ?? Number.NaN),
      all: spread(taken),
    }
  }

  /** @param {number} messages */
  #complete(messages) {
    this.#messages = messages
    if (messages >= this.#wanted) this.#reached()
  }
}
