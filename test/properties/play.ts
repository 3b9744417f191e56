import type { Step, Tape } from './actions.ts'
import { Comparison } from './compare.ts'
import { checkLedgers } from './ledger.ts'
import { Model } from './model.ts'
import { perform } from './side.ts'
import { System } from './system.ts'

/** Longer than anything that the hub waits for. */
const LONG_TICKS = 60

/** Plays a tape to the hub and to the model, and compares them after each step. @throws Error at the first difference */
export async function play(tape: Tape): Promise<Model> {
  const player = new Player(tape)
  await player.play()
  return player.model
}

class Player {
  readonly #tape: Tape
  readonly #system: System
  readonly model: Model
  readonly #comparison: Comparison
  #at = 0

  constructor(tape: Tape) {
    this.#tape = tape
    this.#system = new System(tape.setup)
    this.model = new Model(tape.setup)
    this.#comparison = new Comparison(this.#system, this.model)
  }

  async play(): Promise<void> {
    await this.#seat()
    for (const step of this.#tape.steps) {
      if (this.#wantsRest(step)) await this.#goOn()
      // Without an await unless the step itself is one: promises are not to go on in between.
      const wait = this.#step(step)
      if (wait) await wait
      this.#report(this.#comparison.check())
      this.#at++
    }
    await this.#end()
  }

  /** Those who are there from the beginning; each is another person. */
  async #seat(): Promise<void> {
    for (const [client, { dialect, highWater, channels, stalled }] of this.#tape.seats.entries()) {
      for (const side of [this.#system, this.model]) {
        side.stage.answer = { say: 'allow', who: client }
        perform(side, { do: 'add', dialect, highWater })
        for (const channel of channels) perform(side, { do: 'subscribe', client, channel })
        side.stage.answer = 'later'
      }
      await this.#settle()
      if (stalled) for (const side of [this.#system, this.model]) perform(side, { do: 'stall', client })
    }
  }

  #step(step: Step): Promise<void> | undefined {
    switch (step.do) {
      case 'trap':
        for (const { stage } of [this.#system, this.model]) stage.trap(step.at, step.what)
        return undefined
      case 'turn':
        this.#turn()
        return undefined
      case 'promises':
        return this.#goOn()
      case 'settle':
        return this.#settle()
      case 'advance':
        return this.#advance(step.ticks)
      default:
        for (const side of [this.#system, this.model]) perform(side, step)
        return undefined
    }
  }

  /**
   * The model does not know in how many steps a promise goes on. Where the order of two that go on together could be
   * seen, they are not left to go on together.
   */
  #wantsRest(step: Step): boolean {
    const { relay, stage } = this.model
    const throws = stage.answer !== 'later' && stage.answer.say === 'throw'
    return relay !== undefined || step.do === 'attach' || (throws && step.do !== 'turn')
  }

  async #goOn(): Promise<void> {
    await this.#promises()
    this.#report(this.#comparison.check() ?? this.#comparison.checkPromises())
  }

  /** Every promise that can go on does. No time passes. */
  async #promises(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
    this.model.clock.goOn()
  }

  #turn(): void {
    this.#system.test.clock.turn()
    if (this.model.clock.turnWanted) this.model.turn()
  }

  async #rest(): Promise<void> {
    do {
      this.#turn()
      await this.#promises()
    } while (this.model.clock.turnWanted)
  }

  async #settle(): Promise<void> {
    await this.#rest()
    await this.#system.test.clock.settle()
    this.#report(this.#comparison.check() ?? this.#comparison.checkPromises())
  }

  async #advance(ticks: number): Promise<void> {
    await this.#rest()
    for (let tick = 0; tick < ticks; tick++) {
      const idle = this.model.clock.timers.length === 0 && this.#system.hub.wheel.size === 0
      this.#system.test.clock.advance(100)
      this.model.clock.tick()
      if (!idle) await this.#rest()
    }
    await this.#settle()
  }

  /** Whatever happened, everything can come to an end, and nothing of it remains. */
  async #end(): Promise<void> {
    const sides = [this.#system, this.model]
    const closesHub = this.#tape.setup.ending === 'hub closes'
    await this.#rest()
    for (const { stage } of sides) stage.disarm()
    // A hub can close although the relay never answers.
    if (!closesHub) await this.#answerRelay()
    for (const conn of sides.flatMap(({ conns }) => conns)) conn.resume()
    await this.#settle()
    this.#report(checkLedgers(this.#system, this.#tape))
    for (const side of sides) {
      if (closesHub) side.closeHub()
      else for (const conn of side.conns) conn.peerCloses()
    }
    await this.#advance(LONG_TICKS)
    this.#report(this.#remains())
  }

  async #answerRelay(): Promise<void> {
    const [calls, expected] = [this.#system.stage, this.model.stage].map((stage) => {
      stage.relay = { open: 'now', publish: 'now' }
      return stage.openRelayCalls
    })
    for (const [at, answer] of calls!.entries()) {
      answer(true)
      expected![at]?.(true)
      await this.#promises()
    }
  }

  #remains(): string | undefined {
    const { hub, test } = this.#system
    const { clients, channels, subscriptions, pendingAuthorizations, frames } = hub.stats()
    const { queued, queuedBytes } = frames
    const timers = [test.clock.timers, hub.wheel.size]
    const left = [clients, channels, subscriptions, pendingAuthorizations, queued, queuedBytes, ...timers]
    return left.every((count) => count === 0) ? undefined : `something remains: ${left.join()}`
  }

  #report(difference: string | undefined): void {
    if (difference === undefined) return
    const step = this.#tape.steps[this.#at]
    throw new Error(`step ${String(this.#at)}, ${step ? JSON.stringify(step) : 'the end'}: ${difference}`)
  }
}
