import type { ModelClient } from './model-client.ts'
import type { Model } from './model.ts'

/** How the model's clients go, and the model itself. */
export class ModelDepartures {
  /** Those whose transport was told to close and has not said that it is gone. */
  readonly #closing = new Map<ModelClient, () => void>()
  readonly #model: Model
  readonly #waiters: ((outcome: string) => void)[] = []
  #relayGone = false
  #done = false

  constructor(model: Model) {
    this.#model = model
  }

  close(client: ModelClient, how: string | number, reason: string | undefined): void {
    if (!client.connected) return
    client.connected = false
    this.#model.clock.operation(() => {
      const bye = typeof how === 'number' ? { frames: [], code: how, reason: '' } : client.dialect.bye(how)
      const shown = (reason ?? bye.reason).slice(0, 123)
      const full = client.end(bye.frames, bye.code, shown)
      this.#remove(client, [typeof how === 'number' ? 'closed' : how, bye.code, shown])
      if (client.transportGone) return
      const cut = this.#model.clock.after(full ? 1_000 : 5_000, () => {
        client.conn.terminate()
        this.#gone(client)
      })
      this.#closing.set(client, cut)
    })
  }

  /** The transport says that the peer is gone. */
  gone(client: ModelClient, code: number, reason: string): void {
    client.transportGone = true
    if (!client.connected) {
      this.#gone(client)
      return
    }
    client.connected = false
    this.#model.clock.operation(() => {
      client.abandon()
      this.#remove(client, ['closed', code, reason])
    })
  }

  /** Done when every transport is closed, and the relay has let go of every channel or had 5 s for it. */
  closeHub(ended: (outcome: string) => void): void {
    if (this.#done) ended('fulfilled')
    else this.#waiters.push(ended)
    const { closed, clock, present } = this.#model
    if (closed) return
    this.#model.closed = true
    for (const client of present.values()) this.close(client, 'shutdown', undefined)
    clock.afterwards(() => clock.promised(() => this.#letGoOfRelay()))
  }

  #letGoOfRelay(): void {
    const { clock, relay } = this.#model
    const letGo = (): void => {
      cancel()
      this.#relayGone = true
      this.#checkDone()
    }
    const cancel = clock.after(5_000, letGo)
    if (relay) this.#model.detachRelay(relay, letGo)
    else letGo()
  }

  #remove(client: ModelClient, [why, code, reason]: [string, number, string]): void {
    const { memberships } = this.#model
    const channels = [...client.memberships.keys()].join()
    for (const attempt of [...client.attempts.values()]) memberships.callOff(client, attempt, 'cancelled')
    for (const ask of [...client.asks].reverse()) memberships.gate.withdraw(ask)
    for (const membership of [...client.memberships.values()]) memberships.end(membership)
    this.#model.present.delete(client.id)
    this.#model.unread += client.kept.length
    client.kept = []
    client.handled = false
    for (const ended of client.servers.splice(0)) ended('fulfilled')
    this.#model.emit('disconnect', ['disconnect', client.id, why, code, reason, `[${channels}]`].join(' '))
  }

  #gone(client: ModelClient): void {
    this.#closing.get(client)?.()
    if (this.#closing.delete(client)) this.#checkDone()
  }

  #checkDone(): void {
    if (!this.#relayGone || this.#closing.size > 0) return
    this.#done = true
    for (const ended of this.#waiters.splice(0)) ended('fulfilled')
  }
}
