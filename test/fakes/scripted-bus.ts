import type { DriverStatus, Event, SubscribeOptions, Subscription } from '@fanfare/broadcasting'
import {
  type Bus,
  BusDriver,
  type BusOptions,
  type DialAttempt,
  RefusedError,
  type Wire,
  type WireEvents,
} from '@fanfare/broadcasting/driver'
import type { Platform } from '@fanfare/core/contract'
import { ManualClock, testPlatform } from '@fanfare/core/testing'

/** An answer that a command waits for. */
interface Answer {
  readonly command: string
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/** A message on its way from the server to one wire. */
interface Passing {
  readonly wire: ScriptedWire
  readonly subject: string
  readonly text: string
}

/** One attempt to connect, which the test may decide. */
export class ScriptedDial {
  /** The driver has given it up. */
  abandoned = false
  /** The wire that was made of it. */
  wire: ScriptedWire | undefined
  readonly #server: ScriptedBus
  readonly #events: WireEvents
  readonly #resolve: (wire: Wire) => void
  readonly #reject: (error: Error) => void

  constructor(
    server: ScriptedBus,
    events: WireEvents,
    resolve: (wire: Wire) => void,
    reject: (error: Error) => void,
  ) {
    this.#server = server
    this.#events = events
    this.#resolve = resolve
    this.#reject = reject
  }

  accept(): ScriptedWire {
    this.wire = new ScriptedWire(this.#server, this.#events)
    this.#server.wires.push(this.wire)
    this.#resolve(this.wire)
    return this.wire
  }

  refuse(reason = 'connection refused'): void {
    this.#reject(new Error(reason))
  }
}

/** The driver's end of a connection to a {@link ScriptedBus}. */
export class ScriptedWire implements Wire {
  readonly subjects = new Set<string>()
  /** Cut, closed or lost. */
  over = false
  /** The server neither hears this one nor speaks to it any more. */
  deaf = false
  readonly #server: ScriptedBus
  readonly #events: WireEvents
  readonly #unanswered = new Set<Answer>()

  constructor(server: ScriptedBus, events: WireEvents) {
    this.#server = server
    this.#events = events
  }

  publish(subject: string, text: string): Promise<void> {
    return this.#ask(`publish ${subject}`, (answer) => this.#server.takePublish(subject, text, answer))
  }

  subscribe(subjects: readonly string[]): Promise<void> {
    return this.#ask(`subscribe ${subjects.join(' ')}`, (answer) =>
      this.#server.takeSubscribe(this, subjects, answer),
    )
  }

  unsubscribe(subjects: readonly string[]): Promise<void> {
    return this.#ask(`unsubscribe ${subjects.join(' ')}`, (answer) => {
      for (const subject of subjects) this.subjects.delete(subject)
      answer.resolve()
    })
  }

  beatSubjects(subject: (n: number) => string): readonly string[] {
    return Array.from({ length: this.#server.connections }, (_, n) => subject(n))
  }

  async close(): Promise<void> {
    this.#server.log.push('close')
    // What was published before has reached the server by then.
    await Promise.resolve()
    await Promise.resolve()
    this.cut()
  }

  cut(): void {
    if (this.over) return
    this.over = true
    this.#server.wires.splice(this.#server.wires.indexOf(this), 1)
    for (const { reject } of this.#unanswered) reject(new Error('cut'))
  }

  /** The connection breaks. */
  lose(reason = 'connection reset'): void {
    if (this.over) return
    this.cut()
    this.#events.lost(new Error(reason))
  }

  /** The server says something. */
  hear(subject: string, text: string): void {
    if (!this.over && !this.deaf && this.subjects.has(subject)) this.#events.message(subject, text)
  }

  #ask(command: string, run: (answer: Answer) => void): Promise<void> {
    if (this.over) return Promise.reject(new Error(`${command} on a wire that is gone`))
    if (!isBeat(command)) this.#server.log.push(command)
    return new Promise((resolve, reject) => {
      const done = (): boolean => this.#unanswered.delete(answer)
      const answer: Answer = {
        command,
        resolve: () => done() && resolve(),
        reject: (error) => {
          done()
          reject(error)
        },
      }
      this.#unanswered.add(answer)
      queueMicrotask(() =>
        this.#server.take(() => {
          if (!this.over && !this.deaf) run(answer)
        }),
      )
    })
  }
}

