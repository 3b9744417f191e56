import type { Message } from '../contract/message.ts'
import type { Relay } from '../contract/relay.ts'
import { all } from '../ground/few.ts'
import { FanfareError, isOutage, rejected } from '../ground/errors.ts'
import type { Cancel, Platform } from '../ground/platform.ts'
import { Interest, type InterestHost } from './interest.ts'
import type { Peer } from './peer.ts'

/** What relaying needs of its hub. */
export interface RelayingHost extends InterestHost {
  readonly platform: Platform
  readonly peers: ReadonlyMap<string, Peer>
  /** To this node's clients, now. */
  deliverNow(message: Message): void
}

/** How long a closing hub waits for its relay. */
const DETACH_MS = 5_000
/** While the bus is down every message fails, so one event in so long stands for all. */
const QUIET_MS = 1_000

/** Where messages go: to a relay if there is one, else straight to the clients here. */
export class Relaying {
  readonly #hub: RelayingHost
  #relay: Relay | undefined
  #interest: Interest | undefined
  #quietUntil = -Infinity

  constructor(hub: RelayingHost) {
    this.#hub = hub
  }

  /** Only while a relay is attached. */
  get interest(): Interest | undefined {
    return this.#interest
  }

  /** Sends without anybody waiting for the outcome. */
  post(message: Message): void {
    if (!this.#relay) {
      this.#hub.deliverNow(message)
      return
    }
    this.publish(message).catch((error: unknown) => this.failed(error, message.channel))
  }

  /** Not async itself: during an outage thousands of these wait, and each layer of promises costs memory. */
  publish(message: Message): Promise<void> {
    try {
      if (this.#relay) return this.#relay.publish(message)
      this.#hub.deliverNow(message)
      return Promise.resolve()
    } catch (error) {
      return rejected(error)
    }
  }

  attach(relay: Relay): () => Promise<void> {
    if (this.#relay) throw new FanfareError('relay-attached', 'a hub has one relay; detach the first')
    const interest = new Interest(this.#hub, relay)
    this.#relay = relay
    this.#interest = interest
    for (const peer of this.#hub.peers.values()) {
      for (const { channel } of all(peer.attempts)) interest.hold(channel)
      for (const { name } of all(peer.subscriptions)) {
        interest.hold(name)
        interest.degrade(name)
      }
    }
    return () => this.#detach(interest)
  }

  /** Lets go of the relay; one that never answers is waited for 5 s. */
  async end(): Promise<void> {
    if (!this.#interest) return
    let cancel: Cancel | undefined
    const patience = new Promise<void>((resolve) => (cancel = this.#hub.wheel.after(DETACH_MS, resolve)))
    await Promise.race([this.#detach(this.#interest), patience])
    cancel?.()
  }

  async #detach(interest: Interest): Promise<void> {
    if (this.#interest === interest) {
      this.#interest = undefined
      this.#relay = undefined
    }
    await interest.detach()
  }

  /** Tells the operator that a message did not reach the relay. */
  failed(error: unknown, channel: string): void {
    const outage = isOutage(error)
    const now = this.#hub.platform.clock.monotonic()
    if (outage && now < this.#quietUntil) return
    if (outage) this.#quietUntil = now + QUIET_MS
    this.#hub.report({ error, where: 'relay', channel })
  }
}
