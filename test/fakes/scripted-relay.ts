import type { Message, Relay } from '@fanfare/core'

interface Call {
  readonly what: 'open' | 'close' | 'publish'
  readonly channel: string
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/**
 * A relay that does nothing until the test says so: each call waits until it is let go, by `succeed` or `fail`. It notes
 * every call in order, and complains when two calls about one channel overlap.
 */
export class ScriptedRelay implements Relay {
  /** `open orders`, `close orders`, in order. */
  readonly log: string[] = []
  readonly published: Message[] = []
  /** Breaches of the contract of a relay. Always empty. */
  readonly overlaps: string[] = []
  #calls: Call[] = []
  #eager = false

  /** From now on every call succeeds at once. */
  eager(): this {
    this.#eager = true
    return this
  }

  /** The calls that wait for an outcome. */
  get pending(): string[] {
    return this.#calls.map(({ what, channel }) => `${what} ${channel}`)
  }

  open(channel: string): Promise<void> {
    return this.#interest('open', channel)
  }

  close(channel: string): Promise<void> {
    return this.#interest('close', channel)
  }

  publish(message: Message): Promise<void> {
    this.published.push(message)
    return this.#call('publish', message.channel)
  }

  /** The oldest such call comes to a good end: `succeed('open orders')`. */
  succeed(call: string): void {
    this.#take(call).resolve()
  }

  /** The oldest such call fails. */
  fail(call: string, error = new Error(`no ${call}`)): void {
    this.#take(call).reject(error)
  }

  #interest(what: 'open' | 'close', channel: string): Promise<void> {
    const running = this.#calls.find((call) => call.what !== 'publish' && call.channel === channel)
    if (running) this.overlaps.push(`${what} ${channel} while ${running.what} runs`)
    this.log.push(`${what} ${channel}`)
    return this.#call(what, channel)
  }

  #call(what: Call['what'], channel: string): Promise<void> {
    if (this.#eager) return Promise.resolve()
    return new Promise((resolve, reject) => this.#calls.push({ what, channel, resolve, reject }))
  }

  #take(wanted: string): Call {
    const call = this.#calls.find(({ what, channel }) => `${what} ${channel}` === wanted)
    if (!call) throw new Error(`nobody called ${wanted}; waiting: ${this.pending.join(', ') || 'nothing'}`)
    this.#calls = this.#calls.filter((other) => other !== call)
    return call
  }
}
