import { connect } from 'node:net'

/** How long the head of a text frame with a payload of the benchmark is. */
const FRAME_HEAD = 4

/**
 * A reader of server-sent events with as little work as possible: it looks for the events that have to come, in their
 * order, between whatever marks the chunks of the answer. The same to the load as `Subscriber`.
 */
export class SseSubscriber {
  #contestant
  #socket
  #text = ''
  /** @type {() => void} */
  #done = () => {}
  #mark = ''
  #stream = /** @type {import('./stream.mjs').Stream | undefined} */ (undefined)
  /** How many events of the stream came. */
  #events = 0

  /**
   * @param {number} port
   * @param {import('../fan-out/contestants.mjs').Contestant} contestant
   * @param {(error: Error) => void} fail
   */
  constructor(port, contestant, fail) {
    this.#contestant = contestant
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true })
    this.#socket.setEncoding('latin1')
    this.#socket.on('data', (/** @type {any} */ text) => this.#take(text))
    this.#socket.on('error', fail)
    this.#socket.on('close', () => fail(new Error('the server closed a connection')))
  }

  /** Resolves when the stream has begun. */
  open() {
    this.#socket.write(`GET ${this.#contestant.path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`)
    this.#mark = '\r\n\r\n'
    return new Promise((resolve) => (this.#done = () => resolve(undefined)))
  }

  /** Resolves when the first broadcast came, whatever came before it. @param {string} mark - its payload */
  joined(mark) {
    this.#mark = event(mark)
    return new Promise((resolve) => (this.#done = () => resolve(undefined)))
  }

  /** From now on exactly these events have to come. @param {import('./stream.mjs').Stream} stream */
  expect(stream) {
    this.#stream = stream
    this.#events = 0
    this.#text = ''
  }

  leave() {
    this.#socket.removeAllListeners('close')
    this.#socket.resetAndDestroy()
  }

  /** @param {string} text */
  #take(text) {
    this.#text += text
    const stream = this.#stream
    if (stream) this.#follow(stream)
    else if (this.#mark !== '' && this.#text.includes(this.#mark)) {
      this.#mark = this.#text = ''
      this.#done()
    }
  }

  /** @param {import('./stream.mjs').Stream} stream */
  #follow(stream) {
    const perTurn = stream.turn / stream.frame
    let from = 0
    for (;;) {
      const start = this.#events * stream.frame
      if (start >= stream.bytes.length) break
      const next = event(stream.bytes.toString('latin1', start + FRAME_HEAD, start + stream.frame))
      const at = this.#text.indexOf(next, from)
      if (at < 0) break
      from = at + next.length
      this.#events++
      if (this.#events % perTurn === 0) stream.completed(this.#events / perTurn - 1)
    }
    if (from > 0) this.#text = this.#text.slice(from)
  }
}

/** @param {string} text */
function event(text) {
  return `data: ${text}\n\n`
}
