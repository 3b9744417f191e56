import {
  bridge,
  type BridgeOptions,
  type Driver,
  type DriverStatus,
  type Event,
  type Handler,
  type Link,
  memory,
  type SubscribeOptions,
  type Subscription,
} from '@fanfare/broadcasting'
import { FanfareError } from '@fanfare/core/contract'
import { ManualClock, testHub, type TestHub, testPlatform } from '@fanfare/core/testing'

import { type Outcome, outcomeOf } from './scripted-bus.ts'
import { outspoken } from './outspoken.ts'

/** A driver in memory that tells who is subscribed, and whose subscribes and publishes can be held up. */
export class SpyingDriver implements Driver {
  /** Channels that are subscribed to, once for each subscription; inboxes too. */
  readonly open: string[] = []
  /** How many subscribes there were, refused ones and called-off ones too. */
  subscribes = 0
  readonly published: Event[] = []
  /** Channels whose subscribes wait. */
  holds: (channel: string) => boolean = () => false
  /** What a publish or a subscribe is rejected with. */
  refuses: (what: 'publish' | 'subscribe', channel: string) => Error | undefined = () => undefined
  /** Events that get lost. */
  loses: (event: Event) => boolean = () => false
  state: DriverStatus = 'up'
  readonly #memory = memory({ logger: () => {} })
  #waiting: (() => void)[] = []

  async publish(event: Event): Promise<void> {
    const error = this.refuses('publish', event.channel)
    if (error) throw error
    this.published.push(event)
    if (!this.loses(event)) await this.#memory.publish(event)
  }

  async subscribe(channel: string, handler: Handler, options?: SubscribeOptions): Promise<Subscription> {
    this.subscribes++
    const error = this.refuses('subscribe', channel)
    if (error) throw error
    if (this.holds(channel)) await this.#held(options)
    const subscription = await this.#memory.subscribe(channel, handler, options)
    this.open.push(channel)
    let over = false
    const cancel = (): Promise<void> => {
      if (!over) this.open.splice(this.open.indexOf(channel), 1)
      over = true
      return subscription.cancel()
    }
    return { channel, dropped: 0, cancel }
  }

  /** How many subscribes wait. */
  get waiting(): number {
    return this.#waiting.length
  }

  /** Subscribes that wait are done. */
  answer(): void {
    this.holds = () => false
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  dropped(): number {
    return 0
  }

  status(): DriverStatus {
    return this.state
  }

  async close(): Promise<void> {
    this.state = 'closed'
    await this.#memory.close()
  }

  #held(options: SubscribeOptions | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push(resolve)
      options?.signal?.addEventListener('abort', () => {
        this.#waiting = this.#waiting.filter((one) => one !== resolve)
        reject(new FanfareError('cancelled', 'called off'))
      })
    })
  }
}

/** A hub with its link. */
export interface BridgedNode extends TestHub {
  readonly link: Link
  /** A client that subscribes. */
  join(channel?: string): ReturnType<TestHub['connect']> & { readonly joined: Outcome }
}

/** Hubs on one driver, and one clock for all. */
export class BridgeStage {
  readonly clock = new ManualClock()
  readonly reported: unknown[] = []
  readonly platform = testPlatform(this.clock, this.reported)
  readonly driver = new SpyingDriver()

  /** A hub, without a bridge. */
  hub(number: number): TestHub {
    let last = 0
    const { reportError, scheduler, clock } = this.platform
    return testHub({
      node: number,
      clientId: () => `${String(number)}.${String(++last)}`,
      platform: { reportError, scheduler, clock },
    })
  }

  /** A hub whose clients are called `number.1`, `number.2` and so on, on the bus. */
  node(number: number, options: BridgeOptions = {}): BridgedNode {
    const kit = this.hub(number)
    const link = bridge(kit.hub, this.driver, { platform: this.platform, ...options })
    const join = (channel = 'orders') => {
      const one = kit.connect({ protocol: outspoken() })
      return { ...one, joined: outcomeOf(kit.hub.subscribe(one.client, channel)) }
    }
    return { ...kit, link, join }
  }

  /** Lets time pass, in steps. */
  async after(ms: number): Promise<void> {
    await this.clock.settle()
    for (let left = ms; left > 0; left -= 50) {
      this.clock.advance(Math.min(50, left))
      await this.clock.settle()
    }
  }
}
