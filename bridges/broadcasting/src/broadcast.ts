import {
  assertChannelName,
  type ChannelNames,
  type Contract,
  type EventInput,
  type EventNames,
  FanfareError,
  OptionError,
} from '@fanfare/core/contract'

import type { Driver, Event } from './event.ts'

/** Whether something is sent: known already, or found out when it is emitted. */
export type Condition = boolean | (() => boolean | Promise<boolean>)

/** The channels with a prefix, named with it or without it. */
type Short<Full extends string, Prefix extends string> = string extends Full
  ? string
  : Full extends `${Prefix}${infer Rest}`
    ? Rest | Full
    : never

/** A channel's name as `private` and `presence` complete it. */
type Prefixed<Prefix extends string, Name> = Name extends `${Prefix}${string}`
  ? Name
  : `${Prefix}${Name & string}`

/**
 * What `private` takes: the contract's private channels, with their prefix or without; any string without a contract.
 */
export type PrivateNames<C> = Short<ChannelNames<C>, 'private-'>

/**
 * What `presence` takes: the contract's presence channels, with their prefix or without; any string without a
 * contract.
 */
export type PresenceNames<C> = Short<ChannelNames<C>, 'presence-'>

/** The name of a private channel as the broadcasting sees it: `user.7` is `private-user.7`. */
export type PrivateName<Name> = Prefixed<'private-', Name>

/** The name of a presence channel as the broadcasting sees it: `chat.1` is `presence-chat.1`. */
export type PresenceName<Name> = Prefixed<'presence-', Name>

/** The events that every one of these channels has. */
export type CommonEvents<C, Channel extends string> = (
  Channel extends string ? (name: EventNames<C, Channel>) => void : never
) extends (name: infer Name) => void
  ? Name & string
  : never

/** Data that an event may have on every one of these channels. */
export type CommonInput<C, Channel extends string, Name extends string> = (
  Channel extends string ? (data: EventInput<C, Channel, Name>) => void : never
) extends (data: infer Data) => void
  ? Data
  : never

/** One channel for which publishing failed. */
export interface BroadcastFailure {
  readonly channel: string
  /** What the driver rejected with. */
  readonly error: unknown
}

/**
 * Publishing failed for some channels, or for all; every other channel has the event. `code` is that of the first
 * failure in the order of the channels, as is `cause`; `unknown` when the driver rejected with something that has no
 * code. Since `refused` (not sent) and `unknown` (may have been sent) can be mixed, `failures` has each of them.
 */
export class BroadcastError extends FanfareError {
  override readonly name = 'BroadcastError'
  /** In the order of the channels; at least one. */
  readonly failures: readonly BroadcastFailure[]

  /** @param attempted - how many channels there were in all */
  constructor(first: BroadcastFailure, failures: readonly BroadcastFailure[], attempted: number) {
    const { channel, error } = first
    const code = error instanceof FanfareError ? error.code : 'unknown'
    const why = error instanceof Error ? error.message : String(error)
    const count = `${String(failures.length)} of ${String(attempted)}`
    super(code, `not published to ${count} channels; first ${channel}: ${why}`, { cause: error })
    this.failures = failures
  }
}

/** What a broadcast has gathered so far. */
interface Parts {
  readonly channels: readonly string[]
  readonly except: readonly string[]
  readonly conditions: readonly Condition[]
}

/**
 * What will be sent where, step by step; a Broadcaster makes it. Immutable: every step gives a new one, so that one
 * can be kept and continued in several ways.
 */
export class Broadcast<C extends Contract, Channel extends string> {
  readonly #driver: Driver
  readonly #parts: Parts

  constructor(driver: Driver, parts: Partial<Parts> = {}) {
    this.#driver = driver
    this.#parts = { channels: [], except: [], conditions: [], ...parts }
  }

  /** Adds channels, by their full names. */
  channel<Name extends ChannelNames<C>>(...names: readonly Name[]): Broadcast<C, Channel | Name> {
    return this.#onto(names)
  }

  /** Adds private channels: `user.7` stands for `private-user.7`, which may be written too. */
  private<Name extends PrivateNames<C>>(
    ...names: readonly Name[]
  ): Broadcast<C, Channel | PrivateName<Name>> {
    return this.#onto(names.map((name) => withPrefix('private-', name)))
  }

