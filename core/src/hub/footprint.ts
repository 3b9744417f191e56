import type { Budget } from '../ground/budget.ts'
import type { Subscriber, Subscription } from './channel.ts'

/** What a subscription, a member and a channel take in memory beside their texts, in bytes, as measured on Node 20. */
const SUBSCRIPTION_BYTES = 160
const MEMBER_BYTES = 200
const CHANNEL_BYTES = 800
const PRESENCE_CHANNEL_BYTES = 2_200

/**
 * What the node remembers of subscribers, on its budget for state. A channel is charged to one of its subscribers:
 * the one who came first, and when that one leaves, another.
 */
export class Footprint {
  readonly #budget: Budget

  constructor(budget: Budget) {
    this.#budget = budget
  }

  /** Says anew what a subscription takes, after it began, or its credentials changed. */
  update(subscription: Subscription): void {
    const { peer, channel } = subscription
    const bytes = bytesOf(subscription)
    let change = bytes - subscription.chargedBytes
    subscription.chargedBytes = bytes
    if (!channel.chargedTo) {
      channel.chargedTo = peer
      change += channelBytes(subscription)
    }
    this.#change(peer, change)
  }

  /** The subscription has ended, and is not in its channel any more. */
  end(subscription: Subscription): void {
    const { peer, channel } = subscription
    const bytes = subscription.chargedBytes
    subscription.chargedBytes = 0
    if (channel.chargedTo !== peer) {
      this.#change(peer, -bytes)
      return
    }
    const [next] = channel.subscribers()
    channel.chargedTo = next
    this.#change(peer, -bytes - channelBytes(subscription))
    if (next) this.#change(next, channelBytes(subscription))
  }

  #change(peer: Subscriber, bytes: number): void {
    this.#budget.hold(peer, peer.heldBytes + bytes)
  }
}

function channelBytes({ channel }: Subscription): number {
  return (channel.roster ? PRESENCE_CHANNEL_BYTES : CHANNEL_BYTES) + channel.name.length
}

function bytesOf({ entry, leased }: Subscription): number {
  const member = entry ? MEMBER_BYTES + String(entry.text.id).length + (entry.text.info?.length ?? 0) : 0
  return SUBSCRIPTION_BYTES + member + sizeOf(leased?.credentials)
}

/** About how much memory a value of a client's takes. */
function sizeOf(value: unknown): number {
  if (value === undefined) return 0
  if (typeof value === 'string') return value.length
  try {
    return JSON.stringify(value)?.length ?? 0
  } catch {
    // Given by the application, which knows what it keeps.
    return 0
  }
}
