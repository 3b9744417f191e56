import type { Handshake } from '../contract/conn.ts'
import type { Protocol } from '../contract/protocol.ts'
import { ClientError } from '../ground/errors.ts'
import type { ErrorEvent } from '../hub/events.ts'
import { type Refusal, refusal } from './admission.ts'
import type { Authentication } from './authentication.ts'
import type { Context } from './context.ts'
import type { GatewayCounters } from './gateway-counters.ts'
import type { User } from './identity.ts'
import { type GatewaySettings, protocolAt } from './options.ts'
import type { Pipeline } from './pipeline.ts'
import { HandshakeLimits } from './rate-limits.ts'
import { remoteAddress } from './remote-address.ts'

/** What the door needs of its gateway. */
export interface DoorHost {
  readonly settings: GatewaySettings
  readonly authentication: Authentication<User>
  readonly pipeline: Pipeline<Context>
  readonly counters: GatewayCounters
  /** Nobody is let in any more. */
  readonly shut: boolean
  crowded(handshake: Handshake): boolean
  failed(event: ErrorEvent): void
}

/** Somebody who may come in. */
export interface Admitted {
  readonly ok: true
  readonly protocol: Protocol
  readonly user: User | undefined
}

/** Who may come in, or what to answer. */
export type Decision = Admitted | Refusal

/** Decides, before the upgrade, who comes in. */
export class Door {
  readonly #host: DoorHost
  readonly #handshakes: HandshakeLimits

  constructor(host: DoorHost) {
    this.#host = host
    const { rateLimits, hub } = host.settings
    this.#handshakes = new HandshakeLimits(rateLimits, hub.platform.clock.monotonic())
  }

  /** A promise, which never rejects, only if somebody has to be waited for. A refusal takes no client's place. */
  knock(handshake: Handshake): Decision | Promise<Decision> {
    const answer = this.#decide(handshake)
    return answer instanceof Promise ? answer.then((late) => this.#counted(late)) : this.#counted(answer)
  }

  #counted(answer: Decision): Decision {
    if (!answer.ok) this.#host.counters.refused(answer.why)
    return answer
  }

  #decide(handshake: Handshake): Decision | Promise<Decision> {
    const { settings } = this.#host
    if (this.#host.shut) return refusal('shutdown', 'the server is shutting down')
    const protocol = protocolAt(settings.protocols, handshake.path)
    if (!protocol) return refusal('not-found', 'nothing is served here')
    if (!this.allows(handshake)) return refusal('forbidden', 'this origin may not connect')
    const afterMs = this.#count(handshake)
    if (afterMs > 0) return refusal('rate', 'too many handshakes', afterMs)
    if (this.#host.crowded(handshake)) return refusal('over-capacity', 'too many connections')
    const { authentication, pipeline } = this.#host
    const nobodyAsked = !authentication.asksHandshake && !pipeline.goesAround('connect')
    return nobodyAsked ? { ok: true, protocol, user: undefined } : this.#identify(handshake, protocol)
  }

  /** Counts a handshake. Returns 0, or in how many milliseconds to try again. */
  #count(handshake: Handshake): number {
    if (this.#handshakes.none) return 0
    const { trustedProxies, hub } = this.#host.settings
    return this.#handshakes.take(remoteAddress(handshake, trustedProxies), hub.platform.clock.monotonic())
  }

  async #identify(handshake: Handshake, protocol: Protocol): Promise<Decision> {
    try {
      const user = await this.#host.authentication.byHandshake(handshake)
      const context: Context = { phase: 'connect', handshake, user, state: new Map() }
      let passed = false
      await this.#host.pipeline.run(context, () => {
        passed = true
      })
      // A middleware that calls nobody further in lets nobody in.
      return passed ? { ok: true, protocol, user } : refusal('forbidden', 'not allowed to connect')
    } catch (error) {
      if (error instanceof ClientError) return refusal(error.why, error.message)
      this.#host.failed({ error, where: 'middleware' })
      return refusal('internal', 'something went wrong here')
    }
  }

  /** Whether the page that asks may connect. Never throws. */
  allows(handshake: Handshake): boolean {
    try {
      // A function in JavaScript may answer with anything; a promise, for one, would be truthy.
      return this.#host.settings.originAllowed(handshake) === true
    } catch (error) {
      this.#host.failed({ error, where: 'origin' })
      return false
    }
  }
}