/**
 * A bus in memory with a server that does what the test says. It takes one command after the other, in microtasks; what is
 * held waits until the test lets it go. Beats are never held, and are not in the log.
 */
export class ScriptedBus {
  /** What becomes of an attempt to connect; with `ask` the test decides each. */
  dialling: 'accept' | 'refuse' | 'ask' = 'accept'
  /** Every attempt so far. */
  readonly dials: ScriptedDial[] = []
  /** Those that are open. */
  readonly wires: ScriptedWire[] = []
  /** What drivers asked for, beats aside: `subscribe a b`, `unsubscribe a`, `publish a`, `close`. */
  readonly log: string[] = []
  /** How many connections a wire is made of: as many beats. */
  connections = 1
  /** What it says no to. */
  refuses: (command: string) => boolean = () => false
  /** Messages that it takes and loses. */
  loses: (subject: string) => boolean = () => false
  holdAnswers = false
  holdConfirmations = false
  holdMessages = false
  /** Publishes that are carried, and not answered; subscribes that are made, and not confirmed. */
  readonly answers: Answer[] = []
  /** Messages that are held. */
  readonly messages: Passing[] = []

  #silent = false
  #untaken: (() => void)[] = []

  readonly bus: Bus = {
    name: 'scripted',
    subject: (name) => name,
    dial: (events, attempt) => this.#dial(events, attempt),
  }

  /** Takes nothing, says nothing, and keeps the connections open. What was sent to it meanwhile is taken after that. */
  get silent(): boolean {
    return this.#silent
  }

  set silent(silent: boolean) {
    this.#silent = silent
    if (!silent) for (const command of this.#untaken.splice(0)) command()
  }

  take(command: () => void): void {
    if (this.#silent) this.#untaken.push(command)
    else command()
  }

  /** Every connection breaks. */
  lose(reason?: string): void {
    for (const wire of [...this.wires]) wire.lose(reason)
  }

  /** Answers every publish, or confirms every subscribe, that is held. */
  answer(): void {
    for (const { resolve } of this.answers.splice(0)) resolve()
  }

  /** The messages that are held reach their wires, in another order or more than once if `arrange` says so. */
  deliver(arrange: (messages: Passing[]) => readonly Passing[] = (messages) => messages): void {
    for (const { wire, subject, text } of arrange(this.messages.splice(0))) wire.hear(subject, text)
  }

  /** Somebody who is no driver of ours publishes. */
  inject(subject: string, text: string): void {
    for (const wire of [...this.wires]) wire.hear(subject, text)
  }

  takePublish(subject: string, text: string, answer: Answer): void {
    if (this.refuses(answer.command)) {
      answer.reject(new RefusedError('no permission'))
      return
    }
    const beat = isBeat(subject)
    if (!this.loses(subject)) this.#carry(subject, text, this.holdMessages && !beat)
    if (this.holdAnswers && !beat) this.answers.push(answer)
    else answer.resolve()
  }

  takeSubscribe(wire: ScriptedWire, subjects: readonly string[], answer: Answer): void {
    if (this.refuses(answer.command)) {
      answer.reject(new RefusedError('no permission'))
      return
    }
    for (const subject of subjects) wire.subjects.add(subject)
    if (this.holdConfirmations && !isBeat(answer.command)) this.answers.push(answer)
    else answer.resolve()
  }

  #carry(subject: string, text: string, hold: boolean): void {
    for (const wire of [...this.wires]) {
      if (!wire.subjects.has(subject)) continue
      if (hold) this.messages.push({ wire, subject, text })
      else wire.hear(subject, text)
    }
  }

  #dial(events: WireEvents, attempt: DialAttempt): Promise<Wire> {
    return new Promise((resolve, reject) => {
      const dial = new ScriptedDial(this, events, resolve, reject)
      this.dials.push(dial)
      attempt.onAbandoned(() => {
        dial.abandoned = true
        reject(new Error('abandoned'))
      })
      if (this.dialling === 'accept') dial.accept()
      else if (this.dialling === 'refuse') dial.refuse()
    })
  }
}

