import type { Grant } from '../contract/authorizer.ts'
import type { Ref } from '../contract/protocol.ts'
import { classifyChannel } from '../ground/channel-name.ts'
import { CancelledError, FanfareError, UnauthorizedError } from '../ground/errors.ts'
import { all, named } from '../ground/few.ts'
import type { Platform } from '../ground/platform.ts'
import type { TimerWheel } from '../ground/timer-wheel.ts'
import type { Why } from '../ground/why.ts'
import type { Subscription } from './channel.ts'
import type { Footprint } from './footprint.ts'
import { assertRoomForQuestion, type JoinGate } from './join-gate.ts'
import type { HubLimits } from './options.ts'
import type { Peer } from './peer.ts'

/** So long before a grant ends the client is told; a grant shorter than twice that is told at half its time. */
const NOTICE_MS = 30_000

const SUPERSEDED = 'asked again, or unsubscribed, before there was an answer'

/** What grants need of their hub. */
export interface GrantsHost {
  readonly platform: Platform
  readonly wheel: TimerWheel
  readonly limits: HubLimits
  readonly footprint: Footprint
  /** Takes the client out of the channel and tells it why. */
  unsubscribePeer(peer: Peer, channel: string, why: Why): void
}

/** What an authorizer granted, over time: it may end, be renewed, or be looked at again. */
export class Grants {
  readonly #hub: GrantsHost
  readonly #gate: JoinGate

  constructor(hub: GrantsHost, gate: JoinGate) {
    this.#hub = hub
    this.#gate = gate
  }

  /** When a grant ends, in milliseconds since 1970. @throws FanfareError `expired` when it has ended */
  endOf({ expiresAt }: Grant): number | undefined {
    if (expiresAt === undefined || expiresAt > this.#hub.platform.clock.now()) return expiresAt
    throw new FanfareError('expired', 'the grant has expired already')
  }

  /**
   * Keeps the end of a grant, by the time of day: the client is told before, and removed from this channel alone when it
   * comes.
   */
  limit(peer: Peer, subscription: Subscription, expiresAt: number | undefined): void {
    if (expiresAt === undefined && !subscription.leased) return
    const { name, lease } = subscription
    lease.cancelExpiry?.()
    lease.cancelExpiry = undefined
    lease.expiresAt = expiresAt
    if (expiresAt === undefined) return
    const { wheel, platform } = this.#hub
    const validMs = expiresAt - platform.clock.now()
    const end = (): void => this.#hub.unsubscribePeer(peer, name, 'expired')
    lease.cancelExpiry = wheel.at(expiresAt - Math.min(NOTICE_MS, validMs / 2), () => {
      const left = expiresAt - platform.clock.now()
      if (left <= 0) {
        end()
        return
      }
      peer.tell({ on: 'expiring', channel: name, inMs: Math.round(left) })
      lease.cancelExpiry = wheel.at(expiresAt, end)
    })
  }

  /** Asks the authorizer again, with fresh credentials. Denied, the client is removed from this channel alone. */
  async renew(peer: Peer, name: string, credentials: unknown, ref: Ref | undefined): Promise<void> {
    const subscription = named(peer.subscriptions, name)
    if (!subscription) throw new CancelledError('not subscribed')
    assertRoomForQuestion(peer.questions.size, this.#hub.limits.authorization)
    const current = this.#turn(peer, subscription)
    try {
      const grant = await this.#ask(peer, name, credentials)
      if (!current()) throw new CancelledError(SUPERSEDED)
      const expiresAt = this.endOf(grant)
      subscription.lease.credentials = credentials
      this.#hub.footprint.update(subscription)
      this.limit(peer, subscription, expiresAt)
      peer.tell({ on: 'subscribed', ref, channel: name, again: true })
    } catch (error) {
      if (!current()) throw error instanceof CancelledError ? error : new CancelledError(SUPERSEDED)
      this.#hub.unsubscribePeer(peer, name, 'unauthorized')
      throw error instanceof UnauthorizedError ? error : new UnauthorizedError(name, { cause: error })
    }
  }

  /** Asks again with the credentials of old, for a subscription whose rights may have changed. */
  async review(peer: Peer, subscription: Subscription): Promise<void> {
    const { name } = subscription
    if (named(peer.subscriptions, name) !== subscription) return
    const current = this.#turn(peer, subscription)
    try {
      const grant = await this.#ask(peer, name, subscription.leased?.credentials)
      const expiresAt = this.endOf(grant)
      if (current()) this.limit(peer, subscription, expiresAt)
    } catch {
      if (current()) this.#hub.unsubscribePeer(peer, name, 'unauthorized')
    }
  }

  /**
   * Asks again about those live subscriptions that `which` names, and later about those that the authorizer is being asked
   * about. Resolves when every answer about the live ones is in.
   */
  async reviewAll(peers: Iterable<Peer>, which: (peer: Peer, channel: string) => boolean): Promise<void> {
    const live: (() => Promise<void>)[] = []
    for (const peer of peers) {
      for (const attempt of all(peer.attempts)) {
        if (classifyChannel(attempt.channel) !== 'public' && which(peer, attempt.channel))
          attempt.stale = true
      }
      for (const subscription of all(peer.subscriptions)) {
        const { name, type } = subscription.channel
        if (type !== 'public' && which(peer, name)) live.push(() => this.review(peer, subscription))
      }
    }
    // Never more at once than may run: who waits for a turn does so on the time that the authorizer has for its answer.
    const reviews = live.values()
    const ask = async (): Promise<void> => {
      for (const review of reviews) await review()
    }
    await Promise.all(Array.from({ length: this.#hub.limits.authorization.concurrent }, ask))
  }

  /** A new question about a grant: says later whether its answer still counts. */
  #turn(peer: Peer, subscription: Subscription): () => boolean {
    const { lease } = subscription
    const generation = ++lease.generation
    return () =>
      named(peer.subscriptions, subscription.name) === subscription && lease.generation === generation
  }

  #ask(peer: Peer, channel: string, credentials: unknown): Promise<Grant> {
    const type = classifyChannel(channel)
    if (type === 'public') return Promise.resolve({ allowed: true })
    return this.#gate.ask({ channel, type, client: peer, auth: peer.auth, credentials }, peer.questions)
  }
}
