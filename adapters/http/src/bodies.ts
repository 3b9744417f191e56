import type { Budget, Gateway } from '@fanfare/core'
import { Deadlines } from '@fanfare/core/adapter'

import { Body, type BodyFault } from './body.ts'

/** The bodies that come in with the requests of one adapter: how much they hold together, and how long each may take. */
export class Bodies {
  readonly #budget: Budget
  readonly #deadlines: Deadlines<Body>

  constructor({ hub, wheel, limits }: Gateway) {
    this.#budget = hub.budgets.inbound
    this.#deadlines = new Deadlines(wheel, limits.messageTimeoutMs)
  }

  /**
   * Reads a whole body.
   *
   * @param limit - in bytes
   * @param came - told how many bytes have come; `false` ends it as a `conflict`
   */
  async read(
    request: Request,
    limit: number,
    came: (bytes: number) => boolean = () => true,
  ): Promise<Uint8Array | BodyFault> {
    if ((declaredLength(request) ?? 0) > limit) return 'too-large'
    const stream = request.body as ReadableStream<Uint8Array> | null
    if (!stream) return new Uint8Array(0)
    const budget = this.#budget
    const body = new Body(stream, { limit, came, holds: (holder, bytes) => budget.hold(holder, bytes) })
    this.#deadlines.start(body, late)
    try {
      return await body.read()
    } finally {
      this.#deadlines.met(body)
      budget.hold(body, 0)
    }
  }
}

function late(body: Body): void {
  body.stop('timeout')
}

/** How many bytes the body of a request is said to have; `undefined` when nothing is said. */
export function declaredLength({ headers }: Request): number | undefined {
  const said = headers.get('content-length')
  return said !== null && /^\d+$/.test(said) ? Number(said) : undefined
}

/** Whether a request brings a body, as far as its headers say. */
export function hasBody(request: Request): boolean {
  return request.headers.has('transfer-encoding') || (declaredLength(request) ?? 0) > 0
}

/** What a host throws away by itself when nobody reads it: beyond it a connection is better closed. */
const LEFT_BYTES = 65_536

/** Whether the body of a request is more than a host should throw away. */
export function isTooMuchToDiscard(request: Request): boolean {
  return request.headers.has('transfer-encoding') || (declaredLength(request) ?? 0) > LEFT_BYTES
}
