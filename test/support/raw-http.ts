import { connect, type Socket } from 'node:net'

/** A TCP connection that speaks HTTP/1.1 by hand. */
export class RawHttp {
  readonly socket: Socket
  /** Everything that came. */
  text = ''
  closed = false

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1')
    this.socket.on('data', (data) => (this.text += data.toString('latin1')))
    // Whoever writes on after the last answer is cut.
    this.socket.on('error', () => {})
    this.socket.on('close', () => (this.closed = true))
  }

  /** The statuses of the answers that came. */
  get statuses(): number[] {
    return Array.from(this.text.matchAll(/HTTP\/1\.1 (\d{3})/g), ([, status]) => Number(status))
  }

  write(text: string): void {
    this.socket.write(text, 'latin1')
  }

  destroy(): void {
    this.socket.destroy()
  }
}

/** The head of a request. */
export function head(method: string, target: string, headers: Readonly<Record<string, string>> = {}): string {
  const lines = Object.entries({ host: '127.0.0.1', ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  )
  return `${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`
}

/** A whole request. */
export function whole(
  method: string,
  target: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): string {
  return head(method, target, { 'content-length': String(body.length), ...headers }) + body
}

/** Bytes as a chunk of a body whose length is not said before. */
export function chunk(text: string): string {
  return `${text.length.toString(16)}\r\n${text}\r\n`
}
