import type {
  Contract,
  DirectInput,
  DirectNames,
  QuestionInput,
  QuestionNames,
  AnswerOutput,
} from '../contract/contract.ts'
import type { Handshake } from '../contract/conn.ts'
import { Payload } from '../ground/payload.ts'
import type { Why } from '../ground/why.ts'
import type { Client } from '../hub/client.ts'
import type { User } from './identity.ts'

/** What a gateway's client needs of its gateway. */
export interface GatewayClientHost {
  groupsOf(client: Client): string[]
  remoteAddress(handshake: Handshake): string | undefined
  ask(client: Client, question: string, data: unknown, timeoutMs: number): Promise<unknown>
}

/** Messages and their bytes. */
export interface Traffic {
  readonly messages: number
  readonly bytes: number
}

/** One client as handlers see it. */
export class GatewayClient<U extends User = User, C extends Contract = Contract> {
  /** The hub's view of the same client. */
  readonly client: Client
  #handshake: Handshake
  #remoteAddress: string | undefined
  /** Made when it is first looked at: most clients have none. */
  #metadata: Map<string, unknown> | undefined
  readonly #host: GatewayClientHost
  #user: U | undefined
  #received = 0
  #receivedBytes = 0

  constructor(host: GatewayClientHost, client: Client, handshake: Handshake, user: U | undefined) {
    this.#host = host
    this.client = client
    this.#handshake = handshake
    this.#user = user
  }

  /**
   * What is kept of its handshake. Until it has said who it is, where it has to do that in a message, all of it; then what the
   * option `keptHandshake` says: without cookies and tokens, unless they are asked for.
   */
  get handshake(): Handshake {
    return this.#handshake
  }

  /** Whatever the application wants to remember about it. */
  get metadata(): Map<string, unknown> {
    return (this.#metadata ??= new Map())
  }

  get id(): string {
    return this.client.id
  }

  /** Who it is; `undefined` until it is authenticated, and where nobody asks. */
  get user(): U | undefined {
    return this.#user
  }

  get connected(): boolean {
    return this.client.connected
  }

  /** The same as {@link connected}. */
  isConnected(): boolean {
    return this.client.connected
  }

  /** The channels it is subscribed to, in a new list. */
  get channels(): string[] {
    return this.client.channels
  }

  /** The groups it is in, in a new list. */
  get groups(): string[] {
    return this.#host.groupsOf(this.client)
  }

  /** Frames it did not get. */
  get drops(): number {
    return this.client.drops
  }

  /** Where it connects from; proxies are believed as far as the option `trustedProxies` says. */
  get remoteAddress(): string | undefined {
    return this.#remoteAddress ?? this.#host.remoteAddress(this.#handshake)
  }

  get userAgent(): string | undefined {
    return this.handshake.header('user-agent')
  }

  /** What came from it. */
  get received(): Traffic {
    return { messages: this.#received, bytes: this.#receivedBytes }
  }

  /** What was handed to its transport. */
  get sent(): Traffic {
    const { frames, bytes } = this.client.sent
    return { messages: frames, bytes }
  }

  /** Sends it a message with a name; `data` is printed as JSON. Returns `false` when the client is gone. */
  send<Event extends DirectNames<C>>(event: Event, data: DirectInput<C, Event>): boolean {
    return this.client.send(Payload.of(data).text, { event })
  }

  /**
   * Asks it something. Resolves with its answer; rejects with a FanfareError when it answers with an error
   * (`answer-error`), not in time (`timeout`), or goes (`cancelled`).
   */
  ask<Question extends QuestionNames<C>>(
    question: Question,
    data: QuestionInput<C, Question>,
    { timeoutMs = 10_000 }: { readonly timeoutMs?: number } = {},
  ): Promise<AnswerOutput<C, Question>> {
    const answer = this.#host.ask(this.client, question, data, timeoutMs)
    return answer as Promise<AnswerOutput<C, Question>>
  }

  /** Asks for a sign of life in its own protocol, where it has a word for that. */
  ping(): void {
    this.client.tell({ on: 'ping' })
  }

  /** Ends the connection; see `Client.close`. */
  close(code?: number | Why, reason?: string): void {
    this.client.close(code, reason)
  }

  /** From now on this is all that is kept of its handshake, and with proxies in front this is where it connects from. */
  keepHandshake(handshake: Handshake, remoteAddress: string | undefined): void {
    this.#handshake = handshake
    this.#remoteAddress = remoteAddress
  }

  /** The gateway knows now who it is. */
  identify(user: U): void {
    this.#user = user
    this.client.identify(user)
  }

  /** The gateway received a message of it. */
  count(bytes: number): void {
    this.#received++
    this.#receivedBytes += bytes
  }
}
