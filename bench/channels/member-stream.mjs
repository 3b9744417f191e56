/** Turns that every client has, as far as all clients together are. */
export class Turns {
  #clients
  #acknowledge
  /** How many clients have all of a turn. @type {number[]} */
  #complete
  #done = 0

  /**
   * @param {number} turns
   * @param {number} clients
   * @param {(turns: number) => void} acknowledge - called when all clients have so many turns
   */
  constructor(turns, clients, acknowledge) {
    this.#complete = new Array(turns).fill(0)
    this.#clients = clients
    this.#acknowledge = acknowledge
  }

  /** A client has what it gets of a turn, and of all turns before it. @param {number} turn - counted from 0 */
  completed(turn) {
    const by = (this.#complete[turn] ?? 0) + 1
    this.#complete[turn] = by
    if (by === this.#clients) this.#acknowledge(++this.#done)
  }

  /** Clients that have everything. */
  get finished() {
    return this.#complete.at(-1) ?? 0
  }
}

/** The very bytes that one client must get in one measurement: the same to a subscriber as `Stream`. */
export class MemberStream {
  /** @readonly */
  bytes
  /** Bytes of one frame; all are equally long. @readonly */
  frame
  /** A subscriber's step: here of one message, since a client gets more of some turns than of others. @readonly */
  turn
  #turns
  /** In which turn each message is. @type {readonly number[]} */
  #turnOf
  /** Turns in all. */
  #many
  /** The first turn of which it does not have everything. */
  #next = 0

  /**
   * @param {readonly { turn: number, frame: Buffer }[]} messages - that the client gets, in their order
   * @param {{ frame: number, many: number, turns: Turns }} plan - bytes of a frame, how many turns, and who counts them
   */
  constructor(messages, { frame, many, turns }) {
    this.bytes = Buffer.concat(messages.map((message) => message.frame))
    this.frame = this.turn = frame
    this.#turnOf = messages.map(({ turn }) => turn)
    this.#turns = turns
    this.#many = many
  }

  /** Turns of which it gets nothing before its first message are behind it. */
  begin() {
    this.#pass(this.#turnOf[0] ?? this.#many)
  }

  /** A message is there. @param {number} message - counted from 0 */
  completed(message) {
    this.#pass(this.#turnOf[message + 1] ?? this.#many)
  }

  /** It has everything of the turns before this one. @param {number} turn */
  #pass(turn) {
    while (this.#next < turn) this.#turns.completed(this.#next++)
  }
}
