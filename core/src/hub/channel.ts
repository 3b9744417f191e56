import type { Protocol } from '../contract/protocol.ts'
import type { SlowConsumerPolicy } from '../contract/slow-consumer.ts'
import { type ChannelType, classifyChannel } from '../ground/channel-name.ts'
import type { Holder } from '../ground/budget.ts'
import type { Few } from '../ground/few.ts'
import type { Platform } from '../ground/platform.ts'
import type { Client } from './client.ts'
import { Cohorts } from './cohort.ts'
import { Lease } from './lease.ts'
import type { Outlet } from './outlet.ts'
import { Roster, type RosterEntry } from './roster.ts'

/** A client as channels see it. */
export interface Subscriber extends Client, Holder {
  readonly outlet: Outlet
  /** By channel name. */
  subscriptions: Few<Subscription>
}

/** One client's place in one channel. */
export class Subscription {
  readonly peer: Subscriber
  readonly group: Group
  /** Where it stands in its group. */
  index: number
  /** Who the client is in a presence channel. */
  entry: RosterEntry | undefined
  /** What it takes of the node's budget for state. */
  chargedBytes = 0
  /** Only where somebody was asked: most channels are public. */
  #lease: Lease | undefined

  constructor(peer: Subscriber, group: Group, index: number) {
    this.peer = peer
    this.group = group
    this.index = index
  }

  get channel(): Channel {
    return this.group.channel
  }

  get name(): string {
    return this.group.channel.name
  }

  /** Made when it is first looked at. */
  get lease(): Lease {
    return (this.#lease ??= new Lease())
  }

  get leased(): Lease | undefined {
    return this.#lease
  }
}

/** The subscribers of one channel that speak the same protocol: a message is encoded once for all of them. */
export interface Group {
  readonly channel: Channel
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
  /** Who of its subscribers it is charged to, see {@link Footprint}. */
  chargedTo: Subscriber | undefined

  constructor(name: string, policy: SlowConsumerPolicy, platform: Platform) {
    this.name = name
    this.type = classifyChannel(name)
    this.policy = policy
    this.roster = this.type === 'presence' ? new Roster((text) => platform.utf8Size(text)) : undefined
  }

  add(peer: Subscriber): Subscription {
    const group = this.#groupFor(peer.outlet.protocol)
    const subscription = new Subscription(peer, group, group.subscriptions.length)
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
    const group: Group = { channel: this, protocol, subscriptions: [], outlets: [], cohorts: new Cohorts() }
    this.groups.push(group)
    return group
  }
}
