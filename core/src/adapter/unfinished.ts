import type { Gateway } from '../gateway/gateway.ts'
import type { Holder } from '../ground/budget.ts'
import type { Cancel } from '../ground/platform.ts'

/**
 * What one peer has begun to say and has not finished, for adapters that keep it themselves: on the node's budget for what comes
 * in, and not for longer than `messageTimeoutMs`.
 */
export class Unfinished implements Holder {
  heldBytes = 0
  readonly #gateway: Gateway
  readonly #end: (why: 'rate' | 'timeout') => void
  #stop: Cancel | undefined

  /** @param end - ends the connection, and frees what is kept: the node's budget is spent, or it takes too long */
  constructor(gateway: Gateway, end: (why: 'rate' | 'timeout') => void) {
    this.#gateway = gateway
    this.#end = end
  }

  evict(): void {
    this.#end('rate')
  }

  /**
   * So many bytes of a message are there. 0: none has begun; to be said whenever one is whole, and when the connection is
   * over.
   */
  keeps(bytes: number): void {
    const { wheel, limits, hub } = this.#gateway
    if (bytes > 0) this.#stop ??= wheel.after(limits.messageTimeoutMs, () => this.#end('timeout'))
    else {
      this.#stop?.()
      this.#stop = undefined
    }
    hub.budgets.inbound.hold(this, bytes)
  }
}
