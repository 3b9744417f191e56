import { readFileSync } from 'node:fs'
import { createContext, runInContext } from 'node:vm'

import { WebSocket } from 'ws'

import { until } from '../support/until.ts'

/** A script of a page that runs, without a browser around it. */
export interface Snippet {
  /** What it wrote to the console, in words. */
  readonly logs: readonly string[]
  /** The names and arguments of the functions of the page that it called. */
  readonly calls: readonly (readonly [name: string, ...args: unknown[]])[]
  /** The URL that it gave to its socket. */
  readonly url: string
  /** What it sent and received, parsed. */
  readonly sent: readonly unknown[]
  readonly received: readonly unknown[]
  /** Calls one of its own functions, as a button of the page would. */
  call(name: string, ...args: unknown[]): void
  /** Its socket. */
  readonly socket: WebSocket
  /** What went wrong with its socket, which a page cannot see: a status before the upgrade, for example. */
  readonly errors: readonly string[]
  /** Resolves when it has received so many messages with a name. */
  heard(name: string, times?: number): Promise<void>
  close(): Promise<void>
}

/** What the page has around a script. */
export interface Page {
  /** Constants, such as tokens. */
  readonly values?: Readonly<Record<string, unknown>>
  /** The names of functions that the script calls. */
  readonly functions?: readonly string[]
}

/**
 * Runs `test/fixtures/velocity/<name>` as it stands. Only the host in the address of its socket is another one: `server`,
 * such as `ws://127.0.0.1:6001`; path and query are the script's own.
 */
export function runSnippet(
  name: string,
  server: string,
  { values = {}, functions = [] }: Page = {},
): Snippet {
  const logs: string[] = []
  const calls: [string, ...unknown[]][] = []
  const sent: unknown[] = []
  const received: unknown[] = []
  const errors: string[] = []
  const sockets: { readonly url: string; readonly socket: WebSocket }[] = []

  class PageSocket extends WebSocket {
    constructor(url: string) {
      const { pathname, search } = new URL(url)
      super(server + pathname + search)
      sockets.push({ url, socket: this })
      this.on('error', ({ message }) => errors.push(message))
      this.on('message', (data: Buffer) => received.push(JSON.parse(data.toString())))
    }

    override send(data: string): void {
      sent.push(JSON.parse(data))
      super.send(data)
    }
  }

  const log = (...words: unknown[]): void => {
    logs.push(words.map((word) => (typeof word === 'string' ? word : JSON.stringify(word))).join(' '))
  }
  const callbacks = functions.map((callback) => [
    callback,
    // What a script hands over is of its own realm: copied, so that it can be compared.
    (...args: unknown[]) => calls.push([callback, ...(JSON.parse(JSON.stringify(args)) as unknown[])]),
  ])
  const context = createContext({
    WebSocket: PageSocket,
    console: { log, error: log },
    ...(Object.fromEntries(callbacks) as object),
    ...values,
  })
  const file = new URL(`../fixtures/velocity/${name}`, import.meta.url)
  runInContext(readFileSync(file, 'utf8'), context, { filename: name })
  const [first] = sockets
  if (!first || sockets.length > 1) throw new Error(`${name} opened ${String(sockets.length)} sockets`)

  const { socket, url } = first
  const times = (wanted: string): number =>
    received.filter((message) => {
      const { type, event } = message as { type?: string; event?: string }
      return (type ?? event) === wanted
    }).length
  return {
    logs,
    calls,
    sent,
    received,
    socket,
    errors,
    url,
    call: (callee, ...args) => {
      context['args'] = args
      runInContext(`${callee}(...args)`, context)
    },
    heard: (wanted, count = 1) => until(() => times(wanted) >= count, `${name} to receive ${wanted}`),
    close: async () => {
      socket.close()
      await until(() => socket.readyState === WebSocket.CLOSED, `${name} to be closed`)
    },
  }
}
