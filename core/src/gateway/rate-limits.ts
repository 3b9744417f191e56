import { OptionError } from '../ground/errors.ts'
import { knownOptions, wholeFrom } from '../ground/options.ts'
import type { Clock } from '../ground/platform.ts'
import { type Rate, TokenBucket } from './token-bucket.ts'

/** How often clients may do things. A rate of 0 is no limit. */
export interface RateLimitOptions {
  /** Messages of one client, of every kind. @defaultValue 100 per second, 200 at once */
  readonly messages?: Rate | undefined
  /** Subscribes of one client, beside the limit for messages. @defaultValue 50 per second, 128 at once */
  readonly subscribes?: Rate | undefined
  /** Handshakes from one address. @defaultValue no limit */
  readonly handshakesPerAddress?: Rate | undefined
  /** Handshakes at this node, from everywhere. @defaultValue no limit */
  readonly handshakes?: Rate | undefined
  /** A client that was refused so often is closed; 1 closes it at the first time, 0 never. @defaultValue `10` */
  readonly strikes?: number | undefined
}

/** The limits, complete. */
export type RateLimits = { readonly [Name in keyof RateLimitOptions]-?: NonNullable<RateLimitOptions[Name]> }

const LIMITS: readonly (keyof RateLimitOptions)[] = [
  'messages',
  'subscribes',
  'handshakesPerAddress',
  'handshakes',
  'strikes',
]
const NO_LIMIT: Rate = { rate: 0, burst: 1 }
/** Addresses remembered at once. Beyond it, those whose buckets are full again are forgotten first. */
const MAX_ADDRESSES = 10_000

/** @throws OptionError when a limit has a wrong value */
export function rateLimits(options: RateLimitOptions): RateLimits {
  knownOptions('rateLimit', options, LIMITS)
  return {
    messages: checked('messages', options.messages ?? { rate: 100, burst: 200 }),
    subscribes: checked('subscribes', options.subscribes ?? { rate: 50, burst: 128 }),
    handshakesPerAddress: checked('handshakesPerAddress', options.handshakesPerAddress ?? NO_LIMIT),
    handshakes: checked('handshakes', options.handshakes ?? NO_LIMIT),
    strikes: wholeFrom('rateLimit.strikes', options.strikes ?? 10, 0),
  }
}

function checked(name: string, { rate, burst }: Rate): Rate {
  if (!(Number.isFinite(rate) && rate >= 0)) {
    throw new OptionError(`rateLimit.${name}.rate`, 'a number per second, 0 for no limit', rate)
  }
  wholeFrom(`rateLimit.${name}.burst`, burst, 1)
  return { rate, burst }
}

/** Handshakes, counted per address and for the whole node. */
export class HandshakeLimits {
  readonly #limits: RateLimits
  readonly #node: TokenBucket
  readonly #addresses = new Map<string, TokenBucket>()

  constructor(limits: RateLimits, now: number) {
    this.#limits = limits
    this.#node = new TokenBucket(limits.handshakes, now)
  }

  /** Counts a handshake. Returns 0, or in how many milliseconds to try again. */
  take(address: string | undefined, now: number): number {
    return this.#takeAddress(address ?? '', now) || this.#node.take(now)
  }

  #takeAddress(address: string, now: number): number {
    if (this.#limits.handshakesPerAddress.rate === 0) return 0
    let bucket = this.#addresses.get(address)
    if (!bucket) {
      if (this.#addresses.size >= MAX_ADDRESSES) this.#forget(now)
      bucket = new TokenBucket(this.#limits.handshakesPerAddress, now)
      this.#addresses.set(address, bucket)
    }
    return bucket.take(now)
  }

  /** Forgets whoever loses nothing by it; if that is nobody, whoever came first. */
  #forget(now: number): void {
    for (const [address, bucket] of this.#addresses) if (bucket.full(now)) this.#addresses.delete(address)
    const [first] = this.#addresses.keys()
    if (first !== undefined && this.#addresses.size >= MAX_ADDRESSES) this.#addresses.delete(first)
  }
}

/** What one client has left of its limits, and how often it was refused. */
export class ClientLimits {
  /** There are none: nothing need be counted, and no clock looked at. */
  readonly none: boolean
  readonly #limits: RateLimits
  readonly #clock: Clock
  /** Made when something is taken from them: until then they are full. */
  #messages: TokenBucket | undefined
  #subscribes: TokenBucket | undefined
  #strikes = 0

  constructor(limits: RateLimits, clock: Clock) {
    this.none = limits.messages.rate === 0 && limits.subscribes.rate === 0
    this.#limits = limits
    this.#clock = clock
  }

  /** Counts a command. Returns 0, or in how many milliseconds to try again. */
  take(isSubscribe: boolean): number {
    const now = this.#clock.monotonic()
    this.#messages ??= new TokenBucket(this.#limits.messages, now)
    const afterMs = this.#messages.take(now)
    if (afterMs > 0 || !isSubscribe) return afterMs
    this.#subscribes ??= new TokenBucket(this.#limits.subscribes, now)
    return this.#subscribes.take(now)
  }

  /** Counts a refusal. Returns whether that was one too many. */
  strike(): boolean {
    this.#strikes++
    return this.#limits.strikes > 0 && this.#strikes >= this.#limits.strikes
  }
}