  /** Adds presence channels: `chat.1` stands for `presence-chat.1`, which may be written too. */
  presence<Name extends PresenceNames<C>>(
    ...names: readonly Name[]
  ): Broadcast<C, Channel | PresenceName<Name>> {
    return this.#onto(names.map((name) => withPrefix('presence-', name)))
  }

  /**
   * Leaves out one client, as a rule the one that caused the event; several calls leave out several. `undefined`,
   * `null` and `''` leave out nobody, so that what `socketId(request)` gives can be passed on as it is.
   */
  toOthers(socketId: string | null | undefined): Broadcast<C, Channel> {
    if (socketId === undefined || socketId === null || socketId === '') return this
    return this.#with({ except: [...this.#parts.except, socketId] })
  }

  /**
   * Sends only if this holds; of several conditions, all have to. A function is called at each `emit`, if the
   * conditions before it hold, and what it throws is what `emit` rejects with.
   *
   * @throws OptionError when it is neither a boolean nor a function
   */
  when(condition: Condition): Broadcast<C, Channel> {
    if (typeof condition !== 'boolean' && typeof condition !== 'function') {
      throw new OptionError('when', 'a boolean or a function', condition)
    }
    return this.#with({ conditions: [...this.#parts.conditions, condition] })
  }

  /**
   * Publishes the event to every channel, once to a channel that was named twice, and resolves when the bus has them
   * all, or when a condition does not hold and nothing is sent. `data` is printed as JSON once, as it is at the time
   * of the call; `undefined` becomes `null`. With a contract, the events are those that all the channels have, and
   * the data is typed but not validated: what the server itself sends is trusted, here as in the gateway.
   *
   * Rejects, before anything is sent, with a ChannelNameError (`bad-name`), an OptionError when there is no channel,
   * or a FanfareError `bad-message` when `data` is not printable as JSON or the event has no name. If publishing
   * fails for some channels, the others are published to nevertheless, and it rejects with a {@link BroadcastError}.
   */
  async emit<Name extends CommonEvents<C, Channel>>(
    name: Name,
    data: CommonInput<C, Channel, Name>,
  ): Promise<void> {
    const { except, conditions } = this.#parts
    const channels = checkedChannels(this.#parts.channels)
    checkName(name)
    if (conditions.includes(false)) return
    const payload = printed(data)
    if (!(await allHold(conditions))) return
    const event = { name, payload, ...(except.length > 0 && { except: [...new Set(except)] }) }
    await publishAll(this.#driver, channels, event)
  }

  #onto<More extends string>(names: readonly string[]): Broadcast<C, Channel | More> {
    return this.#with({ channels: [...this.#parts.channels, ...names] })
  }

  #with<All extends string>(change: Partial<Parts>): Broadcast<C, All> {
    return new Broadcast(this.#driver, { ...this.#parts, ...change })
  }
}

/**
 * What is no name, or an empty one, stays so: with a prefix it would look like a name, and nobody would refuse it.
 */
function withPrefix(prefix: string, name: string): string {
  return typeof name !== 'string' || name === '' || name.startsWith(prefix) ? name : prefix + name
}

/** Each channel once. @throws OptionError, ChannelNameError */
function checkedChannels(channels: readonly string[]): string[] {
  if (channels.length === 0) throw new OptionError('channel', 'at least one channel to broadcast on', 'none')
  for (const channel of channels) assertChannelName(channel)
  return [...new Set(channels)]
}

function checkName(name: unknown): void {
  if (typeof name === 'string' && name !== '') return
  throw new FanfareError('bad-message', 'an event has a name: a string of at least one character')
}

function printed(data: unknown): string {
  try {
    return JSON.stringify(data) ?? 'null'
  } catch (cause) {
    throw new FanfareError('bad-message', 'the data cannot be printed as JSON', { cause })
  }
}

async function allHold(conditions: readonly Condition[]): Promise<boolean> {
  for (const condition of conditions) {
    if (!(typeof condition === 'function' ? await condition() : condition)) return false
  }
  return true
}

async function publishAll(
  driver: Driver,
  channels: readonly string[],
  event: Omit<Event, 'channel'>,
): Promise<void> {
  const failures: (BroadcastFailure | undefined)[] = await Promise.all(
    channels.map(async (channel) => {
      try {
        await driver.publish({ ...event, channel })
        return undefined
      } catch (error) {
        return { channel, error }
      }
    }),
  )
  const failed = failures.filter((failure) => failure !== undefined)
  const [first] = failed
  if (first) throw new BroadcastError(first, failed, channels.length)
}
