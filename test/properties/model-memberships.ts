import { memberJson } from './dialects.ts'
import { frameOf, hasRoster, withoutRoster } from './model-box.ts'
import { type Membership, ModelChannel, type ModelMember } from './model-channel.ts'
import type { Attempt, ModelClient } from './model-client.ts'
import { ModelGate } from './model-gate.ts'
import { type ModelGrant, ModelGrants } from './model-grants.ts'
import type { Model } from './model.ts'

interface Wish {
  readonly credentials?: unknown
  readonly ref?: unknown
  readonly ended: (outcome: string) => void
}

/** How the model's clients come into channels and out of them. Each method is called as part of an operation. */
export class ModelMemberships {
  readonly gate: ModelGate
  readonly grants: ModelGrants
  readonly #model: Model

  constructor(model: Model) {
    const { authorization } = model.setup
    this.#model = model
    this.gate = new ModelGate(
      model.clock,
      model.stage,
      authorization === 'none' ? { timeoutMs: 0, concurrent: 0 } : authorization,
    )
    this.grants = new ModelGrants(model, this.gate)
  }

  subscribe(client: ModelClient, channel: string, { credentials, ref, ended }: Wish): void {
    if (!this.#model.present.has(client.id)) {
      ended('cancelled')
      return
    }
    if (client.memberships.has(channel)) {
      this.#model.clock.operation(() => this.#acknowledge(client, channel, [ref], true))
      ended('fulfilled')
      return
    }
    const pending = client.attempts.get(channel)
    if (pending?.credentials === credentials && pending) {
      pending.waiters.push({ ref, ended })
      return
    }
    if (this.#reachesLimit(client, channel)) {
      ended('limit')
      return
    }
    if (pending) this.callOff(client, pending, 'cancelled')
    const attempt: Attempt = {
      channel,
      credentials,
      stale: false,
      waiters: [{ ref, ended }],
      giveUp: () => {},
    }
    client.attempts.set(channel, attempt)
    this.#model.relay?.hold(channel)
    this.#ask(client, attempt)
  }

