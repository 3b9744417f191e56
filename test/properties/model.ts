import type { DropReason, Lane, Message, OverflowAction } from '@fanfare/core'
import type { PolicyChoice, Setup } from './actions.ts'
import { DIALECTS, type Wire } from './dialects.ts'
import { FlakyConn } from './flaky-conn.ts'
import { load, type ModelFrame } from './model-box.ts'
import { ModelChannel } from './model-channel.ts'
import { type ClientHost, ModelClient } from './model-client.ts'
import { ModelClock } from './model-clock.ts'
import { ModelDepartures } from './model-departures.ts'
import { ModelMemberships } from './model-memberships.ts'
import { ModelMessages } from './model-messages.ts'
import { ModelRelay } from './model-relay.ts'
import { clientId, type Data, perform, type Side } from './side.ts'
import { Stage } from './stage.ts'

const WORDS: readonly string[] = ['drop-newest', 'drop-oldest', 'conflate', 'disconnect']

/**
 * What a hub does, said in the simplest way: lists are walked, nothing is remembered that can be counted, and nothing is
 * fast. It shares no code with the hub.
 */
export class Model implements Side, ClientHost {
  readonly stage = new Stage((action) => perform(this, action))
  readonly clock = new ModelClock()
  readonly conns: FlakyConn[] = []
  /** All there ever were, and those that are here. */
  readonly clients: ModelClient[] = []
  readonly present = new Map<string, ModelClient>()
  readonly channels = new Map<string, ModelChannel>()
  readonly setup: Setup
  readonly memberships: ModelMemberships
  readonly messages = new ModelMessages(this)
  readonly departures: ModelDepartures
  readonly drops = { overflow: 0, conflated: 0, roster: 0, encode: 0, closed: 0 }
  owing: ModelClient[] = []
  written = 0
  unread = 0
  badMessages = 0
  witnessed = 0
  closed = false
  relay: ModelRelay | undefined
  /** Whom the application can detach; it may have been let go of already. */
  #attached: ModelRelay | undefined
  readonly #policyCalls = new Map<PolicyChoice, number>()

  constructor(setup: Setup) {
    this.setup = setup
    this.memberships = new ModelMemberships(this)
    this.departures = new ModelDepartures(this)
  }

  // What is asked of it.

  add(dialect: number, highWater: number): void {
    this.#open()
    const id = clientId(this.clients.length)
    const conn = new FlakyConn(highWater, this.stage)
    const client = new ModelClient(id, DIALECTS[dialect % DIALECTS.length]!, conn, this)
    this.conns.push(conn)
    this.clients.push(client)
    this.present.set(id, client)
    this.emit('connect', `connect ${id}`)
    conn.attach({
      receive: (data) => this.clock.reported(() => this.#receive(client, String(data))),
      writable: () => this.clock.reported(() => this.clock.operation(() => client.writable())),
      closed: (code = 1006, reason = '') =>
        this.clock.reported(() => this.departures.gone(client, code, reason)),
      leave: () => this.clock.reported(() => this.departures.close(client, 'shutdown', undefined)),
    })
  }

  subscribe(at: number, channel: string, options: { credentials?: unknown; ref?: number }): void {
    const client = this.clients[at]!
    const ended = this.stage.promise(`subscribe ${client.id} ${channel}`)
    if (this.closed) ended('hub-closed')
    else this.clock.asked(() => this.memberships.subscribe(client, channel, { ...options, ended }))
  }

  unsubscribe(at: number, channel: string, ref: number | undefined): void {
    this.#open()
    this.clock.asked(() => this.memberships.unsubscribe(this.clients[at]!, channel, ref))
  }

  renew(at: number, channel: string, options: { credentials?: unknown; ref?: number }): void {
    const client = this.clients[at]!
    const ended = this.stage.promise(`renew ${client.id} ${channel}`)
    if (this.closed) ended('hub-closed')
    else this.memberships.grants.renew(client, channel, { ...options, ended })
  }

  review(channel: string): void {
    const ended = this.stage.promise(`review ${channel}`)
    if (this.closed) ended('hub-closed')
    else this.memberships.grants.review(channel, ended)
  }

  broadcast(
    channels: string | string[],
    data: Data,
    { except, key }: { except?: string | string[]; key?: string },
  ): void {
    this.#open()
    for (const channel of [channels].flat()) {
      this.messages.publish({ channel, data, except: [except ?? []].flat(), key }, (outcome) => {
        if (outcome !== 'fulfilled') this.error('relay', undefined, channel)
      })
    }
  }

  publish(message: Message): void {
    const ended = this.stage.promise(`publish ${message.channel}`)
    if (this.closed) ended('hub-closed')
    else this.messages.publish(message, ended)
  }

  deliver(message: Message): void {
    this.messages.deliver(message)
  }

  malformed(): void {
    if (!this.closed) this.badMessages++
  }

  send(at: number, data: Data, options: { event?: string; key?: string }): void {
    this.stage.log.push(`sent: ${String(this.messages.send(this.clients[at]!, data, options))}`)
  }

  sendTo(id: string, data: Data): void {
    this.#open()
    const client = this.present.get(id)
    this.stage.log.push(`sent to ${id}: ${String(client ? this.messages.send(client, data, {}) : false)}`)
  }

  sendToMany(clients: number[], data: Data, { key }: { key?: string }): void {
    this.#open()
    const reached = this.messages.sendToMany(
      clients.map((at) => this.clients[at]!),
      data,
      key,
    )
    this.stage.log.push(`sent to ${String(reached)}`)
  }

  tell(at: number, lane: Lane, data: string): void {
    const client = this.clients[at]!
    if (client.connected) this.clock.operation(() => client.tell(() => client.dialect.reply(data), lane))
  }

  gap(channel: string): void {
    this.messages.gap(channel)
  }

  close(at: number, code?: number | 'terminated' | 'slow', reason?: string): void {
    if (typeof code === 'number' && code !== 1000 && !(code >= 3000 && code <= 4999))
      throw coded('bad-option')
    this.departures.close(this.clients[at]!, code ?? 'closed', reason)
  }

  leave(at: number): void {
    this.clock.reported(() => this.departures.close(this.clients[at]!, 'shutdown', undefined))
  }

  serve(at: number): void {
    const client = this.clients[at]!
    const ended = this.stage.promise(`serve ${client.id}`)
    const kept = client.kept
    client.kept = []
    client.handled = true
    for (const data of kept) this.#receive(client, data)
    if (client.connected) client.servers.push(ended)
    else ended('fulfilled')
  }

  attach(): void {
    this.#open()
    if (this.relay) throw coded('relay-attached')
    const relay = new ModelRelay(this.clock, this.stage, (channel) => this.gap(channel))
    this.relay = relay
    this.#attached = relay
    for (const client of this.present.values()) {
      for (const channel of client.attempts.keys()) relay.hold(channel)
      for (const channel of client.memberships.keys()) {
        relay.hold(channel)
        relay.early(channel)
      }
    }
  }

  detach(): void {
    const relay = this.#attached
    this.#attached = undefined
    if (!relay) return
    const ended = this.stage.promise('detach')
    this.detachRelay(relay, () => ended('fulfilled'))
  }

  detachRelay(relay: ModelRelay, done: () => void): void {
    if (this.relay === relay) this.relay = undefined
    relay.detach(done)
  }

  closeHub(): void {
    this.departures.closeHub(this.stage.promise('close'))
  }

  #open(): void {
    if (this.closed) throw coded('hub-closed')
  }

