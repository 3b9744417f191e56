import { comeBackAfter } from './come-back.ts'
import type { Frame } from './frame.ts'
import { Link, type LinkPlan } from './link.ts'
import type { Listener } from './listener.ts'
import { EVENT, readPacket } from './packet.ts'
import { nextMessage, type Outgoing, type Run, settleMessage } from './run.ts'
import type { Stream } from './tally.ts'

/** Publishes of one client without an answer: fewer than servers let wait. */
const MOST_UNANSWERED = 64

/** A client of the fleet: it comes back when its connection is lost. */
export class Member {
  readonly #run: Run
  readonly #plan: LinkPlan
  readonly #listeners = new Map<string, Listener>()
  readonly #unanswered = new Map<number, Outgoing>()
  #link: Link | undefined
  #timer: NodeJS.Timeout | undefined
  #lastId = 0
  /** Subscriptions of this connection without an answer. */
  #left = 0
  #attempt = 0
  #greeted = false
  #wasOpen = false
  #closing = false
  #settled: (() => void) | undefined
  #ended: (() => void) | undefined

  constructor(run: Run, plan: LinkPlan) {
    this.#run = run
    this.#plan = plan
  }

  /** Resolves when it is subscribed, or has failed to connect; a connection that never stood is not tried again. */
  open(): Promise<void> {
    return new Promise((resolve) => {
      this.#settled = resolve
      this.#connect()
    })
  }

  /** Whether it is in a channel, on its way back, or done for. */
  get state(): 'live' | 'coming' | 'gone' {
    if (this.#listeners.size > 0) return 'live'
    return this.#link || this.#timer ? 'coming' : 'gone'
  }

  get unanswered(): number {
    return this.#unanswered.size
  }

  /** Publishes the next message of a stream, if it can now. */
  publish(stream: Stream): boolean {
    const ready = this.#listeners.has(stream.channel) && this.#unanswered.size < MOST_UNANSWERED
    if (!ready || !this.#link?.writable) return false
    const id = ++this.#lastId
    const message = nextMessage(this.#run, stream)
    this.#unanswered.set(id, message)
    this.#link.publish(stream.channel, EVENT, { id, data: message.data })
    return true
  }

  /** Nobody answers any more what was not answered. */
  abandon(): void {
    for (const message of this.#unanswered.values()) settleMessage(this.#run, message, 'unknown')
    this.#unanswered.clear()
  }

  /** Leaves, and resolves when it is gone. */
  close(): Promise<void> {
    this.#closing = true
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#settled?.()
    const link = this.#link
    if (!link) return Promise.resolve()
    return new Promise((resolve) => {
      this.#ended = resolve
      link.close()
    })
  }

  /** Cuts what did not close. */
  destroy(): void {
    this.#link?.destroy()
  }

  #connect(): void {
    this.#timer = undefined
    this.#greeted = false
    this.#link = new Link(this.#plan, {
      greeted: (ms) => this.#greet(ms),
      subscribed: (channel, refusal) => this.#subscribed(channel, refusal),
      heard: (frame, channel) => this.#heard(frame, channel),
      answered: (id, refusal) => this.#answered(id, refusal),
      closed: (code, why) => this.#closed(code, why),
    })
  }

  #greet(ms: number): void {
    const { connections, handshakes } = this.#run.figures
    handshakes.add(ms)
    if (this.#wasOpen) connections.reopened++
    else connections.opened++
    this.#wasOpen = true
    this.#greeted = true
    this.#left = this.#plan.channels.length
  }

  #subscribed(channel: string, refusal: string | undefined): void {
    const { figures, ledger } = this.#run
    if (refusal === undefined) {
      this.#attempt = 0
      if (!this.#closing) this.#listeners.set(channel, ledger.listen(channel))
    } else {
      figures.subscriptions.refused++
      figures.blame(`subscribe: ${refusal}`)
    }
    if (--this.#left === 0) this.#settled?.()
  }

  #heard({ op, data, count, reason }: Frame, channel: string): void {
    if (op === 'msg') this.#message(data, channel)
    if (op === 'gap') {
      this.#run.figures.gap(reason, count)
      this.#listeners.get(channel)?.announce(count)
    }
    if (op === 'unsub' && this.#listeners.has(channel)) {
      this.#run.figures.subscriptions.ended++
      this.#leave(channel, true)
    }
  }

  #message(data: unknown, channel: string): void {
    const { id, figures, ledger } = this.#run
    const packet = readPacket(data)
    if (packet?.run !== id) {
      figures.foreign++
      return
    }
    const listener = this.#listeners.get(channel)
    if (!listener) ledger.tally.strange++
    else if (listener.hear(packet)) figures.latency.add(performance.now() - packet.at)
  }

  #answered(id: number, refusal: string | undefined): void {
    const message = this.#unanswered.get(id)
    if (!message) return
    this.#unanswered.delete(id)
    settleMessage(this.#run, message, refusal)
  }

  #leave(channel: string, cut: boolean): void {
    const listener = this.#listeners.get(channel)
    this.#listeners.delete(channel)
    if (listener) this.#run.ledger.end(listener, cut)
  }

  #closed(code: number, why: string): void {
    const { connections } = this.#run.figures
    this.#link = undefined
    this.abandon()
    for (const channel of [...this.#listeners.keys()]) this.#leave(channel, !this.#closing)
    if (!this.#closing) {
      if (this.#greeted) connections.lost++
      else if (!this.#wasOpen) connections.failed++
      this.#run.figures.blame(`${this.#wasOpen ? 'connection' : 'connect'}: ${why}`)
      this.#comeBack(code)
    }
    this.#settled?.()
    this.#ended?.()
  }

  #comeBack(code: number): void {
    const ms = this.#wasOpen ? comeBackAfter(code, this.#attempt++, Math.random()) : undefined
    if (ms !== undefined) this.#timer = setTimeout(() => this.#connect(), ms)
  }
}
