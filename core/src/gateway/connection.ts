import type { Command, Protocol, Unicast } from '../contract/protocol.ts'
import type { Holder } from '../ground/budget.ts'
import { ClientError } from '../ground/errors.ts'
import type { Cancel } from '../ground/platform.ts'
import type { Why } from '../ground/why.ts'
import type { Client } from '../hub/client.ts'
import type { ErrorEvent } from '../hub/events.ts'
import type { Hub } from '../hub/hub.ts'
import { taken } from '../ground/bytes.ts'
import type { Authentication } from './authentication.ts'
import { ClientContext, type Context, type StepDetails } from './context.ts'
import type { GatewayClient } from './gateway-client.ts'
import type { GatewayCounters } from './gateway-counters.ts'
import type { Handlers } from './handlers.ts'
import type { User } from './identity.ts'
import { Inbox, type Runner } from './inbox.ts'
import type { Join, Joining } from './joins.ts'
import type { GatewayLimits } from './options.ts'
import type { Pipeline } from './pipeline.ts'
import { Questions } from './questions.ts'
import { ClientLimits, hasLimits, type RateLimits } from './rate-limits.ts'
import type { Validation } from './validation.ts'

/** What is done with a command. A promise is waited for before the client's next command. */
export type RunCommand<Do extends Command['do']> = (
  connection: Connection,
  command: Extract<Command, { do: Do }>,
  /** Size of the message that brought it. */
  bytes: number,
) => void | Promise<void>

/** One small function per command. */
export type CommandTable = { readonly [Do in Command['do']]: RunCommand<Do> }

/** What connections need of their gateway. */
export interface ConnectionHost {
  readonly hub: Hub
  readonly commands: CommandTable
  readonly limits: GatewayLimits
  readonly rateLimits: RateLimits
  readonly handlers: Handlers
  readonly pipeline: Pipeline<Context>
  readonly validation: Validation
  readonly authentication: Authentication<User>
  readonly counters: GatewayCounters
  /** Whether clients may send to each other directly. */
  readonly directMessages: boolean
  clientsOf(user: string): Iterable<Client>
  /** The client is known now, for good or for the first time. */
  identified(connection: Connection, user: User): void
  /** Something that the client asked for was refused. */
  refused(client: Client, why: Why, channel: string | undefined): void
  /** Something failed that is not the client's doing. */
  failed(event: ErrorEvent): void
}

const TOO_MUCH = 'too many messages while one is being handled'
/** What a command that is not done with takes beside its message, about. */
const COMMAND_BYTES = 512

/** What came in is garbage once it was handled, and takes memory until it is collected. So much counts, and for so long. */
const LARGE_BYTES = 4_096
const GARBAGE_MS = 1_000

/** What a client may do before it has said who it is. */
const FREE: ReadonlySet<Command['do']> = new Set<Command['do']>(['auth', 'ping', 'pong', 'reject'])

/** What a message asks for that asks for nothing: it counts all the same. */
const NOTHING: readonly Command[] = [{ do: 'pong' }]

/** One client that speaks: what it says is decoded, limited, brought into order and run. */
export class Connection implements Joining, Runner, Holder {
  readonly host: ConnectionHost
  readonly face: GatewayClient
  joins: Set<Join> | undefined
  #clocks: Cancel[] | undefined
  #questions: Questions | undefined
  /** It has to say who it is before anything else. */
  authDue = false
  /** How often it answered a ping. */
  pongs = 0
  /** The application was told of it. */
  announced = false
  heldBytes = 0
  /** What it sent and is not done with, and what large messages it sent a short time ago: the larger of both is held. */
  waitingBytes = 0
  #recentBytes = 0
  #forget: Cancel | undefined
  /** Stops waiting for the application, which is handling something of it. */
  giveUp: (() => void) | undefined
  readonly #protocol: Protocol
  readonly #scratch: unknown
  /** Made when the client says something: until then it has all of its limits. */
  #limits: ClientLimits | undefined
  /** Only while something runs. */
  #inbox: Inbox | undefined

  constructor(host: ConnectionHost, face: GatewayClient, protocol: Protocol, scratch: unknown) {
    this.host = host
    this.face = face
    this.#protocol = protocol
    this.#scratch = scratch
  }

  get client(): Client {
    return this.face.client
  }