  // What happens by itself.

  turn(): void {
    this.clock.turnWanted = false
    this.clock.operation(() => {
      const { owing } = this
      this.owing = []
      for (const client of owing) client.flush()
    })
  }

  #receive(client: ModelClient, data: string): void {
    if (!client.connected) return
    if (client.handled) {
      this.stage.log.push(`handler ${client.id} ${String(data.length)}`)
      if (this.stage.spring('handler')) this.error('handler', client.id)
    } else if (client.kept.length >= 64 || client.kept.join('').length + data.length > 65_536) this.unread++
    else client.kept.push(data)
  }

  // What its parts need.

  emit(name: Parameters<Stage['spring']>[0], line: string): void {
    if (!this.setup.listening) return
    this.clock.afterwards(() => {
      this.stage.log.push(line)
      if (this.stage.spring(name)) this.error('listener')
      this.witnessed++
    })
  }

  error(where: string, client?: string, channel?: string): void {
    this.stage.errors.push([where, client, channel].join(' '))
  }

  /** An error of a client that is gone is nobody's. */
  failed(client: ModelClient, where: string): void {
    this.error(where, this.present.has(client.id) ? client.id : undefined)
  }

  dropped(client: ModelClient, channel: string | undefined, reason: DropReason): void {
    this.drops[reason]++
    if (this.present.has(client.id)) this.emit('drop', ['drop', client.id, channel, reason].join(' '))
  }

  evict(client: ModelClient, why: 'slow' | 'gap' | 'internal'): void {
    if (this.present.has(client.id))
      this.clock.afterwards(() => this.departures.close(client, why, undefined))
  }

  decide(client: ModelClient, frame: ModelFrame, choice: PolicyChoice): OverflowAction {
    if (typeof choice === 'string') return choice
    const calls = this.#policyCalls.get(choice) ?? 0
    this.#policyCalls.set(choice, calls + 1)
    const word = choice[calls % choice.length]!
    const { frames, bytes } = load(client.box, false)
    const waiting = bytes + client.conn.bufferedBytes
    const drops = Object.values(client.drops).reduce((sum, count) => sum + count, 0)
    this.stage.log.push(['policy', client.id, frame.channel, frame.bytes, frames, waiting, drops].join(' '))
    if (!this.stage.spring('policy') && WORDS.includes(word)) return word as OverflowAction
    this.failed(client, 'policy')
    return 'drop-newest'
  }

  freshRoster(client: ModelClient, channel: string): Wire | undefined {
    const membership = client.memberships.get(channel)
    return membership && client.dialect.roster(channel, membership.channel.roster)
  }
}

function coded(code: string): Error {
  return Object.assign(new Error(code), { code })
}