function isBeat(text: string): boolean {
  return text.includes(':b:')
}

/** What became of a promise. */
export interface Outcome {
  /** `pending`, `done`, or the code of its error (its message, if it has no code). */
  now: string
}

export function outcomeOf(promise: Promise<unknown>): Outcome {
  const outcome: Outcome = { now: 'pending' }
  promise.then(
    () => (outcome.now = 'done'),
    (error: { code?: string; message: string }) => (outcome.now = error.code ?? error.message),
  )
  return outcome
}

/** A subscriber, and what it had: payloads, and `(gap)`. */
export interface Listener extends Outcome {
  readonly heard: string[]
  readonly events: Event[]
  subscription: Subscription | undefined
}

/** How {@link BusStage.listen} listens. */
export interface ListenOptions {
  readonly answer?: ((what: string) => void) | undefined
  readonly signal?: SubscribeOptions['signal']
}

/** The wall-clock time at which a stage begins. */
export const START = 1_700_000_000_000

/** Drivers on one scripted bus, and one clock for all. */
export class BusStage {
  readonly clock = new ManualClock(START)
  readonly server = new ScriptedBus()
  readonly reported: unknown[] = []
  /** What the drivers logged. */
  readonly logged: string[] = []
  #stalledMs = 0
  // One for all drivers: what is drawn at random differs from one to the next.
  readonly platform: Platform = {
    ...testPlatform(this.clock, this.reported),
    clock: {
      now: () => this.clock.now() + this.#stalledMs,
      monotonic: () => this.clock.monotonic() + this.#stalledMs,
    },
  }

  /** A driver that has begun to connect. */
  driver(options: BusOptions = {}): BusDriver {
    const logger = (message: string): void => void this.logged.push(message)
    return new BusDriver(this.server.bus, { logger, platform: this.platform, ...options })
  }

  /** A driver that is up. */
  async up(options: BusOptions = {}): Promise<BusDriver> {
    const driver = this.driver(options)
    await this.clock.settle()
    if (driver.status() !== 'up') throw new Error(`the driver is ${driver.status()}`)
    return driver
  }

  /** Lets time pass, in steps that are short against everything that is measured here. */
  async after(ms: number): Promise<void> {
    const stepMs = 25
    await this.clock.settle()
    for (let left = ms; left > 0; left -= stepMs) {
      this.clock.advance(Math.min(stepMs, left))
      await this.clock.settle()
    }
  }

  /** The process does not run for so long: no timer is called and nothing is read, though both are due after it. */
  stall(ms: number): void {
    this.#stalledMs += ms
  }

  /**
   * Subscribes, and notes what comes.
   *
   * @param answer - called with each payload, and `(gap)`, after it was noted
   */
  listen(driver: BusDriver, channel = 'orders', { answer, signal }: ListenOptions = {}): Listener {
    const listener: Listener = { heard: [], events: [], subscription: undefined, now: 'pending' }
    const hear = (what: string): void => {
      listener.heard.push(what)
      answer?.(what)
    }
    const handler = (event: Event): void => {
      listener.events.push(event)
      hear(String(event.payload))
    }
    driver.subscribe(channel, handler, { gap: () => hear('(gap)'), signal }).then(
      (subscription) => {
        listener.subscription = subscription
        listener.now = 'done'
      },
      (error: { code?: string; message: string }) => (listener.now = error.code ?? error.message),
    )
    return listener
  }

  /** Publishes on `orders`. */
  publish(driver: BusDriver, payload: string, channel = 'orders'): Outcome {
    return outcomeOf(driver.publish({ channel, payload }))
  }
}

/** Every status that the driver takes from now on. */
export function statusesOf(driver: BusDriver): DriverStatus[] {
  const statuses: DriverStatus[] = []
  driver.onStatus((status) => statuses.push(status))
  return statuses
}

/** A letter of another node, as it travels. */
export function letter(
  header: { s: number; p?: number; o?: string; d?: number; [more: string]: unknown },
  payload = `s${String(header.s)}`,
): string {
  const { s, p = s - 1, o = 'other', d = START + 86_400_000, ...more } = header
  return `fanfare/1 ${JSON.stringify({ o, s, p, d, ...more })}\n${payload}`
}
