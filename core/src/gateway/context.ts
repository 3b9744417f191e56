import type { Handshake } from '../contract/conn.ts'
import type { User } from './identity.ts'
import type { GatewayClient } from './gateway-client.ts'
import type { GatewayMessage } from './gateway-message.ts'
import type { Phase } from './pipeline.ts'

/** What middleware sees of a step. */
export interface Context<U extends User = User> {
  /**
   * `connect`: somebody wants to connect, and is authenticated if that happens in the handshake; there is no client yet.
   * `subscribe`: a client asks for a channel. `message`: a call, or a message without a name. `publish`: an event for the
   * others on a channel. `disconnect`: a client is gone; nothing can be refused any more.
   */
  readonly phase: Phase
  readonly handshake: Handshake
  readonly user: U | undefined
  /** Every phase but `connect` has one. */
  readonly client?: GatewayClient<U> | undefined
  /** `subscribe`, `publish`. */
  readonly channel?: string | undefined
  /** `message`, `publish`: validated if there is a contract. */
  readonly message?: GatewayMessage | undefined
  /** What the client brought for a subscribe. */
  readonly credentials?: unknown
  /** For middleware to leave things for those further in. Lives as long as the step. */
  readonly state: Map<string, unknown>
}

/** What is particular about one step. */
export type StepDetails = Pick<Context, 'channel' | 'message' | 'credentials'>

/**
 * A step of a client. A class, because one is made for every message: it has always the same fields, in the same order,
 * and a map for {@link Context.state} only if somebody looks.
 */
export class ClientContext implements Context {
  readonly phase: Phase
  readonly handshake: Handshake
  readonly user: User | undefined
  readonly client: GatewayClient
  readonly channel: string | undefined
  readonly message: GatewayMessage | undefined
  readonly credentials: unknown
  #state: Map<string, unknown> | undefined

  constructor(phase: Phase, client: GatewayClient, { channel, message, credentials }: StepDetails) {
    this.phase = phase
    this.handshake = client.handshake
    this.user = client.user
    this.client = client
    this.channel = channel
    this.message = message
    this.credentials = credentials
  }

  get state(): Map<string, unknown> {
    return (this.#state ??= new Map())
  }
}