  /** What the server asked it; most clients are never asked. */
  get questions(): Questions {
    return (this.#questions ??= new Questions(this.host.hub.wheel))
  }

  /** How to stop what waits for it. */
  get clocks(): Cancel[] {
    return (this.#clocks ??= [])
  }

  /** A whole message came in. */
  receive(data: string | Uint8Array): void {
    const bytes = typeof data === 'string' ? this.host.hub.platform.utf8Size(data) : data.byteLength
    this.face.count(bytes)
    this.host.counters.received(bytes)
    if (bytes > this.host.limits.maxMessageBytes) {
      this.client.close('too-large')
      return
    }
    if (bytes >= LARGE_BYTES) this.#remember(bytes)
    const said = this.#protocol.decode(taken(data), this.#scratch)
    const commands = said.length === 0 ? NOTHING : said
    const limited = hasLimits(this.host.rateLimits)
    this.obey(limited ? commands.filter((command) => this.#withinRate(command)) : commands, bytes)
  }

  /** Runs commands in order, after those that came before. `bytes`: of the message that they came in. */
  obey(commands: readonly Command[], bytes = 0): void {
    let left = commands.length
    for (const command of commands) {
      if (!this.client.connected) return
      // The message is held until its last command is done.
      const held = --left === 0 ? bytes : 0
      if (this.#passes(command)) void this.run(command, held)
      else if (!(this.#inbox ??= new Inbox(this)).push(command, held)) this.client.close('rate', TOO_MUCH)
    }
  }

  /** Resolves when nothing of it is being handled. */
  idle(): Promise<void> {
    return this.#inbox?.idle() ?? Promise.resolve()
  }

  rested(): void {
    this.#inbox = undefined
  }

  hold(bytes: number): void {
    if (this.client.connected) this.#account(bytes + COMMAND_BYTES)
  }

  release(bytes: number): void {
    // With the client went all that it held.
    if (this.client.connected) this.#account(-bytes - COMMAND_BYTES)
  }

  evict(): void {
    this.client.close('rate', 'too many bytes are on their way')
  }

  /** A message of this size came in. */
  #remember(bytes: number): void {
    if (this.#recentBytes === 0) this.#forget = this.host.hub.wheel.after(GARBAGE_MS, () => this.#collected())
    this.#recentBytes += bytes
    this.#account(0)
  }

  #collected(): void {
    this.#recentBytes = 0
    this.#account(0)
  }

  /** @param bytes - so much more waits, or less */
  #account(bytes: number): void {
    this.waitingBytes += bytes
    this.host.hub.budgets.inbound.hold(this, Math.max(this.waitingBytes, this.#recentBytes))
  }

  end(): void {
    this.#forget?.()
    this.host.hub.budgets.inbound.hold(this, 0)
    this.#inbox?.clear()
    this.#questions?.end()
    for (const stop of this.#clocks ?? []) stop()
    this.giveUp?.()
  }

  tell(event: Unicast): void {
    this.client.tell(event)
  }

  /** What middleware sees of a step of this client. */
  context(phase: Context['phase'], details: StepDetails = {}): Context {
    return new ClientContext(phase, this.face, details)
  }

  /** Answers with what went wrong. Only a ClientError is said as it is; the rest is `internal`. */
  fail(command: Command, error: unknown, where: ErrorEvent['where'] = 'handler'): void {
    if (error instanceof ClientError) this.refuse(command, error.why, error.message, error.afterMs)
    else {
      this.report(command, error, where)
      this.refuse(command, 'internal', 'something went wrong here')
    }
  }

  /** Tells the operator alone. */
  report(command: Command, error: unknown, where: ErrorEvent['where'] = 'handler'): void {
    this.host.failed({ error, where, client: this.client, channel: channelOf(command) })
  }

  refuse(command: Command, why: Why, detail?: string, afterMs?: number): void {
    const ref = 'ref' in command ? command.ref : undefined
    const channel = channelOf(command)
    this.host.refused(this.client, why, channel)
    this.tell({ on: 'failed', ref, what: command.do, channel, why, detail, afterMs })
  }

  /**
   * Whether it need not wait for a handler at work: signs of life, which the client may be waiting for, and answers, for
   * which that very handler may be.
   */
  #passes(command: Command): boolean {
    return command.do === 'ping' || command.do === 'pong' || (command.do === 'answer' && !this.authDue)
  }

  #withinRate(command: Command): boolean {
    const { rateLimits, hub } = this.host
    const now = hub.platform.clock.monotonic()
    const limits = (this.#limits ??= new ClientLimits(rateLimits, now))
    const afterMs = limits.take(rateLimits, now, command.do === 'subscribe')
    if (afterMs === 0) return true
    this.refuse(command, 'rate', 'too many messages', afterMs)
    if (limits.strike(rateLimits)) this.client.close('rate')
    return false
  }

  run(command: Command, bytes: number): void | Promise<void> {
    if (!this.client.connected) return undefined
    if (this.authDue && !FREE.has(command.do)) {
      this.refuse(command, 'auth-expected', 'say who you are first')
      this.client.close('auth-expected')
      return undefined
    }
    const run = this.host.commands[command.do] as (
      connection: Connection,
      command: Command,
      bytes: number,
    ) => void | Promise<void>
    try {
      return run(this, command, bytes)
    } catch (error) {
      return this.fail(command, error)
    }
  }
}

function channelOf(command: Command): string | undefined {
  return 'channel' in command ? command.channel : undefined
}
