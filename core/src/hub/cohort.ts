import type { Frame } from '../contract/conn.ts'
import type { Debtor, Debtors, Owed, Turn } from './turn.ts'

/** Where a group goes apart, because its members are told many other things, it is tried again after so many messages. */
const MESSAGES_APART = 64

/** Somebody who may stand in a cohort. */
export interface Companion extends Debtor {
  /** With whom it is owed the same; what that is, {@link owed} does not say then. */
  cohort: Cohort | null
  /** What it is owed waits for its transport. */
  readonly full: boolean
  /** From now on it is owed what its cohort was so far, and what it alone is told. */
  leaveCohort(): void
}

/**
 * Those subscribers of a group who are owed exactly the same this turn, because nobody told them anything else: what the group
 * is told moves all of them by one step, instead of one step each. Who is told something else leaves it.
 */
export class Cohort implements Debtors {
  /** What each of them is owed. */
  owed: Owed
  /** How many stand here. */
  size = 0
  /** More can be owed to all of them. */
  open = true
  /** Whether most of the group stood here to the end. */
  united = true
  readonly #outlets: readonly Companion[]

  /** @param outlets - of the group, as it changes */
  constructor(outlets: readonly Companion[], turn: Turn, except: Excepted) {
    this.#outlets = outlets
    this.owed = turn.beginTogether(this)
    for (let at = 0; at < outlets.length; at++) {
      const outlet = outlets[at]
      if (!outlet || outlet.full || outlet.owed !== null || outlet.cohort !== null) continue
      if (except !== undefined && isAmong(outlet, except)) continue
      outlet.cohort = this
      this.size++
      turn.list(outlet)
    }
  }

  /** Owes all who stand here one frame more. Returns how many they are. */
  owe(frame: Frame): number {
    if (this.size > 0) this.owed = this.owed.child(frame)
    return this.size
  }

  close(): void {
    if (!this.open) return
    this.open = false
    this.united = this.size * 2 >= this.#outlets.length
    if (this.size > 0) this.owed.batch().readers += this.size
  }

  /** From now on everybody stands alone. */
  dissolve(): void {
    this.close()
    for (const outlet of this.#outlets) if (outlet.cohort === this) outlet.leaveCohort()
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
