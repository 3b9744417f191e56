import { OptionError } from '../ground/errors.ts'
import { knownOptions, wholeFrom } from '../ground/options.ts'
import { countedAs } from './remote-address.ts'
import { filled, msUntilToken, type Rate, TokenBucket } from './token-bucket.ts'

/** How often clients may do things. A rate of 0 is no limit. */
export interface RateLimitOptions {
  /** Messages of one client, of every kind. @defaultValue 100 per second, 200 at once */
  readonly messages?: Rate | undefined
  /** Subscribes of one client, beside the limit for messages. @defaultValue 50 per second, 128 at once */
  readonly subscribes?: Rate | undefined
  /** Handshakes from one address, which of IPv6 is a network: see `ipv6Prefix`. @defaultValue no limit */
  readonly handshakesPerAddress?: Rate | undefined
  /**
   * How many bits of an IPv6 address say whose it is, from 1 to 128: everybody has whole networks of them.
   * @defaultValue `64`
   */
  readonly ipv6Prefix?: number | undefined
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
  'ipv6Prefix',
  'handshakes',
  'strikes',
]
const NO_LIMIT: Rate = { rate: 0, burst: 1 }
/** Addresses remembered at once. Beyond it, whoever came the longest time ago is forgotten: nobody has waited longer. */
const MAX_ADDRESSES = 10_000

/** @throws OptionError when a limit has a wrong value */
export function rateLimits(options: RateLimitOptions): RateLimits {
  knownOptions('rateLimit', options, LIMITS)
  return {
    messages: checked('messages', options.messages ?? { rate: 100, burst: 200 }),
    subscribes: checked('subscribes', options.subscribes ?? { rate: 50, burst: 128 }),
    handshakesPerAddress: checked('handshakesPerAddress', options.handshakesPerAddress ?? NO_LIMIT),
    ipv6Prefix: wholeFrom('rateLimit.ipv6Prefix', options.ipv6Prefix ?? 64, 1, 128),
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
  /** There are none: nothing need be counted, and no clock looked at. */
  readonly none: boolean
  readonly #limits: RateLimits
  readonly #node: TokenBucket
  readonly #addresses = new Map<string, TokenBucket>()

  constructor(limits: RateLimits, now: number) {
    this.none = limits.handshakes.rate === 0 && limits.handshakesPerAddress.rate === 0
    this.#limits = limits
    this.#node = new TokenBucket(limits.handshakes, now)
  }

  /** Counts a handshake. Returns 0, or in how many milliseconds to try again. */
  take(address: string | undefined, now: number): number {
    return this.#takeAddress(address, now) || this.#node.take(now)
  }

  #takeAddress(address: string | undefined, now: number): number {
    const { handshakesPerAddress, ipv6Prefix } = this.#limits
    if (handshakesPerAddress.rate === 0) return 0
    const counted = countedAs(address, ipv6Prefix)
    const bucket = this.#addresses.get(counted) ?? new TokenBucket(handshakesPerAddress, now)
    // In the order in which they came last.
    this.#addresses.delete(counted)
    this.#addresses.set(counted, bucket)
    if (this.#addresses.size > MAX_ADDRESSES) this.#forgetOne()
    return bucket.take(now)
  }

  #forgetOne(): void {
    const [first] = this.#addresses.keys()
    if (first !== undefined) this.#addresses.delete(first)
  }
}

/** Without any nothing need be counted, and no clock looked at. */
export function hasLimits({ messages, subscribes }: RateLimits): boolean {
  return messages.rate > 0 || subscribes.rate > 0
}

/**
 * What one client has left of its limits, and how often it was refused. Two buckets that are filled at the same time, since
 * every client that said something has them.
 */
export class ClientLimits {
  #messages: number
  #subscribes: number
  /** In whole milliseconds: V8 holds a fraction in an object of its own. */
  #at: number
  #strikes = 0

  /** @param now - monotonic time in milliseconds */
  constructor({ messages, subscribes }: RateLimits, now: number) {
    this.#messages = messages.burst
    this.#subscribes = subscribes.burst
    this.#at = Math.floor(now)
  }

  /** Counts a command. Returns 0, or in how many milliseconds to try again. */
  take({ messages, subscribes }: RateLimits, now: number, isSubscribe: boolean): number {
    const at = Math.floor(now)
    const passedMs = at - this.#at
    this.#at = at
    this.#messages = filled(messages, this.#messages, passedMs)
    this.#subscribes = filled(subscribes, this.#subscribes, passedMs)
    const afterMs = msUntilToken(messages, this.#messages)
    if (afterMs > 0) return afterMs
    this.#messages--
    if (!isSubscribe) return 0
    const subscribeAfterMs = msUntilToken(subscribes, this.#subscribes)
    if (subscribeAfterMs === 0) this.#subscribes--
    return subscribeAfterMs
  }

  /** Counts a refusal. Returns whether that was one too many. */
  strike({ strikes }: RateLimits): boolean {
    this.#strikes++
    return strikes > 0 && this.#strikes >= strikes
  }
}
