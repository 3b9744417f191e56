import type { Answer } from './actions.ts'
import type { Membership } from './model-channel.ts'
import type { ModelClient } from './model-client.ts'
import type { Ask, ModelGate } from './model-gate.ts'
import type { Model } from './model.ts'
import { PEOPLE } from './stage.ts'

/** What the authorizer granted; without a person, the client is a member under its own id. */
export interface ModelGrant {
  readonly person: { readonly id?: string | number; readonly info?: unknown; readonly text?: string } | 'bad'
  readonly expiresAt: number | undefined
}

/** What the model's clients were granted, over time: it may end, be renewed, or be looked at again. */
export class ModelGrants {
  readonly #model: Model
  readonly #gate: ModelGate

  constructor(model: Model, gate: ModelGate) {
    this.#model = model
    this.#gate = gate
  }

  /** Asks the authorizer; `undefined` stands for every kind of no. */
  ask(
    client: ModelClient,
    { channel, credentials }: { channel: string; credentials: unknown },
    decided: (grant: ModelGrant | undefined) => void,
  ): void {
    const { authorization } = this.#model.setup
    if (authorization === 'none') {
      this.#model.clock.promised(() => decided(undefined))
      return
    }
    const ask: Ask = {
      client: client.id,
      channel,
      credentials,
      closed: () => client.asks.delete(ask),
      decided: (answer, at) => decided(grantOf(answer, at)),
    }
    client.asks.add(ask)
    this.#gate.ask(ask)
  }

  isOver({ expiresAt }: ModelGrant): boolean {
    return expiresAt !== undefined && expiresAt <= this.#model.clock.now
  }

  /** The client is told at half the time of a grant (no tape has one of a minute), and leaves at its end. */
  limit(membership: Membership, expiresAt: number | undefined): void {
    const { clock } = this.#model
    const { client, channel } = membership
    membership.cancelExpiry()
    membership.expiresAt = expiresAt
    membership.cancelExpiry = () => {}
    if (expiresAt === undefined) return
    const end = (): void => this.#end(membership, 'expired')
    membership.cancelExpiry = clock.at(expiresAt - (expiresAt - clock.now) / 2, () => {
      const left = expiresAt - clock.now
      if (left <= 0) {
        end()
        return
      }
      if (client.connected)
        clock.operation(() => client.tell(() => client.dialect.expiring(channel.name, left)))
      membership.cancelExpiry = clock.at(expiresAt, end)
    })
  }

  renew(
    client: ModelClient,
    channel: string,
    wish: { credentials?: unknown; ref?: unknown; ended(how: string): void },
  ): void {
    const { authorization } = this.#model.setup
    const membership = client.memberships.get(channel)
    if (!membership) {
      wish.ended('cancelled')
      return
    }
    if (client.asks.size >= (authorization === 'none' ? 16 : authorization.pendingPerClient)) {
      wish.ended('limit')
      return
    }
    this.#askAgain(membership, wish.credentials, (grant) => {
      if (grant === 'superseded') wish.ended('cancelled')
      else if (grant) {
        membership.credentials = wish.credentials
        this.limit(membership, grant.expiresAt)
        const told = { channel, ref: wish.ref, again: true }
        this.#model.clock.operation(() => client.tell(() => client.dialect.subscribed(told)))
        wish.ended('fulfilled')
      } else {
        this.#end(membership, 'unauthorized')
        wish.ended('unauthorized')
      }
    })
  }

  /** Asks again about all who are in a channel, so many at a time as may run; and later about those who want to be. */
  review(channel: string, ended: (how: string) => void): void {
    const { clock, present, setup } = this.#model
    const clients = [...present.values()]
    for (const { attempts } of clients) {
      const attempt = attempts.get(channel)
      if (attempt && channel.startsWith('pr')) attempt.stale = true
    }
    const live = channel.startsWith('pr')
      ? clients.flatMap(({ memberships }) => memberships.get(channel) ?? [])
      : []
    let running = setup.authorization === 'none' ? 64 : setup.authorization.concurrent
    const next = (): void => {
      const membership = live.shift()
      if (!membership) {
        if (--running === 0) ended('fulfilled')
      } else if (membership.client.memberships.get(channel) !== membership) clock.promised(next)
      else this.#review(membership, () => clock.promised(next))
    }
    for (let at = running; at > 0; at--) next()
  }

  #review(membership: Membership, done: () => void): void {
    this.#askAgain(membership, membership.credentials, (grant) => {
      if (grant === undefined) this.#end(membership, 'unauthorized')
      else if (grant !== 'superseded') this.limit(membership, grant.expiresAt)
      done()
    })
  }

  /** An answer counts only while the client is in the channel, and nothing was asked about it since. */
  #askAgain(
    membership: Membership,
    credentials: unknown,
    decided: (grant: ModelGrant | 'superseded' | undefined) => void,
  ): void {
    const { client, channel } = membership
    const question = {}
    membership.question = question
    this.ask(client, { channel: channel.name, credentials }, (grant) => {
      const counts = client.memberships.get(channel.name) === membership && membership.question === question
      decided(!counts ? 'superseded' : grant && this.isOver(grant) ? undefined : grant)
    })
  }

  #end({ client, channel }: Membership, why: string): void {
    this.#model.memberships.unsubscribe(client, channel.name, undefined, why)
  }
}

function grantOf(answer: Answer, at: number): ModelGrant | undefined {
  if (answer.say === 'yes') return { person: {}, expiresAt: undefined }
  if (answer.say === 'bad-info') return { person: 'bad', expiresAt: undefined }
  if (answer.say !== 'allow') return undefined
  const person = PEOPLE[answer.who % PEOPLE.length]!
  return { person, expiresAt: answer.expiresInMs === undefined ? undefined : at + answer.expiresInMs }
}
