import {
  type AuthorizeRequest,
  type Client,
  type Grant,
  type Hub,
  type HubOptions,
  type Lane,
  type Message,
  type OutboxPressure,
  type OverflowAction,
  Payload,
  type Relay,
  type SlowConsumerPolicy,
} from '@fanfare/core'
import { type TestHub, testHub } from '@fanfare/core/testing'
import type { Answer, PolicyChoice, RelayMode, Setup } from './actions.ts'
import { DIALECTS, protocolFor } from './dialects.ts'
import { FlakyConn } from './flaky-conn.ts'
import { clientId, type Data, perform, type Side } from './side.ts'
import { once, PEOPLE, Stage } from './stage.ts'

const EVENTS = [
  ...(['connect', 'disconnect', 'subscribe', 'unsubscribe', 'presence'] as const),
  ...(['occupied', 'vacated', 'drop'] as const),
]

/** The hub itself, driven like its model. */
export class System implements Side {
  readonly stage = new Stage((action) => perform(this, action))
  readonly conns: FlakyConn[] = []
  readonly clients: Client[] = []
  readonly dialects: number[] = []
  readonly test: TestHub
  readonly hub: Hub
  /** Listeners that were called although another one may have thrown. */
  witnessed = 0
  #detach: (() => Promise<void>) | undefined

  constructor(setup: Setup) {
    this.test = testHub(this.#options(setup))
    this.hub = this.test.hub
    if (setup.listening) this.#listen()
    if (setup.errors !== 'unheard') {
      this.hub.on('error', ({ where, client, channel }) => {
        this.stage.errors.push([where, client?.id, channel].join(' '))
        if (setup.errors === 'listener throws') throw new Error('thrown by the listener for errors')
      })
    }
  }

  add(dialect: number, highWater: number): void {
    const conn = new FlakyConn(highWater, this.stage)
    const at = this.conns.length
    if (!this.hub.closed) this.conns.push(conn)
    this.dialects[at] = dialect % DIALECTS.length
    const spoken = DIALECTS[this.dialects[at]]!
    const client = this.hub.add(conn, { auth: at, protocol: protocolFor(spoken) })
    this.clients[at] = client
    conn.attach(client.session)
  }

  subscribe(client: number, channel: string, options: { credentials?: unknown; ref?: number }): void {
    this.#note(`subscribe ${clientId(client)} ${channel}`, () =>
      this.hub.subscribe(this.clients[client]!, channel, options),
    )
  }

  unsubscribe(client: number, channel: string, ref: number | undefined): void {
    this.hub.unsubscribe(this.clients[client]!, channel, { ref })
  }

