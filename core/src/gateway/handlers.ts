import type { Contract, MessageNames, MessageOutput, ReplyInput } from '../contract/contract.ts'
import type { GatewayClient } from './gateway-client.ts'
import type { GatewayMessage } from './gateway-message.ts'
import type { User } from './identity.ts'

/** Does something with a message of a client. What it returns, or resolves to, is the answer if the client wants one. */
export type Handler<C extends Contract = Contract, U extends User = User, Name extends string = string> = (
  client: GatewayClient<U, C>,
  message: GatewayMessage<MessageOutput<C, Name>>,
) => ReplyInput<C, Name> | Promise<ReplyInput<C, Name>>

/** Any handler, its types forgotten. */
export type AnyHandler = (client: GatewayClient, message: GatewayMessage) => unknown

/** What happens to messages that nobody handles: nothing, an error for the client (`unknown`), or a function. */
export type OnUnknown = 'ignore' | 'error' | AnyHandler

/** Who handles what. */
export class Handlers {
  readonly #byName = new Map<string, AnyHandler>()
  readonly #onUnknown: OnUnknown
  #catchAll: AnyHandler | undefined
  /** Messages that nobody handled. */
  unknown = 0

  constructor(onUnknown: OnUnknown) {
    this.#onUnknown = onUnknown
  }

  set<C extends Contract, U extends User, Name extends MessageNames<C>>(
    name: Name,
    handler: Handler<C, U, Name>,
  ): void {
    this.#byName.set(name, handler as unknown as AnyHandler)
  }

  setCatchAll(handler: AnyHandler): void {
    this.#catchAll = handler
  }

  /** Whether a message with this name has a handler of its own, or there is a catch-all. */
  has(name: string): boolean {
    return this.#byName.has(name) || this.#catchAll !== undefined
  }

  /** The handler for a message; else what is to be done with an unknown one. Counts those. */
  for(name: string): AnyHandler | 'ignore' | 'error' {
    const handler = this.#byName.get(name) ?? this.#catchAll
    if (handler) return handler
    this.unknown++
    return this.#onUnknown
  }
}
