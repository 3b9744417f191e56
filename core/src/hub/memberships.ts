import type { Grant } from '../contract/authorizer.ts'
import type { MemberText, Ref, RosterView, Unicast } from '../contract/protocol.ts'
import { assertChannelName, classifyChannel } from '../ground/channel-name.ts'
import { count, named, without, withOne } from '../ground/few.ts'
import { CancelledError, LimitError, UnauthorizedError } from '../ground/errors.ts'
import type { Why } from '../ground/why.ts'
import { Attempt } from './attempt.ts'
import { Channel, type Subscriber, type Subscription } from './channel.ts'
import type { Platform } from '../ground/platform.ts'
import type { ErrorEvent, HubEvents } from './events.ts'
import type { FanOut } from './fan-out.ts'
import type { Footprint } from './footprint.ts'
import type { Grants } from './grants.ts'
import type { Interest } from './interest.ts'
import { assertRoomForQuestion, type JoinGate } from './join-gate.ts'
import type { HubLimits } from './options.ts'
import type { Peer } from './peer.ts'
import type { Policies } from './policies.ts'
import { type Roster, RosterEntry } from './roster.ts'
import type { Sequencer } from './sequencer.ts'

/** How a client is subscribed. */
export interface SubscribeOptions {
  /** What the client brought for this channel, such as a token; handed to the authorizer. */
  readonly credentials?: unknown
  /** The client's own number for its request, echoed in the acknowledgement. For gateways. */
  readonly ref?: Ref | undefined
}

/** Who is told of a subscription, and what. */
interface Acknowledgement {
  readonly refs: readonly (Ref | undefined)[]
  readonly again?: boolean
  readonly presence?: { readonly me: MemberText; readonly roster: RosterView }
}

/** What memberships need of their hub. */
export interface MembershipsHost {
  readonly platform: Platform
  readonly limits: HubLimits
  readonly policies: Policies
  readonly sequencer: Sequencer
  readonly channels: Map<string, Channel>
  readonly fanOut: FanOut
  readonly footprint: Footprint
  /** Only while a relay is attached. */
  readonly interest: Interest | undefined
  emit<Name extends 'subscribe' | 'unsubscribe' | 'presence' | 'occupied' | 'vacated'>(
    name: Name,
    event: Parameters<HubEvents[Name]>[0],
  ): void
  report(event: ErrorEvent): void
}

/** How clients come into channels and out of them. */
export class Memberships {
  readonly #hub: MembershipsHost
  readonly #gate: JoinGate
  readonly #grants: Grants

  constructor(hub: MembershipsHost, gate: JoinGate, grants: Grants) {
    this.#hub = hub
    this.#gate = gate
    this.#grants = grants
  }

