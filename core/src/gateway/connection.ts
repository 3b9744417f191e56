import type { Command, Protocol, Unicast } from '../contract/protocol.ts'
import { ClientError } from '../ground/errors.ts'
import { Payload } from '../ground/payload.ts'
import type { Why } from '../ground/why.ts'
import type { Client } from '../hub/client.ts'
import type { ErrorEvent } from '../hub/events.ts'
import type { Hub } from '../hub/hub.ts'
import type { GatewayClient } from './gateway-client.ts'
import type { GatewayMessage } from './gateway-message.ts'
import { Inbox } from './inbox.ts'

/** Does something with a message of a client. What it returns, or resolves to, is the answer if the client wants one. */
export type Handler = (client: GatewayClient, message: GatewayMessage) => unknown

/** What is done with a command. A promise is waited for before the client's next command. */
export type RunCommand<Do extends Command['do']> = (
  connection: Connection,
  command: Extract<Command, { do: Do }>,
) => void | Promise<void>

/** One small function per command. */
export type CommandTable = { readonly [Do in Command['do']]: RunCommand<Do> }

/** What connections need of their gateway. */
export interface ConnectionHost {
  readonly hub: Hub
  readonly commands: CommandTable
  readonly maxMessageBytes: number
  /** The handler for a message, or the catch-all; `undefined` when there is neither. */
  handlerFor(event: string): Handler | undefined
  /** Something failed that is not the client's doing. */
  failed(event: ErrorEvent): void
}

const TOO_MUCH = 'too many messages while one is being handled'

/** One client that speaks: what it says is decoded, brought into order and run. */
export class Connection {
  readonly host: ConnectionHost
  readonly face: GatewayClient
  readonly client: Client
  readonly #protocol: Protocol
  readonly #scratch: unknown
  readonly #inbox = new Inbox((command) => this.#run(command))

  constructor(host: ConnectionHost, face: GatewayClient, protocol: Protocol, scratch: unknown) {
    this.host = host
    this.face = face
    this.client = face.client
    this.#protocol = protocol
    this.#scratch = scratch
  }

  /** A whole message came in. */
  receive(data: string | Uint8Array): void {
    const bytes = typeof data === 'string' ? this.host.hub.platform.utf8Size(data) : data.byteLength
    if (bytes > this.host.maxMessageBytes) {
      this.client.close('too-large')
      return
    }
    this.obey(this.#protocol.decode(data, this.#scratch), bytes)
  }

  /** Runs commands in order, after those that came before. `bytes`: of the message that they came in. */
  obey(commands: readonly Command[], bytes = 0): void {
    for (const [at, command] of commands.entries()) {
      if (!this.client.connected) return
      // The message is held until its last command is done.
      const held = at === commands.length - 1 ? bytes : 0
      if (!this.#inbox.push(command, held)) this.client.close('rate', TOO_MUCH)
    }
  }

  end(): void {
    this.#inbox.clear()
  }

  tell(event: Unicast): void {
    this.client.tell(event)
  }

  /** Has a message handled, and the client answered if it gave a ref. */
  handle(
    command: Command & { do: 'call' | 'publish' | 'raw' },
    message: GatewayMessage,
  ): void | Promise<void> {
    const handler = this.host.handlerFor(message.event)
    if (!handler) {
      if (command.do !== 'raw') this.refuse(command, 'unknown', 'nobody here handles that')
      return undefined
    }
    try {
      const result = handler(this.face, message)
      if (!isPromiseLike(result)) return this.#reply(command, result)
      return Promise.resolve(result).then(
        (value) => this.#reply(command, value),
        (error: unknown) => this.fail(command, error),
      )
    } catch (error) {
      return this.fail(command, error)
    }
  }

  /** Answers with what went wrong. Only a ClientError is said as it is; the rest is `internal`. */
  fail(command: Command, error: unknown, where: ErrorEvent['where'] = 'handler'): void {
    if (error instanceof ClientError) this.refuse(command, error.why, error.message)
    else {
      this.host.failed({ error, where, client: this.client, channel: channelOf(command) })
      this.refuse(command, 'internal', 'something went wrong here')
    }
  }

  refuse(command: Command, why: Why, detail?: string): void {
    const ref = 'ref' in command ? command.ref : undefined
    this.tell({ on: 'failed', ref, what: command.do, channel: channelOf(command), why, detail })
  }

  #reply(command: Command & { do: 'call' | 'publish' | 'raw' }, value: unknown): void {
    const ref = 'ref' in command ? command.ref : undefined
    if (ref === undefined) return
    try {
      this.tell({ on: 'reply', ref, data: value === undefined ? undefined : Payload.of(value) })
    } catch (error) {
      this.fail(command, error)
    }
  }

  #run(command: Command): void | Promise<void> {
    if (!this.client.connected) return undefined
    const run = this.host.commands[command.do] as (
      connection: Connection,
      command: Command,
    ) => void | Promise<void>
    try {
      return run(this, command)
    } catch (error) {
      return this.fail(command, error)
    }
  }
}

function channelOf(command: Command): string | undefined {
  return 'channel' in command ? command.channel : undefined
}

function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  )
}
