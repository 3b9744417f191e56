import type { Frame } from '../contract/conn.ts'
import { CountedBatch, type Debtor, type Debtors, JointBatch, type Owed, type Turn } from './turn.ts'

/** Where a group goes apart, because its members are told many other things, it is tried again after so many messages. */
const MESSAGES_APART = 64

/** Frames of a cohort that are made into one piece: whoever came later than its beginning gets the rest of it by itself. */
const PIECE = 64

/** Those who came back at the same moment, and were owed the same before. */
interface Latecomers {
  readonly since: number
  count: number
  batch: CountedBatch | undefined
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
  readonly #outlets: readonly Companion[]
  readonly #frames: Frame[] = []
  /** Bytes before each of the frames. */
  readonly #before: number[] = []
  /** The most that somebody who stands here is owed, beyond what the cohort has in all. */
  #surplus = 0
  /** By what they were owed before: mostly those whom the last flush had not reached. */
  readonly #latecomers = new Map<Owed, Latecomers>()
  /** Of the frames, cut up, by where they begin: the same for everybody. */
  readonly #pieces = new Map<number, CountedBatch>()

  /** @param outlets - of the group, as it changes */
  constructor(outlets: readonly Companion[], turn: Turn, except: Excepted) {
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
    return this.size
  }

  /** Somebody was owed the last frame by itself; the next ones it gets with the others. */
  admit(outlet: Companion): void {
    if (outlet.full || !outlet.owed || outlet.cohort) return
    this.#surplus = Math.max(this.#surplus, outlet.owed.bytes - this.owed.bytes)
    this.#take(outlet)
    const { since } = outlet
    const others = this.#latecomers.get(outlet.owed)
    if (!others) this.#latecomers.set(outlet.owed, { since, count: 1, batch: undefined })
    else if (others.since === since) others.count++
  }

  /** What somebody is owed in all who leaves now. */
  listOf({ owed, since }: Companion): Owed {
    if (!owed) return this.owed
    for (let at = since; at < this.#frames.length; at++) {
      const frame = this.#frames[at]
      if (frame) owed = owed.child(frame)
    }
    return owed
  }

  /** The same as a batch, of which the greater part is shared. */
  batchOf(companion: Companion): CountedBatch | JointBatch {
    const { owed, since } = companion
    if (!owed) return this.owed.batch()
    if (since === this.#frames.length) return owed.batch()
    const latecomers = this.#latecomers.get(owed)
    if (!latecomers || latecomers.count === 1 || latecomers.since !== since)
      return new JointBatch([owed.batch(), ...this.#piecesFrom(since)])
    return (latecomers.batch ??= this.#batchFor(companion, latecomers.count))
  }

  close(): void {
    if (!this.open) return
    this.open = false
    this.owed.batch().readers += this.size
  }

  /** Whoever is owed more than so many bytes stands alone from now on. */
  shed(most: number): void {
    if (this.owed.bytes + this.#surplus <= most) return
    this.#surplus = 0
    for (const outlet of this.#outlets) {
      if (outlet.cohort !== this) continue
      const surplus = outlet.owed ? outlet.owed.bytes - this.#bytesBefore(outlet.since) : 0
      if (this.owed.bytes + surplus > most) outlet.leaveCohort()
      else this.#surplus = Math.max(this.#surplus, surplus)
    }
  }

  #bytesBefore(index: number): number {
    return this.#before[index] ?? this.owed.bytes
  }

  #take(outlet: Companion): void {
    outlet.cohort = this
    outlet.since = this.#frames.length
    this.size++
  }

  #batchFor(companion: Companion, readers: number): CountedBatch {
    const batch = this.listOf(companion).batch()
    batch.readers += readers
    return batch
  }

  *#piecesFrom(since: number): Generator<CountedBatch> {
    for (let from = since; from < this.#frames.length;) {
      const to = Math.min(this.#frames.length, (Math.floor(from / PIECE) + 1) * PIECE)
      yield this.#piece(from, to)
      from = to
    }
  }

  #piece(from: number, to: number): CountedBatch {
    let piece = this.#pieces.get(from)
    if (!piece) {
      const bytes = this.#bytesBefore(to) - this.#bytesBefore(from)
      this.#pieces.set(from, (piece = new CountedBatch(this.#frames.slice(from, to), bytes)))
    }
    // Whole pieces are for everybody who came before them.
    piece.readers += from % PIECE === 0 ? this.size : 1
    return piece
  }
}

/** Whom a message is not for. */
export type Excepted = Companion | Set<Companion> | undefined

/** Whether the message is not for this one. */
export function isAmong(outlet: Companion, except: Excepted): boolean {
  return outlet === except || (except instanceof Set && except.has(outlet))
}

/** The cohorts of a group, one after the other: at most one is open. */
export class Cohorts {
  #last: Cohort | undefined
  #apart = 0

  /** Who stands together this turn. `undefined`: it is cheaper to owe each one by itself. */
  current(outlets: readonly Companion[], turn: Turn, except: Excepted): Cohort | undefined {
    if (this.#last?.open) return this.#last
    if (outlets.length < 2) return undefined
    if (this.#last && !this.#last.united) {
      this.#last = undefined
      this.#apart = MESSAGES_APART
    }
    if (this.#apart > 0) {
      this.#apart--
      return undefined
    }
    return (this.#last = new Cohort(outlets, turn, except))
  }
}