  unsubscribe(client: ModelClient, channel: string, ref?: unknown, why?: string): void {
    if (!this.#model.present.has(client.id)) return
    const attempt = client.attempts.get(channel)
    if (attempt) this.callOff(client, attempt, 'cancelled')
    this.#model.clock.operation(() => {
      const membership = client.memberships.get(channel)
      if (membership) this.end(membership, why)
      if (membership || ref !== undefined) client.tell(() => client.dialect.unsubscribed(channel, ref, why))
    })
  }

  callOff(client: ModelClient, attempt: Attempt, outcome: string): void {
    if (!isOpen(client, attempt)) return
    client.attempts.delete(attempt.channel)
    attempt.giveUp()
    for (const { ended } of attempt.waiters) ended(outcome)
    this.#model.relay?.release(attempt.channel)
  }

  end(membership: Membership, why?: string): void {
    const { client, channel, member } = membership
    this.#model.emit('unsubscribe', ['unsubscribe', client.id, channel.name, why].join(' '))
    client.memberships.delete(channel.name)
    client.box = withoutRoster(client.box, channel.name)
    membership.cancelExpiry()
    channel.remove(client)
    if (member && channel.leave(member)) this.#announce(channel, 'leave', member)
    if (channel.clients.length === 0) {
      this.#model.channels.delete(channel.name)
      this.#model.emit('vacated', `vacated ${channel.name}`)
    }
    this.#model.relay?.release(channel.name)
  }

  #reachesLimit(client: ModelClient, channel: string): boolean {
    const { authorization, maxChannelsPerClient } = this.#model.setup
    const pending = authorization === 'none' ? 16 : authorization.pendingPerClient
    const guarded = channel.startsWith('pr')
    const held = new Set([...client.memberships.keys(), ...client.attempts.keys()])
    held.delete(channel)
    return held.size >= maxChannelsPerClient || (guarded && client.asks.size >= pending)
  }

  #ask(client: ModelClient, attempt: Attempt): void {
    if (!attempt.channel.startsWith('pr')) {
      this.#admit(client, attempt, { person: {}, expiresAt: undefined })
      return
    }
    this.grants.ask(client, attempt, (grant) => {
      if (grant) this.#admit(client, attempt, grant)
      else this.callOff(client, attempt, 'unauthorized')
    })
  }

  #admit(client: ModelClient, attempt: Attempt, grant: ModelGrant): void {
    if (!isOpen(client, attempt)) return
    const commit = (): void => {
      if (attempt.stale) {
        attempt.stale = false
        this.#ask(client, attempt)
        return
      }
      this.#model.clock.operation(() => {
        if (isOpen(client, attempt)) this.#commit(client, attempt, grant)
      })
    }
    if (this.#model.relay) attempt.giveUp = this.#model.relay.whenLive(attempt.channel, commit)
    else commit()
  }

  #commit(client: ModelClient, attempt: Attempt, grant: ModelGrant): void {
    const { person, expiresAt } = grant
    const name = attempt.channel
    const unprintable = person === 'bad' && name.startsWith('presence-')
    if (unprintable) this.#model.error('authorizer', client.id, name)
    if (unprintable || this.grants.isOver(grant)) {
      this.callOff(client, attempt, 'unauthorized')
      return
    }
    const channel = this.#channel(name)
    channel.add(client)
    const membership: Membership = {
      client,
      channel,
      member: undefined,
      credentials: attempt.credentials,
      question: undefined,
      expiresAt: undefined,
      cancelExpiry: () => {},
    }
    client.memberships.set(name, membership)
    client.attempts.delete(name)
    attempt.giveUp()
    this.grants.limit(membership, expiresAt)
    this.#model.emit('subscribe', `subscribe ${client.id} ${name}`)
    for (const { ended } of attempt.waiters) ended('fulfilled')
    const refs = attempt.waiters.map(({ ref }) => ref)
    if (channel.presence && person !== 'bad') this.#enter(membership, memberOf(client, person), refs)
    else this.#acknowledge(client, name, refs, false)
  }

  #channel(name: string): ModelChannel {
    const known = this.#model.channels.get(name)
    if (known) return known
    const channel = new ModelChannel(name)
    this.#model.channels.set(name, channel)
    this.#model.emit('occupied', `occupied ${name}`)
    return channel
  }

  #enter(membership: Membership, joining: ModelMember, refs: readonly unknown[]): void {
    const { client, channel } = membership
    const before = channel.roster
    const { member, isNew } = channel.join(joining)
    membership.member = member
    const members = client.dialect.selfInRoster ? channel.roster : before
    this.#acknowledge(client, channel.name, refs, false, { me: member.json, members })
    if (isNew) this.#announce(channel, 'join', member, client)
  }

  #announce(channel: ModelChannel, on: 'join' | 'leave', member: ModelMember, self?: ModelClient): void {
    for (const client of channel.clients) {
      if (client === self && !client.dialect.joinToSelf) continue
      client.give(frameOf(client.dialect.change(on, channel.name, member.json), 'presence', channel.name))
    }
    const { id, info } = member
    const shown = JSON.stringify(info === undefined ? { id } : { id, info })
    this.#model.emit('presence', `${on === 'join' ? 'joined' : 'left'} ${channel.name} ${shown}`)
  }

  /** The first who asked is told the roster; one whose transport is full gets it when it can take it. */
  #acknowledge(
    client: ModelClient,
    channel: string,
    refs: readonly unknown[],
    subscribed: boolean,
    roster?: { me: string; members: string },
  ): void {
    refs.forEach((ref, at) => {
      const told = { channel, ref, again: subscribed || at > 0 }
      client.tell(() => client.dialect.subscribed(at === 0 && !client.full ? { ...told, ...roster } : told))
    })
    if (roster && client.full && !hasRoster(client.box, channel))
      client.box = [...client.box, { kind: 'roster', channel }]
  }
}

/** Nothing that was awaited counts once the client has another attempt, or none. */
function isOpen(client: ModelClient, attempt: Attempt): boolean {
  return client.attempts.get(attempt.channel) === attempt
}

function memberOf(
  client: ModelClient,
  { id, info, text }: Exclude<ModelGrant['person'], 'bad'>,
): ModelMember {
  const known = id === undefined || id === '' ? client.id : id
  return { id: known, info, json: memberJson({ id: known, info: text }), connections: 0 }
}
