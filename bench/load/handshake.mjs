import { randomBytes } from 'node:crypto'

const END = '\r\n\r\n'

/** A client's side of the upgrade to WebSocket, for a socket of which somebody else reads the bytes. */
export class Handshake {
  #heard = Buffer.alloc(0)
  #extension

  /** @param {string} [extension] - that the client offers, and insists on */
  constructor(extension) {
    this.#extension = extension
  }

  /** What the client says first. */
  get request() {
    const offer = this.#extension === undefined ? '' : `Sec-WebSocket-Extensions: ${this.#extension}\r\n`
    return (
      'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      `Sec-WebSocket-Version: 13\r\n${offer}Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}${END}`
    )
  }

  /**
   * Takes bytes of the answer.
   *
   * @param {Buffer} bytes - kept by nobody
   * @returns {Buffer | undefined} what came behind the answer; `undefined` while it is not complete
   * @throws Error when the answer is another
   */
  take(bytes) {
    this.#heard = Buffer.concat([this.#heard, bytes])
    const end = this.#heard.indexOf(END)
    if (end < 0) return undefined
    const head = this.#heard.toString('latin1', 0, end)
    if (!head.startsWith('HTTP/1.1 101')) throw new Error(`no upgrade: ${head.split('\r\n')[0]}`)
    const [wanted = ''] = this.#extension?.split(';') ?? []
    if (!head.includes(wanted)) throw new Error(`the server did not agree to ${wanted}`)
    return this.#heard.subarray(end + END.length)
  }
}
