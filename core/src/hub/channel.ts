import type { Protocol } from '../contract/protocol.ts'
import type { SlowConsumerPolicy } from '../contract/slow-consumer.ts'
import { type ChannelType, classifyChannel } from '../ground/channel-name.ts'
import type { Cancel, Platform } from '../ground/platform.ts'
import type { SmallMap } from '../ground/small-map.ts'
import type { Client } from './client.ts'
import { Cohorts } from './cohort.ts'
import type { Outlet } from './outlet.ts'
import { Roster, type RosterEntry } from './roster.ts'

/** A client as channels see it. */
export interface Subscriber extends Client {
  readonly outlet: Outlet
  /** By channel name. */
  readonly subscriptions: SmallMap<string, Subscription>
}

/** One client's place in one channel. */
export interface Subscription {
  readonly peer: Subscriber
  readonly channel: Channel
  readonly group: Group
  /** Where it stands in its group. */
  index: number
  entry: RosterEntry | undefined
  /** What the client brought for it; handed to the authorizer when the grant is looked at again. */
  credentials: unknown
  /** Raised whenever the grant is asked for anew: an answer to an older question changes nothing. */
  generation: number
  /** When the grant ends, in milliseconds since 1970. */
  expiresAt: number | undefined
  /** Stops the clock of a grant that expires. */
  cancelExpiry: Cancel | undefined
}

/** The subscribers of one channel that speak the same protocol: a message is encoded once for all of them. */
export interface Group {
  readonly protocol: Protocol
  readonly subscriptions: Subscription[]
  /** Of the same clients, in the same order: a fan-out looks at nothing else of them. */
  readonly outlets: Outlet[]
  readonly cohorts: Cohorts
}

/** A named room with at least one subscriber. */
export class Channel {
  readonly name: string
  readonly type: ChannelType
  readonly policy: SlowConsumerPolicy
  readonly groups: Group[] = []
  readonly roster: Roster | undefined
  size = 0

  constructor(name: string, policy: SlowConsumerPolicy, platform: Platform) {
    this.name = name
    this.type = classifyChannel(name)
    this.policy = policy
    this.roster = this.type === 'presence' ? new Roster((text) => platform.utf8Size(text)) : undefined
  }

  add(peer: Subscriber): Subscription {
    const group = this.#groupFor(peer.outlet.protocol)
    const subscription: Subscription = {
      peer,
      channel: this,
      group,
      index: group.subscriptions.length,
      entry: undefined,
      credentials: undefined,
      generation: 0,
      expiresAt: undefined,
      cancelExpiry: undefined,
    }
    group.subscriptions.push(subscription)
    group.outlets.push(peer.outlet)
    this.size++
    return subscription
  }

  /** The last one takes the place of the one that leaves. */
  remove(subscription: Subscription): void {
    const { group, index, peer } = subscription
    const last = group.subscriptions.pop()
    group.outlets.pop()
    if (last && last !== subscription) {
      group.subscriptions[index] = last
      group.outlets[index] = last.peer.outlet
      last.index = index
    }
    // What it was told with the others it is still owed.
    peer.outlet.leaveCohort()
    if (group.subscriptions.length === 0) this.groups.splice(this.groups.indexOf(group), 1)
    this.size--
  }

  *subscribers(): Generator<Subscriber> {
    for (const group of this.groups) for (const { peer } of group.subscriptions) yield peer
  }

  #groupFor(protocol: Protocol): Group {
    for (const group of this.groups) if (group.protocol === protocol) return group
    const group: Group = { protocol, subscriptions: [], outlets: [], cohorts: new Cohorts() }
    this.groups.push(group)
    return group
  }
}
