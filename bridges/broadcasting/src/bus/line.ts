import type { Cancel } from '@fanfare/core/contract'

import type { Mailbox } from '../mailbox.ts'
import { Continuity, type Memory, type Verdict } from './continuity.ts'
import type { Letter } from './envelope.ts'
import type { BusSettings } from './options.ts'

/** What a line counts. */
export interface LineCounters {
  /** Letters that were delivered here already. */
  stale: number
  /** Times that subscribers were told of a gap. */
  gaps: number
}

/** What all lines of a driver share. */
export interface LineShared {
  readonly settings: BusSettings
  readonly counters: LineCounters
  readonly memory: Memory
  /** Ours. */
  readonly origin: string
  /** A letter has a number that its sender cannot have given it. */
  implausible(channel: string): void
}

/**
 * Of letters that cannot be read nobody knows when they were published. The first is told of at once, those that follow within
 * this time at its end, or before the next event, in milliseconds.
 */
const UNREAD_MS = 1_000
/**
 * A gap covers what was published before it and comes late within this time. Longer, and a node whose clock is wrong would be
 * missed in silence; in milliseconds.
 */
const COVERED_MS = 5_000

interface Waiter {
  readonly mailbox: Mailbox
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** One channel that somebody in this process is subscribed to: its subscribers, and what came on it so far. */
export class Line {
  readonly channel: string
  readonly subject: string
  readonly mailboxes = new Set<Mailbox>()
  /** What we sent on it and have not heard yet, by its sequence: owed to those who are here. */
  readonly unheard = new Map<number, Letter>()
  /** The bus knows of it: nothing is missed. */
  live = false
  readonly #continuity: Continuity
  readonly #shared: LineShared
  #waiters: Waiter[] = []
  /** Somebody here had something of it already: from then on every time without a wire is a gap. */
  #begun = false
  /** A gap that is owed, to be told before the next that the bus brings. */
  #missed = false
  /** When a gap was told last, by the wall clock. */
  #toldAt = -Infinity
  #owing: Cancel | undefined
  /** Nobody can have done anything about the last gap: what is lost now was published before it. */
  #justTold = false
  /** What is to be done for every subscriber, the first of it under way: all get everything in one order. */
  readonly #steps: (() => void)[] = []

  constructor(channel: string, subject: string, shared: LineShared) {
    this.channel = channel
    this.subject = subject
    this.#shared = shared
    this.#continuity = new Continuity(shared.memory, shared.origin)
  }

