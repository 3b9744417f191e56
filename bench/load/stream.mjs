import { payload } from '../fan-out/payload.mjs'
import { textFrame } from './frames.mjs'

/** What a subscriber has to know of what it must get. @typedef {Pick<Stream, 'bytes' | 'frame' | 'turn' | 'completed'>} Expected */

/** The very bytes that every subscriber must get in one measurement. */
export class Stream {
  /** @readonly */
  bytes
  /** Bytes of one frame; all are equally long. @readonly */
  frame
  /** Bytes of one turn. @readonly */
  turn
  #subscribers
  #acknowledge
  /** How many subscribers have all of a turn. @type {number[]} */
  #complete = []
  #turns = 0

  /**
   * @param {{ first: number, perTurn: number, turns: number, subscribers: number }} plan
   * @param {(text: string) => string} wire
   * @param {(turns: number) => void} acknowledge - called when all subscribers have so many turns
   */
  constructor({ first, perTurn, turns, subscribers }, wire, acknowledge) {
    const frames = Array.from({ length: perTurn * turns }, (_, index) =>
      textFrame(wire(payload(first + index))),
    )
    this.bytes = Buffer.concat(frames)
    this.frame = frames[0]?.length ?? 0
    this.turn = this.frame * perTurn
    this.#subscribers = subscribers
    this.#acknowledge = acknowledge
  }

  /** A subscriber has everything up to the end of this turn. @param {number} turn - counted from 0 */
  completed(turn) {
    const by = (this.#complete[turn] ?? 0) + 1
    this.#complete[turn] = by
    if (by === this.#subscribers) this.#acknowledge(++this.#turns)
  }

  /** Subscribers that have everything. */
  get finished() {
    return this.#complete[this.bytes.length / this.turn - 1] ?? 0
  }
}
