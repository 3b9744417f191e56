import type { Frame } from '../contract/conn.ts'
import { type CountedBatch, JointBatch } from './batches.ts'
import type { Owed } from './owed.ts'
import { Runs } from './runs.ts'
import { Surpluses } from './surpluses.ts'
import { type Debtor, type Debtors, EAGER_BYTES, type Turn } from './turn.ts'

/** Where a group goes apart, because its members are told many other things, it is tried again after so many messages. */
const MESSAGES_APART = 64

/** For so many no list is made: each of them gets runs of what is there, a piece or two more in its write. */
const FEW = 16

const NOBODY: readonly number[] = []

/** Those who came back and are owed the same, its last frame included: so they came back with the same frame. */
interface Latecomers {
  count: number
  batch: CountedBatch | JointBatch | undefined
}

/** Somebody who may stand in a cohort. */
export interface Companion extends Debtor {
  /** With whom it is owed the same from {@link since} on, behind what it alone is {@link owed}. */
  cohort: Cohort | null
  /** How many frames of the cohort were before it. */
  since: number
  /** What it is owed waits for its transport. */
  readonly full: boolean
  /** From now on what it is owed is its own list. */
  leaveCohort(): void
}

/**
 * Those subscribers of a group who are owed the same from some frame of this turn on: what the group is told moves all of
 * them by one step, instead of one step each. Who is told something else leaves it, and comes back with the next frame.
 */
export class Cohort implements Debtors {
  /** What those are owed who stand here from the beginning, and were owed nothing before. */
  owed: Owed
  /** How many stand here. */
  size = 0
  /** More can be owed to all of them. */
  open = true
  /** How often somebody left while it was open. */
  departures = 0
  readonly #cohorts: Cohorts
  readonly #outlets: readonly Companion[]
  readonly #runs = new Runs()
  /** The most that somebody who stands here is owed, beyond what the cohort has in all; and who is owed how much. */
  #surplus = 0
  #surpluses: Surpluses<Companion> | undefined
  /** By what they were owed before: mostly those whom the last flush had not reached. */
  readonly #latecomers = new Map<Owed, Latecomers>()

  /** @param outlets - of the group, as it changes */
  constructor(cohorts: Cohorts, outlets: readonly Companion[], turn: Turn, except: Excepted) {
    this.#cohorts = cohorts
    this.#outlets = outlets
    this.owed = turn.beginTogether(this)
    for (let at = 0; at < outlets.length; at++) {
      const outlet = outlets[at]
      if (!outlet || outlet.full || outlet.owed !== null || outlet.cohort !== null) continue
      if (except !== undefined && isAmong(outlet, except)) continue
      turn.list(outlet)
      this.#take(outlet)
    }
  }

  /** Frames that were owed to it so far. */
  get length(): number {
    return this.#runs.length
  }

  /** Whether it is worth its while: most of the group stayed. */
  get united(): boolean {
    return this.departures * 2 <= this.#outlets.length
  }

  /** Owes all who stand here one frame more. Returns how many they are. */
  owe(frame: Frame): number {
    this.#runs.add(frame)
    this.owed = this.owed.child(frame)
    // Then everybody is written to at once.
    if (this.owed.bytes > EAGER_BYTES) this.close()
    return this.size
  }

  /** Somebody was owed the last frame by itself; the next ones it gets with the others. @param at - in the group */
  admit(outlet: Companion, at: number): void {
    if (!this.open || outlet.full || !outlet.owed || outlet.cohort) return
    this.#take(outlet)
    const surplus = this.#surplusOf(outlet)
    this.#surplus = Math.max(this.#surplus, surplus)
    this.#surpluses?.add(outlet, surplus, at)
    const others = this.#latecomers.get(outlet.owed)
    if (others) others.count++
    else this.#latecomers.set(outlet.owed, { count: 1, batch: undefined })
  }

