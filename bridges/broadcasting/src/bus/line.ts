import type { Mailbox } from '../mailbox.ts'
import { Continuity } from './continuity.ts'
import type { Letter } from './envelope.ts'

/** What a line counts. */
export interface LineCounters {
  /** Letters that were delivered here already. */
  stale: number
  /** Times that subscribers were told of a gap. */
  gaps: number
}

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
  readonly #continuity = new Continuity()
  readonly #counters: LineCounters
  #waiters: Waiter[] = []
  /** Somebody here had something of it already: from then on every time without a wire is a gap. */
  #begun = false
  /** A gap that is owed, to be told before the next that the bus brings. */
  #missed = false
  /** What is to be done for every subscriber, the first of it under way: all get everything in one order. */
  readonly #steps: (() => void)[] = []

  constructor(channel: string, subject: string, counters: LineCounters) {
    this.channel = channel
    this.subject = subject
    this.#counters = counters
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

  /** It came too late to be worth anything: a loss. */
  discard(letter: Letter): void {
    this.#inTurn(() => {
      const gaps = this.#counters.gaps
      if (this.#isNew(letter) && this.#counters.gaps === gaps) this.#tellGap()
    })
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
    this.#counters.gaps++
    for (const mailbox of [...this.mailboxes]) mailbox.hole()
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
    const verdict = this.#continuity.judge(letter)
    if (verdict === 'stale' || verdict === 'overtaken') this.#counters.stale++
    if (verdict === 'after-hole' || verdict === 'overtaken') this.#tellGap()
    return verdict === 'next' || verdict === 'after-hole'
  }
}
