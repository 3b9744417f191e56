import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { clientPong, clientText, PING, readFrame, TEXT } from './frames.mjs'

// One for all sockets: what was read is looked at before anything else is read.
const shared = Buffer.allocUnsafe(262_144)

/**
 * A WebSocket client with as little work as possible: what it receives is compared with what it has to receive, in one
 * piece. Only what differs is taken apart, as pings are.
 */
export class Subscriber {
  #contestant
  #socket
  /** @type {(error: Error) => void} */
  #fail
  /** What is called with the bytes that came. @type {(size: number, bytes: Buffer) => void} */
  #take = this.#upgrade
  /** Bytes of a frame that is not complete. */
  #rest = Buffer.alloc(0)
  #stream = /** @type {import('./stream.mjs').Expected | undefined} */ (undefined)
  /** How much of the stream came, and at which byte the turn under way ends. */
  #position = 0
  #turnEnd = 0
  /** @type {() => void} */
  #done = () => {}
  #mark = ''

  /**
   * @param {number} port
   * @param {import('../fan-out/contestants.mjs').Contestant} contestant
   * @param {(error: Error) => void} fail
   */
  constructor(port, contestant, fail) {
    this.#contestant = contestant
    this.#fail = fail
    const callback = (/** @type {number} */ size, /** @type {Uint8Array} */ bytes) => {
      this.#guarded(size, /** @type {Buffer} */ (bytes))
      return true
    }
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true, onread: { buffer: shared, callback } })
    this.#socket.on('error', fail)
    this.#socket.on('close', () => fail(new Error('the server closed a connection')))
  }

  /** Resolves when the connection is upgraded. */
  open() {
    this.#socket.write(
      `GET ${this.#contestant.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\n\r\n`,
    )
    return new Promise((resolve) => (this.#done = () => resolve(undefined)))
  }

  /** Resolves when the first broadcast came, whatever came before it. @param {string} mark - its payload */
  joined(mark) {
    this.#mark = this.#contestant.wire(mark)
    return new Promise((resolve) => (this.#done = () => resolve(undefined)))
  }

  /** From now on exactly these bytes have to come. @param {import('./stream.mjs').Expected} stream */
  expect(stream) {
    this.#stream = stream
    this.#position = 0
    this.#turnEnd = stream.turn
  }

  leave() {
    this.#fail = () => {}
    this.#socket.resetAndDestroy()
  }

  /** @param {number} size @param {Buffer} bytes */
  #guarded(size, bytes) {
    try {
      this.#take(size, bytes)
    } catch (error) {
      this.#fail(/** @type {Error} */ (error))
    }
  }

  /** @param {number} size @param {Buffer} bytes */
  #upgrade(size, bytes) {
    this.#rest = Buffer.concat([this.#rest, bytes.subarray(0, size)])
    const end = this.#rest.indexOf('\r\n\r\n')
    if (end < 0) return
    const head = this.#rest.toString('latin1', 0, end)
    if (!head.startsWith('HTTP/1.1 101')) throw new Error(`no upgrade: ${head.split('\r\n')[0]}`)
    const behind = this.#rest.subarray(end + 4)
    this.#rest = Buffer.alloc(0)
    this.#take = this.#receive
    for (const text of this.#contestant.hello) this.#socket.write(clientText(text))
    this.#done()
    if (behind.length > 0) this.#receive(behind.length, behind)
  }

  /** @param {number} size @param {Buffer} bytes */
  #receive(size, bytes) {
    const stream = this.#stream
    if (stream && this.#rest.length === 0) {
      const position = this.#position + size
      const fits = position <= stream.bytes.length
      if (fits && bytes.compare(stream.bytes, this.#position, position, 0, size) === 0) {
        this.#moveTo(position, stream)
        return
      }
    }
    this.#takeApart(Buffer.from(bytes.subarray(0, size)), stream)
  }

  /** @param {number} position @param {import('./stream.mjs').Expected} stream */
  #moveTo(position, stream) {
    this.#position = position
    while (position >= this.#turnEnd) {
      stream.completed(this.#turnEnd / stream.turn - 1)
      this.#turnEnd += stream.turn
    }
  }

  /**
   * Frame by frame, from the beginning of the frame under way: its first bytes are those of the stream, since they came
   * through the comparison.
   *
   * @param {Buffer} bytes
   * @param {import('./stream.mjs').Expected | undefined} stream
   */
  #takeApart(bytes, stream) {
    const before = stream ? this.#position % stream.frame : 0
    this.#position -= before
    const begun = stream?.bytes.subarray(this.#position, this.#position + before) ?? Buffer.alloc(0)
    let rest = Buffer.concat([begun, this.#rest, bytes])
    for (let frame = readFrame(rest); frame; frame = readFrame(rest)) {
      this.#takeFrame(rest.subarray(0, frame.size), frame, stream)
      rest = rest.subarray(frame.size)
    }
    this.#rest = rest
  }

  /**
   * @param {Buffer} bytes
   * @param {{ opcode: number, data: Buffer }} frame
   * @param {import('./stream.mjs').Expected | undefined} stream
   */
  #takeFrame(bytes, { opcode, data }, stream) {
    if (stream?.bytes.subarray(this.#position, this.#position + stream.frame).equals(bytes)) {
      this.#moveTo(this.#position + bytes.length, stream)
      return
    }
    const text = opcode === TEXT ? data.toString() : ''
    const answer = this.#contestant.pings[text]
    if (opcode === PING) this.#socket.write(clientPong(data))
    else if (answer !== undefined) this.#socket.write(clientText(answer))
    else if (stream) throw new Error(this.#difference(opcode, data, stream))
    else if (opcode !== TEXT) throw new Error(`a frame with opcode ${opcode} before the first broadcast`)
    else if (text === this.#mark) this.#done()
  }

  /** @param {number} opcode @param {Buffer} data @param {import('./stream.mjs').Expected} stream */
  #difference(opcode, data, stream) {
    const frames = stream.bytes.length / stream.frame
    const number = this.#position / stream.frame
    return `after ${number} of ${frames} messages came something else (opcode ${opcode}): ${data.toString().slice(0, 60)}`
  }
}
