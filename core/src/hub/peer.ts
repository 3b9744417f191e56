import type { Lane, Session } from '../contract/conn.ts'
import type { Unicast } from '../contract/protocol.ts'
import { OptionError } from '../ground/errors.ts'
import { all, type Few, named } from '../ground/few.ts'
import { shortened } from '../ground/own-text.ts'
import { Payload } from '../ground/payload.ts'
import type { Why } from '../ground/why.ts'
import { taken } from '../ground/bytes.ts'
import type { Attempt } from './attempt.ts'
import type { Subscriber, Subscription } from './channel.ts'
import type { Listener, Receiver, SendOptions } from './client.ts'
import type { DropCounts } from './counters.ts'
import { assertPayload } from './fan-out.ts'
import { handOver, Inbound, type InboundHost } from './inbound.ts'
import type { Question } from './join-gate.ts'
import { makeFrame } from './make-frame.ts'
import type { Outlet } from './outlet.ts'
import type { Policies } from './policies.ts'
import type { Sequencer } from './sequencer.ts'

/** As much as a close frame of WebSocket has room for; other transports could carry more. */
const MOST_REASON_CHARACTERS = 123

/** What a client needs of its hub. */
export interface PeerHost extends InboundHost {
  readonly sequencer: Sequencer
  readonly policies: Policies
  /** Ends the connection. */
  closePeer(peer: Peer, how: Why | number, reason: string | undefined): void
  /** The transport reports that it is over. */
  peerGone(peer: Peer, code: number, reason: string): void
}

/**
 * One client from the inside: its way out, its subscriptions, what it waits for. What its adapter reports is brought into
 * order: never in the middle of an operation of the hub.
 */
export class Peer implements Subscriber, Session {
  readonly outlet: Outlet
  subscriptions: Few<Subscription>
  attempts: Few<Attempt>
  #questions: Set<Question> | undefined
  heldBytes = 0
  /** What of that is remembered outside the hub. */
  #elsewhereBytes = 0
  /** The transport has reported its end: nobody need wait for it. */
  transportGone = false
  readonly #hub: PeerHost
  #auth: unknown
  #connected = true
  #listener: Listener | undefined
  #inbound: Inbound | undefined

  constructor(hub: PeerHost, outlet: Outlet, auth: unknown) {
    this.#hub = hub
    this.outlet = outlet
    this.#auth = auth
  }

  /** It is its own: an idle client shall hold as little as it can. */
  get session(): Session {
    return this
  }

  get id(): string {
    return this.outlet.id
  }

  /** What the authorizer was asked about it and has not answered, whether or not the attempt was called off since. */
  get questions(): Set<Question> {
    return (this.#questions ??= new Set())
  }

  /** Nobody is there any more to hear the answers. */
  withdrawQuestions(): void {
    if (!this.#questions) return
    // The last one first, so that no turn is given to one that is withdrawn next.
    for (const question of [...this.#questions].reverse()) question.withdraw()
  }

  get auth(): unknown {
    return this.#auth
  }

  get sent(): { frames: number; bytes: number } {
    return { frames: this.outlet.sentFrames, bytes: this.outlet.sentBytes }
  }

  identify(auth: unknown): void {
    this.#auth = auth
  }

  remember(bytes: number): void {
    if (!this.#connected) return
    this.#hub.budgets.state.hold(this, this.heldBytes + bytes - this.#elsewhereBytes)
    this.#elsewhereBytes = bytes
  }

  get protocol(): string {
    return this.outlet.protocol.name
  }

  get channels(): string[] {
    return all(this.subscriptions).map(({ name }) => name)
  }

  subscribedTo(channel: string): boolean {
    return named(this.subscriptions, channel) !== undefined
  }

  get connected(): boolean {
    return this.#connected
  }

  get drops(): number {
    return this.outlet.drops
  }

  get dropCounts(): DropCounts {
    return this.outlet.dropCounts
  }

  get queued(): { frames: number; bytes: number } {
    return this.outlet.queued
  }

  send(payload: string | Uint8Array, options: SendOptions = {}): boolean {
    assertPayload(payload)
    const connected = this.#connected
    this.#hub.sequencer.run(() => {
      const event = {
        on: 'message',
        event: options.event,
        data: new Payload(taken(payload)),
        from: options.from,
      } as const
      const data = this.outlet.broadcast(event)
      if (data === undefined) {
        this.#hub.counters.accepted++
        this.outlet.drop('encode', undefined)
      } else {
        this.outlet.give(
          makeFrame(this.#hub.platform, data, 'data', options.key),
          undefined,
          this.#hub.policies.hub,
        )
      }
    })
    return connected
  }

  tell(event: Unicast, lane?: Lane): void {
    if (this.#connected) this.#hub.sequencer.run(() => this.outlet.tell(event, lane))
  }

  listen(listener: Listener): void {
    this.#listener = listener
    for (const data of this.#inbound?.take() ?? []) {
      if (this.#connected) handOver(this.#hub, this, listener, data)
    }
  }

  async serve(receiver: Receiver): Promise<void> {
    this.listen({ receive: (data) => receiver(this, data) })
    if (this.#connected) await this.#waiting().gone()
  }

  /** Nothing comes any more: whoever serves the client may return. */
  stopListening(): void {
    this.#listener = undefined
    this.#inbound?.end()
    this.#inbound = undefined
  }

  receive(data: string | Uint8Array): void {
    this.#hub.sequencer.settle(() => this.#hear(data))
  }

  writable(): void {
    const { sequencer } = this.#hub
    sequencer.settle(() => sequencer.run(() => this.outlet.writable()))
  }

  closed(code = 1006, reason = ''): void {
    const short = shortened(reason, MOST_REASON_CHARACTERS)
    this.#hub.sequencer.settle(() => this.#hub.peerGone(this, code, short))
  }

  leave(why: Why = 'shutdown'): void {
    this.#hub.sequencer.settle(() => this.close(why))
  }

  #hear(data: string | Uint8Array): void {
    if (!this.#connected) return
    if (this.#listener) handOver(this.#hub, this, this.#listener, data)
    else this.#waiting().keep(data)
  }

  #waiting(): Inbound {
    return (this.#inbound ??= new Inbound(this.#hub, () =>
      this.#hub.sequencer.later(() => this.close('rate')),
    ))
  }

  close(code: number | Why = 'closed', reason?: string): void {
    if (typeof code === 'number' && !isCloseCode(code)) {
      throw new OptionError('code', 'a word, 1000, or a number from 3000 to 4999', code)
    }
    this.#hub.closePeer(this, code, reason)
  }

  /** More is remembered of it than of others, and too much of all. */
  evict(): void {
    this.#hub.sequencer.later(() => this.close('limit', 'too much is remembered of this client'))
  }

  /** From now on the client is gone for everybody. Returns whether it was here until now. */
  disconnect(): boolean {
    const was = this.#connected
    this.remember(0)
    this.#connected = false
    return was
  }
}

function isCloseCode(code: number): boolean {
  return code === 1000 || (Number.isInteger(code) && code >= 3000 && code <= 4999)
}