  renew(client: number, channel: string, options: { credentials?: unknown; ref?: number }): void {
    this.#note(`renew ${clientId(client)} ${channel}`, () =>
      this.hub.renew(this.clients[client]!, channel, options),
    )
  }

  review(channel: string): void {
    this.#note(`review ${channel}`, () => this.hub.review((_client, name) => name === channel))
  }

  broadcast(
    channels: string | string[],
    data: Data,
    options: { except?: string | string[]; key?: string },
  ): void {
    this.hub.broadcast(channels, data, options)
  }

  publish(message: Message): void {
    this.#note(`publish ${message.channel}`, () => this.hub.publish(message))
  }

  deliver(message: Message): void {
    this.hub.deliver(message)
  }

  malformed(): void {
    this.hub.deliver({ channel: 'a b', data: '' })
  }

  send(client: number, data: Data, options: { event?: string; key?: string }): void {
    this.stage.log.push(`sent: ${String(this.clients[client]!.send(data, options))}`)
  }

  sendTo(id: string, data: Data): void {
    this.stage.log.push(`sent to ${id}: ${String(this.hub.sendTo(id, data))}`)
  }

  sendToMany(clients: number[], data: Data, options: { key?: string }): void {
    const reached = this.hub.sendToMany(
      clients.map((at) => this.clients[at]!),
      data,
      options,
    )
    this.stage.log.push(`sent to ${String(reached)}`)
  }

  tell(client: number, lane: Lane, data: string): void {
    this.clients[client]!.tell({ on: 'reply', data: new Payload(data) }, lane)
  }

  gap(channel: string): void {
    this.hub.gap(channel)
  }

  close(client: number, code: number | 'terminated' | 'slow' | undefined, reason: string | undefined): void {
    this.clients[client]!.close(code, reason)
  }

  leave(client: number): void {
    this.clients[client]!.session.leave()
  }

  serve(client: number): void {
    this.#note(`serve ${clientId(client)}`, () =>
      this.clients[client]!.serve(({ id }, data) => {
        this.stage.log.push(`handler ${id} ${String(data.length)}`)
        return this.#fail(this.stage.spring('handler'))
      }),
    )
  }

  attach(): void {
    const relay: Relay = {
      open: (channel) => this.#relayCall('open', channel, this.stage.relay.open),
      close: (channel) => this.#relayCall('close', channel, this.stage.relay.open),
      publish: (message) => this.#relayPublish(message),
    }
    this.#detach = this.hub.attach(relay)
  }

  detach(): void {
    const detach = this.#detach
    this.#detach = undefined
    if (detach) this.#note('detach', detach)
  }

  closeHub(): void {
    this.#note('close', () => this.hub.close())
  }

  #note(label: string, call: () => Promise<void>): void {
    const ended = this.stage.promise(label)
    call().then(
      () => ended('fulfilled'),
      (error: { code?: string }) => ended(error.code ?? 'no code'),
    )
  }

  #fail(how: 'throw' | 'reject' | undefined): void | Promise<void> {
    if (how === 'throw') throw new Error('thrown by a callback')
    if (how === 'reject') return Promise.reject(new Error('rejected by a callback'))
  }

  #options({ frames, bytes, policy, guardedPolicy, ...setup }: Setup): HubOptions {
    return {
      authorizer: setup.authorization === 'none' ? undefined : (request) => this.#authorize(request),
      authorization: setup.authorization === 'none' ? undefined : setup.authorization,
      outbox: { frames, bytes },
      slowConsumer: { default: this.#policy(policy), channels: { 'pr*': this.#policy(guardedPolicy) } },
      writeTimeoutMs: setup.writeTimeoutMs,
      maxChannelsPerClient: setup.maxChannelsPerClient,
    }
  }

  #policy(choice: PolicyChoice): SlowConsumerPolicy {
    if (typeof choice === 'string') return choice
    let calls = 0
    return ({ client, channel, incoming, frames, bytes, dropped }: OutboxPressure) => {
      const word = choice[calls++ % choice.length]!
      this.stage.log.push(['policy', client, channel, incoming.bytes, frames, bytes, dropped].join(' '))
      if (this.stage.spring('policy')) throw new Error('thrown by a policy')
      return word as OverflowAction
    }
  }

  #listen(): void {
    const heard = (line: string, name: Parameters<Stage['spring']>[0]): void | Promise<void> => {
      this.stage.log.push(line)
      return this.#fail(this.stage.spring(name))
    }
    this.hub
      .on('connect', (client) => {
        this.clients[Number(client.id.slice(2)) - 1] = client
        return heard(`connect ${client.id}`, 'connect')
      })
      .on('disconnect', ({ client, why, code, reason, channels }) =>
        heard(['disconnect', client.id, why, code, reason, `[${channels.join()}]`].join(' '), 'disconnect'),
      )
      .on('subscribe', ({ client, channel }) => heard(`subscribe ${client.id} ${channel}`, 'subscribe'))
      .on('unsubscribe', ({ client, channel, why }) =>
        heard(['unsubscribe', client.id, channel, why].join(' '), 'unsubscribe'),
      )
      .on('presence', ({ channel, joined, member }) =>
        heard(`${joined ? 'joined' : 'left'} ${channel} ${JSON.stringify(member)}`, 'presence'),
      )
      .on('occupied', ({ channel }) => heard(`occupied ${channel}`, 'occupied'))
      .on('vacated', ({ channel }) => heard(`vacated ${channel}`, 'vacated'))
      .on('drop', ({ client, channel, reason }) =>
        heard(['drop', client.id, channel, reason].join(' '), 'drop'),
      )
    for (const name of EVENTS) {
      this.hub.on(name, () => void this.witnessed++)
    }
  }

  #authorize({ client, channel, credentials }: AuthorizeRequest): Promise<Grant | boolean> | Grant | boolean {
    this.stage.asked.push([client.id, channel, credentials].join(' '))
    const failure = this.stage.spring('authorizer')
    const how = failure ? { say: failure } : this.stage.answer
    if (how !== 'later') return this.#answer(how)
    return new Promise((resolve, reject) => {
      this.stage.openAnswers.push((later) => {
        if (later.say === 'reject' || later.say === 'throw') reject(new Error('rejected by the authorizer'))
        else resolve(this.#answer(later))
      })
    })
  }

  #answer(how: Answer): Promise<Grant | boolean> | Grant | boolean {
    switch (how.say) {
      case 'allow': {
        const { id, info } = PEOPLE[how.who % PEOPLE.length]!
        const expiresAt = how.expiresInMs === undefined ? undefined : this.test.clock.now() + how.expiresInMs
        return { allowed: true, member: { id, info }, expiresAt }
      }
      case 'bad-info':
        return { allowed: true, member: { id: 'eve', info: 1n } }
      case 'yes':
      case 'no':
        return how.say === 'yes'
      case 'deny':
        return { allowed: false, member: { id: 'eve' } }
      case 'rubbish':
        return 'certainly' as never
      case 'reject':
        return Promise.reject(new Error('rejected by the authorizer'))
      case 'throw':
        throw new Error('thrown by the authorizer')
    }
  }

  #relayCall(kind: string, channel: string, mode: RelayMode): Promise<void> {
    this.stage.noteRelayCall(kind, channel)
    if (mode === 'throw') throw new Error(`the relay does not ${kind}`)
    if (mode === 'now') return Promise.resolve()
    return new Promise((resolve, reject) => {
      this.stage.openRelayCalls.push((ok) => (ok ? resolve() : reject(new Error(`the relay cannot ${kind}`))))
    })
  }

  async #relayPublish(message: Message): Promise<void> {
    const mode = this.stage.relay.publish
    this.stage.noteRelayCall('publish', message.channel)
    if (mode === 'now') this.hub.deliver(message)
    if (mode === 'throw') throw new Error('the relay does not publish')
    if (mode === 'later') {
      await new Promise<void>((resolve, reject) => {
        const answer = once((ok) => {
          if (ok) this.hub.deliver(message)
          if (ok) resolve()
          else reject(new Error('the relay cannot publish'))
        })
        this.stage.openRelayCalls.push(answer)
      })
    }
  }
}
