import type { BusDriver } from '@fanfare/broadcasting/driver'
import { FanfareError } from '@fanfare/core'

import { ServerBus } from '../bus/server-bus.ts'
import { channelsOf } from './fleet.ts'
import { EVENT } from './packet.ts'
import { nextMessage, type Outgoing, type Run, settleMessage } from './run.ts'
import type { Source } from './source.ts'
import type { LoadOptions } from './table.ts'
import type { Stream } from './tally.ts'

/** Publishes without an outcome: more would only wait in the driver. */
const MOST_PENDING = 1_000
const CONNECT_MS = 10_000

/** Publishes on the bus of the servers, as a worker does that has no clients. */
export class BusSource implements Source {
  readonly #run: Run
  readonly #bus: ServerBus
  readonly #driver: BusDriver
  readonly #streams: readonly Stream[]
  readonly #pending = new Set<Outgoing>()
  #turn = 0

  private constructor(run: Run, bus: ServerBus, streams: readonly Stream[]) {
    this.#run = run
    this.#bus = bus
    this.#driver = bus.driver
    this.#streams = streams
  }

  /**
   * Resolves when the bus is there; to `undefined` when it is not within 10 s, or `stopped` says so.
   *
   * @param say - told, a line at a time, how the bus is doing
   * @throws UsageError when the address is none
   */
  static async open(
    run: Run,
    options: LoadOptions,
    say: (line: string) => void,
    stopped: () => boolean,
  ): Promise<BusSource | undefined> {
    const bus = await ServerBus.open(options, say)
    if (!bus) return undefined
    const streams = channelsOf(options).map((channel) => run.ledger.stream(0, channel))
    const end = performance.now() + CONNECT_MS
    while (bus.status() !== 'up' && performance.now() < end && !stopped())
      await new Promise((resolve) => setTimeout(resolve, 10))
    if (bus.status() === 'up') return new BusSource(run, bus, streams)
    await bus.close()
    return undefined
  }

  get pending(): number {
    return this.#pending.size
  }

  send(): boolean {
    if (this.#pending.size >= MOST_PENDING) return false
    const stream = this.#streams[this.#turn]
    this.#turn = (this.#turn + 1) % this.#streams.length
    if (!stream) return false
    const message = nextMessage(this.#run, stream)
    this.#pending.add(message)
    this.#driver.publish({ channel: stream.channel, name: EVENT, payload: message.data }).then(
      () => this.#settle(message, undefined),
      (error: unknown) => this.#settle(message, error instanceof FanfareError ? error.code : 'unknown'),
    )
    return true
  }

  abandon(): void {
    for (const message of this.#pending) this.#settle(message, 'unknown')
  }

  close(): Promise<void> {
    return this.#bus.close()
  }

  #settle(message: Outgoing, refusal: string | undefined): void {
    if (this.#pending.delete(message)) settleMessage(this.#run, message, refusal)
  }
}
