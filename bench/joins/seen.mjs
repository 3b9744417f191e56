import { FrameReader, FrameWalker } from '../load/frame-walker.mjs'
import { joinText, membersIn } from './members.mjs'

const PING_FRAME = 0x89
const TEXT_FRAME = 0x81
/** Where a protocol frame begins to differ from another: behind `{"op":"`. */
const OP_AT = 7
const [J, M, O, P, W] = Buffer.from('jmopw')

/**
 * What a client makes of what it is sent.
 *
 * @typedef {object} Seen
 * @property {number} members - that it knows of
 * @property {(size: number, bytes: Buffer) => void} take
 * @property {(channel: string) => void} enter - from now on it is about this channel
 */

/**
 * Counts members by the lengths of the frames, and reads nothing.
 *
 * @implements {Seen}
 */
export class CountedMembers {
  members = 0
  #channel = ''
  #joinLength = 0
  #answer
  #walker = new FrameWalker((first, length, bytes, start) => {
    if (first === TEXT_FRAME && length === this.#joinLength && bytes[start + OP_AT] === J) this.members++
    else this.#other(first, length, bytes.subarray(start, start + OP_AT + 1))
  })

  /** @param {(frame: 'text' | 'control') => void} answer - to a ping of the protocol, or of WebSocket */
  constructor(answer) {
    this.#answer = answer
  }

  /** @param {string} channel */
  enter(channel) {
    this.#channel = channel
    this.#joinLength = joinText(channel, 0).length
    this.members = 0
  }

  /** @param {number} size @param {Buffer} bytes */
  take(size, bytes) {
    this.#walker.take(size, bytes)
  }

  /** @param {number} first @param {number} length @param {Buffer} begun */
  #other(first, length, begun) {
    if (first === PING_FRAME) return this.#answer('control')
    const op = begun[OP_AT]
    if (op === P) return this.#answer('text')
    if (op === W) return
    if (first !== TEXT_FRAME || (op !== O && op !== M)) {
      throw new Error(`an unexpected frame, opcode ${first & 15}, of ${length} bytes: ${begun.toString()}`)
    }
    // A full transport is told at once that it has joined, and gets the list later.
    const many = membersIn(op === O ? 'ok' : 'members', this.#channel, length)
    if (many > 0) this.members = many
  }
}

/**
 * Reads everything, and believes nothing: for a sample of the clients.
 *
 * @implements {Seen}
 */
export class CheckedMembers {
  #channel = ''
  /** @type {Set<string>} */
  #ids = new Set()
  #answer
  #reader = new FrameReader((first, payload) => {
    if (first === PING_FRAME) this.#answer('control')
    else this.#read(JSON.parse(payload.toString()))
  })

  /** @param {(frame: 'text' | 'control') => void} answer */
  constructor(answer) {
    this.#answer = answer
  }

  get members() {
    return this.#ids.size
  }

  /** @param {string} channel */
  enter(channel) {
    this.#channel = channel
    this.#ids = new Set()
  }

  /** @param {number} size @param {Buffer} bytes */
  take(size, bytes) {
    this.#reader.take(size, bytes)
  }

  /** @param {{ op: string, channel?: string, member?: { id: string }, members?: { id: string }[] }} frame */
  #read(frame) {
    const { op, channel, member, members } = frame
    if (op === 'ping') return this.#answer('text')
    if (op === 'welcome') return
    if (channel !== this.#channel) throw new Error(`unexpected: ${JSON.stringify(frame).slice(0, 200)}`)
    if (members) this.#ids = new Set(members.map(({ id }) => id))
    if (members && this.#ids.size !== members.length) throw new Error('a member stands in the list twice')
    if (!member) return
    if (this.#ids.has(member.id)) throw new Error(`${member.id} joined twice`)
    this.#ids.add(member.id)
  }
}