  /** What somebody is owed in all who leaves now. */
  listOf(companion: Companion): Owed {
    const { since } = companion
    let { owed } = companion
    if (!owed) return this.owed
    if (this.#alike(companion)) for (const frame of this.#runs.framesFrom(since)) owed = owed.child(frame)
    else for (const run of this.#runs.from(since)) owed = owed.behind(run)
    return owed
  }

  /** The same as a batch, of which the greater part is shared. */
  batchOf(companion: Companion): CountedBatch | JointBatch {
    const { owed, since } = companion
    if (!owed) return this.owed.batch()
    if (since === this.length) return owed.batch()
    const alike = this.#alike(companion)
    if (!alike) return JointBatch.of(owed.batch(), this.#runs.from(since))
    const length = owed.length + this.length - since
    if (alike.batch?.length !== length) {
      alike.batch = this.listOf(companion).batch()
      alike.batch.readers += alike.count
    }
    return alike.batch
  }

  close(): void {
    if (!this.open) return
    this.open = false
    this.#cohorts.closed(this)
    this.owed.batch().readers += this.size
  }

  /**
   * Where those stand in the group, in its order, to whom the last frame has to be brought one by one: who does not stand here,
   * and who is now owed too much to wait for the end of the turn.
   */
  apart(): readonly number[] {
    // Closed by this very frame.
    if (!this.open) return [...this.#outlets.keys()]
    const strays = this.#strays()
    // Nobody is owed too much to wait.
    if (this.owed.bytes + this.#surplus <= EAGER_BYTES) return strays
    const heavy = this.#heavyOnes()
    return heavy.length === 0 ? strays : [...strays, ...heavy].sort((one, other) => one - other)
  }

  /** Writes to one of them now, if it is owed too much to wait. */
  relieve(companion: Companion): void {
    if (this.owed.bytes + this.#surplusOf(companion) > EAGER_BYTES) companion.flush()
  }

  /** Those who came back with it, and are owed the very same: for them one list is made, and goes out in one piece. */
  #alike({ owed }: Companion): Latecomers | undefined {
    const latecomers = owed ? this.#latecomers.get(owed) : undefined
    return latecomers && latecomers.count > FEW ? latecomers : undefined
  }

  /** From the end, where those stand who have just come. */
  #strays(): readonly number[] {
    const many = this.#outlets.length - this.size
    if (many === 0) return NOBODY
    const strays: number[] = []
    for (let at = this.#outlets.length - 1; strays.length < many && at >= 0; at--) {
      if (this.#outlets[at]?.cohort !== this) strays.push(at)
    }
    return strays.reverse()
  }

  #heavyOnes(): number[] {
    this.#surpluses ??= this.#ranked()
    const heavy = this.#surpluses.above(EAGER_BYTES - this.owed.bytes)
    this.#surplus = this.#surpluses.most
    return heavy.map(({ companion, at }) =>
      this.#outlets[at] === companion ? at : this.#outlets.indexOf(companion),
    )
  }

  /** Only once it matters: mostly nobody is ever owed so much. */
  #ranked(): Surpluses<Companion> {
    const surpluses = new Surpluses<Companion>(this)
    this.#outlets.forEach((outlet, at) => {
      if (outlet.cohort === this) surpluses.add(outlet, this.#surplusOf(outlet), at)
    })
    return surpluses
  }

  #surplusOf({ owed, since }: Companion): number {
    return owed ? owed.bytes - this.#runs.bytesBefore(since) : 0
  }

  #take(outlet: Companion): void {
    outlet.cohort = this
    outlet.since = this.length
    this.size++
  }
}

/** Whom a message is not for. */
export type Excepted = Companion | Set<Companion> | undefined

/** Whether the message is not for this one. */
export function isAmong(outlet: Companion, except: Excepted): boolean {
  return outlet === except || (except instanceof Set && except.has(outlet))
}

/** The cohorts of a group, one after the other. */
export class Cohorts {
  /** What was said is not held longer than it takes to write it. */
  #open: Cohort | undefined
  #apart = 0

  /** Who stands together this turn. `undefined`: it is cheaper to owe each one by itself. */
  current(outlets: readonly Companion[], turn: Turn, except: Excepted): Cohort | undefined {
    if (this.#open) return this.#open
    if (outlets.length < 2) return undefined
    if (this.#apart > 0) {
      this.#apart--
      return undefined
    }
    return (this.#open = new Cohort(this, outlets, turn, except))
  }

  closed({ united }: Cohort): void {
    this.#open = undefined
    if (!united) this.#apart = MESSAGES_APART
  }
}