  /** Adds a subscriber. Resolves when the line is live. */
  join(mailbox: Mailbox): Promise<void> {
    this.mailboxes.add(mailbox)
    if (this.live) return Promise.resolve()
    return new Promise((resolve, reject) => this.#waiters.push({ mailbox, resolve, reject }))
  }

  /** Takes a subscriber out; if it waits still, it is told why. Returns whether there is any left. */
  leave(mailbox: Mailbox, error: unknown): boolean {
    this.mailboxes.delete(mailbox)
    const waiter = this.#waiters.find((one) => one.mailbox === mailbox)
    this.#waiters = this.#waiters.filter((one) => one !== waiter)
    waiter?.reject(error)
    return this.mailboxes.size > 0
  }

  /** Whoever waits is told that it will not be. */
  fail(error: unknown): void {
    for (const { reject } of this.#waiters.splice(0)) reject(error)
  }

  becomeLive(): void {
    if (this.live) return
    this.live = true
    this.resume()
    for (const { resolve } of this.#waiters.splice(0)) resolve()
  }

  /** From here on nothing is missed; if something was before, the subscribers are told now. */
  resume(): void {
    this.#begun = true
    this.tellMissed()
  }

  /** Tells the gap that is owed since the wire was lost, if one is. */
  tellMissed(): void {
    if (!this.#missed) return
    this.#missed = false
    this.gap()
  }

  /** The wire is gone: until it is back, what others publish is missed. */
  goDead(): void {
    this.#missed = this.#begun
    this.live = false
  }

  /** Delivers it here unless it was, and tells first of what is missing before it. */
  deliver(letter: Letter): void {
    this.#inTurn(() => {
      if (!this.#isNew(letter)) return
      for (const mailbox of [...this.mailboxes]) mailbox.deliver(letter.event)
    })
  }

  /**
   * It came too late to be worth anything: a loss. One gap stands for all that were published before it was told: whoever fetches
   * anew after it has them.
   */
  discard(letter: Letter): void {
    this.#inTurn(() => {
      const verdict = this.#judge(letter)
      if (verdict !== 'stale' && !this.#isCovered(letter.deadline)) this.#tellGap()
    })
  }

  /** A letter that cannot be read is a loss too, of one that was published just now. */
  loseUnread(): void {
    this.#begun = true
    if (this.#justTold) return
    if (this.#now() - this.#toldAt >= UNREAD_MS) {
      this.#missed = false
      this.gap()
      return
    }
    this.#missed = true
    this.#owing ??= this.#shared.settings.wheel.after(UNREAD_MS, () => {
      this.#owing = undefined
      if (this.live) this.tellMissed()
    })
  }

  /** Nobody is subscribed any more. */
  end(): void {
    this.#owing?.()
    this.#continuity.forget()
  }

  /**
   * What we sent and have not heard is delivered here now, in its order; up to a sequence, if one is given. Returns whether
   * there was any. What others sent may still come, and come before it elsewhere: that too is a gap.
   */
  deliverUnheard(upTo = Infinity): boolean {
    let some = false
    for (const [sequence, letter] of this.unheard) {
      if (sequence > upTo) break
      this.unheard.delete(sequence)
      this.deliver(letter)
      some = true
    }
    return some
  }

  /** The bus has brought a later one of ours: those before it are lost on the way, and are delivered before it. */
  passOver(sequence: number): void {
    if (this.deliverUnheard(sequence) && this.live) this.gap()
  }

  /**
   * The bus does not bring them any more, as far as we know. The gap is told with the first, and once more before the next that
   * the bus brings, however many are given up between the two. A line that is dead tells of one when it is back.
   */
  giveUp(sequence: number): void {
    if (!this.deliverUnheard(sequence) || !this.live || this.#missed) return
    this.gap()
    this.#missed = true
  }

  gap(): void {
    this.#inTurn(() => this.#tellGap())
  }

  #tellGap(): void {
    this.#shared.counters.gaps++
    this.#toldAt = this.#now()
    this.#owing?.()
    this.#owing = undefined
    if (!this.#justTold) {
      this.#justTold = true
      this.#shared.settings.platform.scheduler.turn(() => (this.#justTold = false))
    }
    for (const mailbox of [...this.mailboxes]) mailbox.hole()
  }

  #isCovered(deadline: number): boolean {
    const since = this.#now() - this.#toldAt
    return deadline <= this.#toldAt && since >= 0 && since <= COVERED_MS
  }

  #now(): number {
    return this.#shared.settings.platform.clock.now()
  }

  /** What a handler causes in the middle of a step is done after it, for whoever is still to have that step too. */
  #inTurn(step: () => void): void {
    this.#steps.push(step)
    if (this.#steps.length > 1) return
    for (let next: typeof step | undefined = step; next; next = this.#steps[0]) {
      next()
      this.#steps.shift()
    }
  }

  #isNew(letter: Letter): boolean {
    const verdict = this.#judge(letter)
    if (verdict !== 'next' && verdict !== 'stale') this.#tellGap()
    return verdict === 'next' || verdict === 'after-hole' || verdict === 'contradiction'
  }

  #judge(letter: Letter): Verdict {
    const verdict = this.#continuity.judge(letter, this.#now(), this.#toldAt)
    if (verdict === 'stale' || verdict === 'overtaken') this.#shared.counters.stale++
    if (verdict === 'implausible' || verdict === 'contradiction') this.#shared.implausible(this.channel)
    return verdict
  }
}
