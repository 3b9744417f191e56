import { connect, createServer, type Server, type Socket } from 'node:net'

import { type Counters, noCounts } from './toxics/counters.ts'
import { Flow, noToxics, type Toxics } from './toxics/flow.ts'
import type { Framing } from './toxics/frames.ts'
import { seededRandom } from '../../bench/lib/random.mjs'

export { NATS } from './toxics/nats-framing.ts'
export { RESP } from './toxics/resp-framing.ts'

/** Up: from the client to the server. */
export type Direction = 'up' | 'down' | 'both'

export interface ToxicProxyOptions {
  /** The port of the server, on 127.0.0.1. */
  readonly to: number
  /** How to find messages in what the server sends, for `disturb`. */
  readonly framing?: Framing
}

interface Link {
  readonly client: Socket
  readonly server: Socket
  readonly up: Flow
  readonly down: Flow
}

/**
 * Stands between clients and a server, and does what networks do. What it does can be changed at any time, and holds for the
 * connections there are as well as for new ones.
 */
export class ToxicProxy {
  readonly counters: Counters = noCounts()
  readonly #options: ToxicProxyOptions
  readonly #links = new Set<Link>()
  readonly #toxics = { up: noToxics(), down: noToxics() }
  #listener: Server | undefined
  #port = 0
  #cutAfter = Infinity

  private constructor(options: ToxicProxyOptions) {
    this.#options = options
  }

  static async start(options: ToxicProxyOptions): Promise<ToxicProxy> {
    const proxy = new ToxicProxy(options)
    await proxy.#listen()
    return proxy
  }

  get port(): number {
    return this.#port
  }

  /** How many connections there are. */
  get links(): number {
    return this.#links.size
  }

  /** Everything passes again; what was held is delivered, and new connections are accepted. */
  async pass(): Promise<void> {
    this.#cutAfter = Infinity
    for (const link of this.#links) link.down.cutAfter(Infinity)
    this.#change('both', noToxics())
    await this.#listen()
  }

  /** Existing connections are cut, new ones refused. */
  async refuse(): Promise<void> {
    const listener = this.#listener
    this.#listener = undefined
    this.reset()
    // Those who were accepted in this moment have to be gone too, or it would wait for them.
    await new Promise((resolve) => (listener ? listener.close(resolve) : resolve(undefined)))
  }

  /** Existing connections are reset; new ones are as before. */
  reset(): void {
    for (const link of this.#links) {
      link.client.resetAndDestroy()
      link.server.resetAndDestroy()
      this.counters.cut++
    }
    this.#links.clear()
  }

  /** Bytes are swallowed, and lost for ever. Connections are accepted all the same, and go on with the hole on healing. */
  blackhole(direction: Direction = 'both'): void {
    this.#change(direction, { fate: 'blackhole' })
  }

  /** Bytes are kept and delivered on healing: a partition of the network. */
  hold(direction: Direction = 'both'): void {
    this.#change(direction, { fate: 'hold' })
  }

  /** Everything takes so many milliseconds longer, and stays in order. */
  delay(delayMs: number, direction: Direction = 'both'): void {
    this.#change(direction, { delayMs })
  }

  /** Each connection is cut after so many more bytes to the client. */
  cutAfter(bytes: number): void {
    this.#cutAfter = bytes
    for (const link of this.#links) link.down.cutAfter(bytes)
  }

  /** Messages to the client come twice, or change places, with the given probabilities. Needs `framing`. */
  disturb({ duplicate = 0, reorder = 0, seed = 1 }): void {
    if (!this.#options.framing) throw new Error('the proxy was started without framing')
    this.#change('down', { disturbance: { duplicate, reorder, random: seededRandom(seed) } })
  }

  async close(): Promise<void> {
    await this.refuse()
  }

  #change(direction: Direction, change: Partial<Toxics>): void {
    for (const side of ['up', 'down'] as const) {
      if (direction !== 'both' && direction !== side) continue
      Object.assign(this.#toxics[side], change)
      for (const link of this.#links) link[side].changed()
    }
  }

  async #listen(): Promise<void> {
    if (this.#listener) return
    const listener = createServer({ allowHalfOpen: true }, (client) => this.#accept(client, listener))
    this.#listener = listener
    await new Promise<void>((resolve, reject) => {
      listener.once('error', reject)
      listener.listen(this.#port, '127.0.0.1', resolve)
    })
    const address = listener.address()
    if (address !== null && typeof address === 'object') this.#port = address.port
  }

  #accept(client: Socket, listener: Server): void {
    if (listener !== this.#listener) return void client.resetAndDestroy()
    this.counters.connections++
    const server = connect({ port: this.#options.to, host: '127.0.0.1', allowHalfOpen: true })
    for (const socket of [client, server]) socket.setNoDelay(true)
    const link = { client, server, ...this.#flows(client, server) }
    link.down.cutAfter(this.#cutAfter)
    this.#links.add(link)
    for (const socket of [client, server]) socket.on('close', () => this.#forget(link))
  }

  #flows(client: Socket, server: Socket): { up: Flow; down: Flow } {
    const { counters } = this
    const cut = (): void => {
      this.counters.cut++
      client.destroySoon()
      server.resetAndDestroy()
    }
    const { framing } = this.#options
    return {
      up: new Flow(client, server, { direction: 'up', toxics: this.#toxics.up, counters, cut }),
      down: new Flow(server, client, {
        direction: 'down',
        toxics: this.#toxics.down,
        counters,
        framing,
        cut,
      }),
    }
  }

  #forget(link: Link): void {
    if (link.client.closed && link.server.closed) this.#links.delete(link)
  }
}
