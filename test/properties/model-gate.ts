import type { Answer } from './actions.ts'
import type { ModelClock } from './model-clock.ts'
import type { Stage } from './stage.ts'

/** Somebody asks to join, and waits for a decision. */
export interface Ask {
  readonly client: string
  readonly channel: string
  readonly credentials: unknown
  /** Called when nothing is asked any more. */
  readonly closed: () => void
  /** Called with the answer, or when there was none in time. */
  readonly decided: (answer: Answer, answeredAt: number) => void
}

/** Asks the authorizer: so many at once, each so long. */
export class ModelGate {
  /** Those whom the authorizer has not answered in its time. */
  readonly #running = new Set<Ask>()
  #queue: Ask[] = []
  readonly #timeouts = new Map<Ask, () => void>()
  readonly #decided = new Set<Ask>()
  readonly #clock: ModelClock
  readonly #stage: Stage
  readonly #limits: { timeoutMs: number; concurrent: number }

  constructor(clock: ModelClock, stage: Stage, limits: { timeoutMs: number; concurrent: number }) {
    this.#clock = clock
    this.#stage = stage
    this.#limits = limits
  }

  get pending(): number {
    return this.#running.size + this.#queue.length
  }

  ask(ask: Ask): void {
    this.#timeouts.set(
      ask,
      this.#clock.after(this.#limits.timeoutMs, () => this.#timeout(ask)),
    )
    if (this.#running.size < this.#limits.concurrent) this.#start(ask)
    else this.#queue.push(ask)
  }

  /** Whoever asked is gone. It gives back its turn, although an authorizer that runs already cannot be stopped. */
  withdraw(ask: Ask): void {
    if (!this.#timeouts.has(ask)) return
    this.#finish(ask)
    this.#clock.promised(() => this.#decide(ask, { say: 'no' }))
  }

  #start(ask: Ask): void {
    this.#running.add(ask)
    this.#stage.asked.push([ask.client, ask.channel, ask.credentials].join(' '))
    const failure = this.#stage.spring('authorizer')
    const how = failure ? { say: failure } : this.#stage.answer
    if (how === 'later') {
      let answered = false
      this.#stage.openAnswers.push((later) => {
        if (!answered) this.#answer(ask, later.say === 'throw' ? { say: 'reject' } : later)
        answered = true
      })
    } else this.#answer(ask, how)
  }

  #answer(ask: Ask, how: Answer): void {
    const at = this.#clock.now
    if (how.say === 'throw') this.#fault(ask)
    const answered = (): void => {
      if (how.say === 'reject' || how.say === 'rubbish') this.#fault(ask)
      if (!this.#timeouts.has(ask)) return
      this.#decide(ask, how, at)
      // It may have been withdrawn on account of the decision.
      if (this.#timeouts.has(ask)) this.#finish(ask)
    }
    this.#clock.promised(answered, how.say === 'throw' ? 3 : 4)
  }

  #timeout(ask: Ask): void {
    this.#finish(ask)
    this.#fault(ask)
    this.#clock.promised(() => this.#decide(ask, { say: 'no' }))
  }

  /** The first decision is the one. */
  #decide(ask: Ask, how: Answer, at = 0): void {
    if (this.#decided.has(ask)) return
    this.#decided.add(ask)
    ask.decided(how, at)
  }

  #finish(ask: Ask): void {
    this.#timeouts.get(ask)?.()
    this.#timeouts.delete(ask)
    ask.closed()
    this.#queue = this.#queue.filter((other) => other !== ask)
    this.#running.delete(ask)
    const next = this.#running.size < this.#limits.concurrent ? this.#queue.shift() : undefined
    if (next) this.#start(next)
  }

  #fault({ channel }: Ask): void {
    this.#stage.errors.push(['authorizer', undefined, channel].join(' '))
  }
}
