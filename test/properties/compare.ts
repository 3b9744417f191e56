import type { Client } from '@fanfare/core'
import { CHANNELS } from './actions.ts'
import { load } from './model-box.ts'
import type { ModelClient } from './model-client.ts'
import type { Model } from './model.ts'
import type { System } from './system.ts'

/**
 * Says in what the hub and its model differ. What only grows is compared from where the last comparison ended. This runs
 * after every step, so it makes as little as it can while nothing differs.
 */
export class Comparison {
  readonly #system: System
  readonly #model: Model
  readonly #seen = new Map<unknown, number>()

  constructor(system: System, model: Model) {
    this.#system = system
    this.#model = model
  }

  /** After every step: all that can be seen from outside, but for what promises are still to bring. */
  check(): string | undefined {
    const { stage, witnessed } = this.#system
    return (
      this.#clients() ??
      this.#channels() ??
      this.#stats() ??
      this.#grown('log', stage.log, this.#model.stage.log) ??
      same('listeners that were called all the same', witnessed, this.#model.witnessed)
    )
  }

  /** When promises went on. */
  checkPromises(): string | undefined {
    const { stage, test } = this.#system
    const expected = this.#model.stage
    const { errors } = this.#model.setup
    const unheard = errors === 'heard' ? 0 : expected.errors.length
    return (
      same('promises', stage.promises, expected.promises) ??
      (errors === 'unheard'
        ? undefined
        : same('errors', stage.errors.toSorted(), expected.errors.toSorted())) ??
      same('errors that the host was told', test.reported.length, unheard) ??
      this.#grown('calls of the authorizer', stage.asked, expected.asked) ??
      same('calls of the relay', byName(stage.relayed), byName(expected.relayed))
    )
  }

  #clients(): string | undefined {
    const { clients } = this.#system
    const count = same('clients', clients.length, this.#model.clients.length)
    if (count) return count
    for (const [at, expected] of this.#model.clients.entries()) {
      const differs = this.#client(at, expected)
      if (differs) return `${expected.id}, ${differs}`
    }
    return undefined
  }

  #client(at: number, expected: ModelClient): string | undefined {
    const client = this.#system.clients[at]!
    const conn = this.#system.conns[at]!
    const waiting = load(expected.box, false)
    return (
      this.#grown('frames', conn.received, expected.conn.received) ??
      same('connected', client.connected, expected.connected) ??
      same('channels', client.channels, [...expected.memberships.keys()]) ??
      this.#grantEnds(client, expected) ??
      sameCounts('drops', client.dropCounts, expected.drops) ??
      same('all drops', client.drops, sum(expected.drops)) ??
      same('waiting frames', client.queued.frames, waiting.frames) ??
      same('waiting bytes', client.queued.bytes, waiting.bytes) ??
      same('bytes in the transport', conn.bufferedBytes, expected.conn.bufferedBytes) ??
      same('close code', conn.closedWith?.code, expected.conn.closedWith?.code) ??
      same('close reason', conn.closedWith?.reason, expected.conn.closedWith?.reason) ??
      same('cut', conn.terminated, expected.conn.terminated)
    )
  }

  #grantEnds(client: Client, { memberships }: ModelClient): string | undefined {
    for (const [name, { expiresAt }] of memberships) {
      const differs = same('end of the grant', this.#system.hub.grantEnds(client, name), expiresAt)
      if (differs) return `${name}, ${differs}`
    }
    return undefined
  }

  #channels(): string | undefined {
    const { hub } = this.#system
    const { channels, present } = this.#model
    for (const name of CHANNELS) {
      const channel = channels.get(name)
      const clients = channel?.clients ?? []
      const members = channel?.presence
        ? Array.from(channel.members.values(), ({ id, info }) => (info === undefined ? { id } : { id, info }))
        : undefined
      const differs =
        same('clients', ids(hub.clients(name)), ids(clients)) ??
        same('members', hub.presence(name), members) ??
        same('size', hub.channelCount(name), clients.length)
      if (differs) return `${name}, ${differs}`
    }
    return (
      same('clients that are here', ids(hub.clients()), [...present.keys()].join()) ??
      same('channels in use', hub.channels().join(), [...channels.keys()].join())
    )
  }

  #stats(): string | undefined {
    const { clients, drops, present, channels, relay, memberships, written, unread, badMessages } =
      this.#model
    const stats = this.#system.hub.stats()
    const waiting = { frames: 0, bytes: 0 }
    let owed = 0
    let subscriptions = 0
    for (const client of clients) {
      const [control, rest] = [load(client.box, true), load(client.box, false)]
      waiting.frames += control.frames + rest.frames
      waiting.bytes += control.bytes + rest.bytes
      owed += client.owed.length
      subscriptions += client.memberships.size
    }
    // Every frame that was ever to be delivered is in exactly one of four places.
    const accepted = written + sum(drops) + owed + waiting.frames
    return (
      sameCounts('drops of all clients', stats.dropped, drops) ??
      sameCounts('stats', stats.frames, {
        accepted,
        written,
        queued: waiting.frames,
        queuedBytes: waiting.bytes,
      }) ??
      same('number of clients', stats.clients, present.size) ??
      same('number of channels', stats.channels, channels.size) ??
      same('number of subscriptions', stats.subscriptions, subscriptions) ??
      same('pending authorizations', stats.pendingAuthorizations, memberships.gate.pending) ??
      same('relayed channels', stats.relayedChannels, relay?.lines.size ?? 0) ??
      same('unread', stats.unread, unread) ??
      same('malformed', stats.malformed, badMessages) ??
      same('timers', this.#system.hub.wheel.size, this.#model.clock.timers.length)
    )
  }

  #grown(what: string, actual: readonly unknown[], expected: readonly unknown[]): string | undefined {
    const from = this.#seen.get(actual) ?? 0
    if (actual.length === from && expected.length === from) return undefined
    this.#seen.set(actual, actual.length)
    return same(`${what} from ${String(from)} on`, actual.slice(from), expected.slice(from))
  }
}

function same(what: string, actual: unknown, expected: unknown): string | undefined {
  if (actual === expected) return undefined
  const [left, right] = [JSON.stringify(actual), JSON.stringify(expected)]
  return left === right ? undefined : `${what}:\n  hub   ${shortened(left)}\n  model ${shortened(right)}`
}

type Counts = Readonly<Record<string, number>>

function sameCounts(what: string, actual: Counts, expected: Counts): string | undefined {
  for (const name in expected) {
    if (actual[name] !== expected[name]) return same(what, actual, expected)
  }
  return undefined
}

function sum(counts: Counts): number {
  let all = 0
  for (const name in counts) all += counts[name]!
  return all
}

function shortened(text: string | undefined): string {
  return text === undefined || text.length < 2_000 ? String(text) : `${text.slice(0, 2_000)}…`
}

function ids(clients: readonly { id: string }[]): string {
  let all = ''
  for (const { id } of clients) all += `${id} `
  return all.trimEnd().replaceAll(' ', ',')
}

function byName(calls: ReadonlyMap<string, readonly string[]>): unknown {
  return [...calls].toSorted(([one], [other]) => (one < other ? -1 : 1))
}