  /** Resolves when the client is subscribed. @throws ChannelNameError, LimitError */
  subscribe(peer: Peer, name: string, { ref, credentials }: SubscribeOptions): Promise<void> {
    assertChannelName(name)
    if (named(peer.subscriptions, name)) {
      this.#hub.sequencer.run(() => this.#acknowledge(peer, name, { refs: [ref], again: true }))
      return Promise.resolve()
    }
    const pending = named(peer.attempts, name)
    if (pending?.credentials === credentials && pending) return pending.join(ref)
    this.#checkLimits(peer, name)
    if (pending) this.callOff(peer, pending, new CancelledError('asked again with other credentials'))
    else if (this.#enterAtOnce(peer, name, { ref, credentials })) return Promise.resolve()
    const attempt = new Attempt(name, credentials)
    const outcome = attempt.join(ref)
    peer.attempts = withOne(peer.attempts, attempt)
    this.#hub.interest?.hold(name)
    this.#start(peer, attempt)
    return outcome
  }

  /** Ends a subscription, or calls off the attempt at one. Nothing happens when there is neither. */
  unsubscribe(peer: Peer, name: string, ref: Ref | undefined, why?: Why): void {
    const attempt = named(peer.attempts, name)
    if (attempt) this.callOff(peer, attempt, new CancelledError('unsubscribed before there was an answer'))
    this.#hub.sequencer.run(() => {
      const subscription = named(peer.subscriptions, name)
      if (subscription) this.end(subscription, why)
      if (subscription || ref !== undefined) {
        peer.outlet.tell({ on: 'unsubscribed', ref, channel: name, why })
      }
    })
  }

  /** The attempt comes to nothing; whatever is still awaited for it will change nothing. */
  callOff(peer: Peer, attempt: Attempt, error: Error): void {
    if (!attempt.open) return
    attempt.fail(error)
    peer.attempts = without(peer.attempts, attempt.name)
    this.#hub.interest?.release(attempt.channel)
  }

  /** Takes a client out of a channel, and tells the others. Part of an operation. */
  end(subscription: Subscription, why?: Why): void {
    const { peer, channel, entry } = subscription
    this.#hub.emit('unsubscribe', { client: peer, channel: channel.name, why })
    peer.subscriptions = without(peer.subscriptions, channel.name)
    peer.outlet.forgetRoster(channel.name)
    subscription.leased?.cancelExpiry?.()
    channel.remove(subscription)
    this.#hub.footprint.end(subscription)
    if (entry && channel.roster?.leave(entry)) {
      this.#hub.fanOut.announce(
        channel,
        { on: 'leave', channel: channel.name, member: entry.text },
        'presence',
        () => undefined,
      )
      this.#hub.emit('presence', { channel: channel.name, joined: false, member: entry.member })
    }
    if (channel.size === 0) {
      this.#hub.channels.delete(channel.name)
      this.#hub.emit('vacated', { channel: channel.name })
    }
    this.#hub.interest?.release(channel.name)
  }

  #checkLimits(peer: Peer, name: string): void {
    const { maxChannelsPerClient, authorization } = this.#hub.limits
    const others = count(peer.subscriptions) + count(peer.attempts) - (named(peer.attempts, name) ? 1 : 0)
    if (others >= maxChannelsPerClient) {
      throw new LimitError('maxChannelsPerClient', maxChannelsPerClient)
    }
    if (classifyChannel(name) !== 'public') assertRoomForQuestion(peer.questions.size, authorization)
  }

  #start(peer: Peer, attempt: Attempt): void {
    const type = classifyChannel(attempt.channel)
    if (type === 'public') {
      this.#admit(peer, attempt, { allowed: true })
      return
    }
    const request = {
      channel: attempt.channel,
      type,
      client: peer,
      auth: peer.auth,
      credentials: attempt.credentials,
    }
    void this.#gate.ask(request, peer.questions).then(
      (grant) => this.#admit(peer, attempt, grant),
      (error: unknown) => this.callOff(peer, attempt, toError(error, attempt.channel)),
    )
  }

  /** Where nobody has to be asked it takes no attempt. Returns whether that was so. */
  #enterAtOnce(peer: Peer, name: string, { ref, credentials }: SubscribeOptions): boolean {
    const { interest, sequencer } = this.#hub
    if (interest || classifyChannel(name) !== 'public' || !sequencer.begin()) return false
    try {
      const subscription = this.#place(peer, name, credentials)
      this.#hub.emit('subscribe', { client: peer, channel: name })
      this.#acknowledge(peer, subscription.name, { refs: [ref] })
      this.#hub.footprint.update(subscription)
    } finally {
      sequencer.end()
    }
    return true
  }

  /** From now on the client is in the channel. Part of an operation. */
  #place(peer: Peer, name: string, credentials: unknown): Subscription {
    const subscription = this.#channel(name).add(peer)
    peer.subscriptions = withOne(peer.subscriptions, subscription)
    if (credentials !== undefined) subscription.lease.credentials = credentials
    return subscription
  }

  #admit(peer: Peer, attempt: Attempt, grant: Grant): void {
    if (!attempt.open) return
    const commit = (): void => {
      if (attempt.stale) {
        attempt.stale = false
        this.#start(peer, attempt)
        return
      }
      this.#hub.sequencer.run(() => {
        if (attempt.open) this.#commit(peer, attempt, grant)
      })
    }
    const { interest } = this.#hub
    if (interest) attempt.cancelWait = interest.whenReady(attempt.channel, commit)
    else commit()
  }

  /** The moment from which on the client misses nothing. */
  #commit(peer: Peer, attempt: Attempt, grant: Grant): void {
    const expiresAt = this.#endOf(peer, attempt, grant)
    const joining = attempt.open ? this.#rosterEntry(peer, attempt, grant) : undefined
    if (!attempt.open) return
    const subscription = this.#place(peer, attempt.channel, attempt.credentials)
    const { channel } = subscription
    peer.attempts = without(peer.attempts, channel.name)
    this.#grants.limit(peer, subscription, expiresAt)
    const refs = attempt.succeed()
    this.#hub.emit('subscribe', { client: peer, channel: channel.name })
    if (channel.roster && joining) this.#enter(subscription, channel.roster, joining, refs)
    else this.#acknowledge(peer, channel.name, { refs })
    this.#hub.footprint.update(subscription)
  }

  /** When the grant ends; one that has ended is a denial. */
  #endOf(peer: Peer, attempt: Attempt, grant: Grant): number | undefined {
    try {
      return this.#grants.endOf(grant)
    } catch (cause) {
      this.callOff(peer, attempt, new UnauthorizedError(attempt.channel, { cause }))
      return undefined
    }
  }

  /** Who joins a presence channel. What cannot be written as JSON is a mistake of the authorizer, and a denial. */
  #rosterEntry(peer: Peer, attempt: Attempt, { member }: Grant): RosterEntry | undefined {
    if (classifyChannel(attempt.channel) !== 'presence') return undefined
    const given = member?.id ?? ''
    const id = given === '' ? peer.id : given
    try {
      return new RosterEntry(member?.info === undefined ? { id } : { id, info: member.info })
    } catch (cause) {
      this.#hub.report({ error: cause, where: 'authorizer', channel: attempt.channel, client: peer })
      this.callOff(peer, attempt, new UnauthorizedError(attempt.channel, { cause, why: 'internal' }))
      return undefined
    }
  }

  #channel(name: string): Channel {
    let channel = this.#hub.channels.get(name)
    if (!channel) {
      channel = new Channel(name, this.#hub.policies.forChannel(name), this.#hub.platform)
      this.#hub.channels.set(name, channel)
      this.#hub.emit('occupied', { channel: name })
    }
    return channel
  }

  /** The newcomer gets the roster, then everybody the join: by the traits of each protocol, with or without itself. */
  #enter(
    subscription: Subscription,
    roster: Roster,
    joining: RosterEntry,
    refs: readonly (Ref | undefined)[],
  ): void {
    const { peer, channel } = subscription
    const before = roster.view()
    const entry = roster.join(joining)
    subscription.entry = entry
    const { selfInRoster } = peer.outlet.protocol.traits.presence
    const presence = { me: entry.text, roster: selfInRoster ? roster.view() : before }
    this.#acknowledge(peer, channel.name, { refs, presence })
    if (entry !== joining) return
    this.#hub.fanOut.announce(
      channel,
      { on: 'join', channel: channel.name, member: entry.text },
      'presence',
      (group) => (group.protocol.traits.presence.joinToSelf ? undefined : peer.outlet),
    )
    this.#hub.emit('presence', { channel: channel.name, joined: true, member: entry.member })
  }

  /** The first who asked is told that it is subscribed; the others, and later ones, that it was already. */
  #acknowledge(peer: Subscriber, channel: string, { refs, again, presence }: Acknowledgement): void {
    const { outlet } = peer
    refs.forEach((ref, at) => {
      const event: Unicast = { on: 'subscribed', ref, channel, again: again === true || at > 0 }
      // A full transport gets its answer now, and the roster, as it is then, when it can take it.
      if (presence && at === 0 && !outlet.full) outlet.tell({ ...event, ...presence })
      else outlet.tell(event)
    })
    if (presence && outlet.full) outlet.oweRoster(channel)
  }
}

function toError(error: unknown, channel: string): Error {
  return error instanceof Error ? error : new UnauthorizedError(channel, { cause: error })
}
