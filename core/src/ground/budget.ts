import { wholeFrom, knownOptions } from './options.ts'

/** Something that makes the node hold bytes on a client's behalf: a connection, an outbox, a body that is being read. */
export interface Holder {
  /** What it was last said to hold, in bytes. Starts with 0 and is written by its {@link Budget} alone. */
  heldBytes: number
  /**
   * What it holds now, in bytes, for holders that may let go of some without a word.
   *
   * @defaultValue absent: it holds what it was last said to hold
   */
  measure?(): number
  /** The node's budget is spent, and this is one of the largest: it has to let go of everything soon, for good. */
  evict(): void
}

/** When a budget is spent, this part of it is cleared in one go: finding the largest costs a look at every holder. */
const CLEARED_PART = 1 / 8

/**
 * The bytes of one kind that a node holds on behalf of all its clients. When there are more of them than its limit, the
 * largest holders are evicted, the largest first, until an eighth of it is free again.
 */
export class Budget {
  /** In bytes. */
  readonly limit: number
  #used = 0
  #evictions = 0
  readonly #holders = new Set<Holder>()
  /** Were evicted and hold something still. What they hold does not evict others. */
  readonly #leaving = new Set<Holder>()
  #leavingBytes = 0
  #relieving = false

  /** @param limit - in bytes */
  constructor(limit: number) {
    this.limit = limit
  }

  /** What is held now, in bytes. */
  get used(): number {
    return this.#used
  }

  /** How many holders were evicted so far. */
  get evictions(): number {
    return this.#evictions
  }

  /**
   * Says what `holder` holds from now on, in bytes; 0 when it holds nothing any more, which has to be said. May evict
   * before it returns: the largest holders, which may include this one.
   */
  hold(holder: Holder, bytes: number): void {
    const before = holder.heldBytes
    if (bytes === before) return
    holder.heldBytes = bytes
    this.#used += bytes - before
    if (this.#leaving.has(holder)) this.#leave(holder, bytes, bytes - before)
    else if (bytes === 0) this.#holders.delete(holder)
    else if (before === 0) this.#holders.add(holder)
    if (bytes > before && this.#used - this.#leavingBytes > this.limit) this.#relieve()
  }

  #leave(holder: Holder, bytes: number, change: number): void {
    this.#leavingBytes += change
    if (bytes === 0) this.#leaving.delete(holder)
  }

  /** An eviction may have the evicted, and others, say what they hold now. */
  #relieve(): void {
    if (this.#relieving) return
    this.#relieving = true
    try {
      for (const holder of this.#holders) if (holder.measure) this.hold(holder, holder.measure())
      if (this.#used - this.#leavingBytes <= this.limit) return
      const largest = [...this.#holders].sort((a, b) => b.heldBytes - a.heldBytes)
      for (const holder of largest) {
        if (this.#used - this.#leavingBytes <= this.limit * (1 - CLEARED_PART)) return
        this.#evict(holder)
      }
    } finally {
      this.#relieving = false
    }
  }

  #evict(holder: Holder): void {
    if (!this.#holders.delete(holder)) return
    this.#leaving.add(holder)
    this.#leavingBytes += holder.heldBytes
    this.#evictions++
    holder.evict()
  }
}

/** How much a node may hold on behalf of all its clients, in bytes. */
export interface BudgetLimits {
  /**
   * What clients have sent and is not done with: unfinished messages and bodies, and messages that wait or are handled.
   * When it is spent, those who have most on the way are closed as `rate`.
   *
   * @defaultValue an eighth of the memory that the process may use
   */
  readonly inbound: number
  /**
   * What waits for clients: outboxes, and what their transports have not handed to the kernel. A frame that waits for
   * several clients counts for each. When it is spent, those for whom most waits are closed as `slow`.
   *
   * @defaultValue a fifth of the memory that the process may use
   */
  readonly outbound: number
  /**
   * What is remembered of clients as long as they are there: subscriptions, channels, members, request headers. When it
   * is spent, those of whom most is remembered are closed as `limit`.
   *
   * @defaultValue a fifth of the memory that the process may use
   */
  readonly state: number
}

/** The budgets of one node. Everything that a client can make it hold is on one of them. */
export type Budgets = { readonly [Kind in keyof BudgetLimits]: Budget }

/** What is held, of how much, in bytes, and how many holders were evicted so far. */
export interface BudgetStats {
  readonly used: number
  readonly limit: number
  readonly evictions: number
}

/** @throws OptionError when a limit is unknown or has a wrong value */
export function budgets(limits: Partial<BudgetLimits>, memoryLimit: number): Budgets {
  knownOptions('budgets', limits, ['inbound', 'outbound', 'state'])
  const budget = (kind: keyof BudgetLimits, part: number): Budget =>
    new Budget(wholeFrom(`budgets.${kind}`, limits[kind] ?? Math.floor(memoryLimit / part), 1))
  return { inbound: budget('inbound', 8), outbound: budget('outbound', 5), state: budget('state', 5) }
}

/** The budgets as figures. */
export function budgetStats({ inbound, outbound, state }: Budgets): Record<keyof BudgetLimits, BudgetStats> {
  const of = ({ used, limit, evictions }: Budget): BudgetStats => ({ used, limit, evictions })
  return { inbound: of(inbound), outbound: of(outbound), state: of(state) }
}
