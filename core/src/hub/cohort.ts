import type { Frame } from '../contract/conn.ts'
import { CountedBatch, JointBatch, RunBatch } from './batches.ts'
import type { Owed } from './owed.ts'
import { type Debtor, type Debtors, EAGER_BYTES, type Turn } from './turn.ts'

/** Where a group goes apart, because its members are told many other things, it is tried again after so many messages. */
const MESSAGES_APART = 64

/** Frames of a cohort that are made into one list: whoever came later than its beginning gets the rest of it. */
const LIST = 64

/** For so many one list is not worth making: runs of what is there cost each of them a piece or two more in a write. */
const FEW = 16

/** Those who came back at the same moment, and were owed the same before. */
interface Latecomers {
  readonly since: number
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
  /** Some of them are owed too much to wait for the end of the turn. */
  heavy = false
  /** How often somebody left while it was open. */
  departures = 0
  readonly #cohorts: Cohorts
  readonly #outlets: readonly Companion[]
  readonly #frames: Frame[] = []
  /** Bytes before each of the frames. */
  readonly #before: number[] = []
  /** The most that somebody who stands here is owed, beyond what the cohort has in all. */
  #surplus = 0
  /** By what they were owed before: mostly those whom the last flush had not reached. */
  readonly #latecomers = new Map<Owed, Latecomers>()
  /** The frames, cut into lists, by where they begin; and each of those as a whole. */
  readonly #lists = new Map<number, Frame[]>()
  readonly #wholes = new Map<number, RunBatch>()

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
    return this.#frames.length
  }

  /** Whether it is worth its while: most of the group stayed. */
  get united(): boolean {
    return this.departures * 2 <= this.#outlets.length
  }

  /** Owes all who stand here one frame more. Returns how many they are. */
  owe(frame: Frame): number {
    this.#before.push(this.owed.bytes)
    this.#frames.push(frame)
    this.owed = this.owed.child(frame)
    this.heavy = this.owed.bytes + this.#surplus > EAGER_BYTES
    // Then everybody is written to at once.
    if (this.owed.bytes > EAGER_BYTES) this.close()
    return this.size
  }

  /** Somebody was owed the last frame by itself; the next ones it gets with the others. */
  admit(outlet: Companion): void {
    if (!this.open || outlet.full || !outlet.owed || outlet.cohort) return
    this.#take(outlet)
    this.#surplus = Math.max(this.#surplus, this.#bytesOf(outlet) - this.owed.bytes)
    const { since } = outlet
    const others = this.#latecomers.get(outlet.owed)
    if (!others) this.#latecomers.set(outlet.owed, { since, count: 1, batch: undefined })
    else if (others.since === since) others.count++
  }

  /** What somebody is owed in all who leaves now. */
  listOf(companion: Companion): Owed {
    const { since } = companion
    let { owed } = companion
    if (!owed) return this.owed
    if (this.#alike(companion)) for (const frame of this.#frames.slice(since)) owed = owed.child(frame)
    else for (const run of this.#runsFrom(since)) owed = owed.behind(run)
    return owed
  }

  /** The same as a batch, of which the greater part is shared. */
  batchOf(companion: Companion): CountedBatch | JointBatch {
    const { owed, since } = companion
    if (!owed) return this.owed.batch()
    if (since === this.#frames.length) return owed.batch()
    const alike = this.#alike(companion)
    if (!alike) return JointBatch.of(owed.batch(), this.#runsFrom(since))
    const length = owed.length + this.#frames.length - since
    if (alike.batch?.length !== length) {
      alike.batch = this.listOf(companion).batch()
      alike.batch.readers += alike.count
    }
    return alike.batch
  }

  /** Those who came back with it, and are owed the very same: for them one list is made, and goes out in one piece. */
  #alike({ owed, since }: Companion): Latecomers | undefined {
    const latecomers = owed ? this.#latecomers.get(owed) : undefined
    return latecomers && latecomers.count > FEW && latecomers.since === since ? latecomers : undefined
  }

  close(): void {
    if (!this.open) return
    this.open = false
    this.#cohorts.closed(this)
    this.owed.batch().readers += this.size
  }

  /** Writes to one of them now, if it is owed too much to wait. */
  relieve(companion: Companion): void {
    if (this.heavy && this.#bytesOf(companion) > EAGER_BYTES) companion.flush()
  }

  /** Finds out who is owed the most, now that some were relieved. */
  weigh(): void {
    if (!this.heavy) return
    let most = this.owed.bytes
    for (const outlet of this.#outlets) {
      if (outlet.cohort === this) most = Math.max(most, this.#bytesOf(outlet))
    }
    this.#surplus = most - this.owed.bytes
  }

  #bytesOf({ owed, since }: Companion): number {
    return this.owed.bytes + (owed ? owed.bytes - this.#bytesBefore(since) : 0)
  }

  #bytesBefore(index: number): number {
    return this.#before[index] ?? this.owed.bytes
  }

  #take(outlet: Companion): void {
    outlet.cohort = this
    outlet.since = this.#frames.length
    this.size++
  }

  *#runsFrom(since: number): Generator<RunBatch> {
    for (let from = since; from < this.#frames.length;) {
      const to = Math.min(this.#frames.length, from - (from % LIST) + LIST)
      yield to - from === LIST ? this.#whole(from) : this.#run(from, to)
      from = to
    }
  }

  /** The same for everybody. */
  #whole(from: number): RunBatch {
    let whole = this.#wholes.get(from)
    if (!whole) this.#wholes.set(from, (whole = this.#run(from, from + LIST)))
    return whole
  }

  #run(from: number, to: number): RunBatch {
    const start = from - (from % LIST)
    let list = this.#lists.get(start)
    if (!list) this.#lists.set(start, (list = []))
    list.push(...this.#frames.slice(start + list.length, to))
    return new RunBatch(
      { list, from: from - start, to: to - start },
      this.#bytesBefore(to) - this.#bytesBefore(from),
    )
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
