import type {
  AnswerInput,
  Contract,
  DirectInput,
  DirectNames,
  DirectOutput,
  MessageInput,
  MessageNames,
  QuestionNames,
  QuestionOutput,
  ReplyOutput,
} from '@fanfare/core/contract'

import { delayMs } from './backoff.ts'
import { Channel, type NamesIn } from './channel.ts'
import type { ChannelOptions } from './channel-types.ts'
import type { ClientEvents, DataAndOptions, DirectEvent } from './client-types.ts'
import { Connection, type ConnectionHost } from './connection.ts'
import { Courier } from './courier.ts'
import { type Deferred, deferred } from './deferred.ts'
import { FanfareClientError } from './errors.ts'
import type { FrameOf, ServerFrame } from './frames.ts'
import { Listeners, type Off } from './listeners.ts'
import { type ClientOptions, type ClientSettings, clientSettings, type Edition } from './options.ts'
import { Permits } from './permits.ts'
import { Questions } from './questions.ts'
import { refused, type RequestOptions, Requests } from './requests.ts'
import type { State } from './states.ts'
import { Subscription } from './subscription.ts'
import type { SubscriptionHost } from './subscription-host.ts'

/** The longest that a server may have us wait before a subscription is tried again: an hour. */
const MAX_AFTER_MS = 3_600_000

/**
 * A client of a Fanfare server. Give it the type of the contract, and everything it does is typed by it.
 *
 * @example
 * ```ts
 * const client = new FanfareClient<typeof contract>('wss://example.com/ws', { getToken: fetchToken })
 * await client.connect()
 * client.channel('orders.7').on('shipped', ({ tracking }) => show(tracking))
 * const { total } = await client.call('checkout', { cart: 12 })
 * ```
 */
export class FanfareClient<C extends Contract = Contract> {
  readonly #settings: ClientSettings
  readonly #connection: Connection
  readonly #requests: Requests
  readonly #permits = new Permits()
  readonly #courier: Courier
  readonly #questions: Questions
  readonly #listeners: Listeners<ClientEvents>
  readonly #direct: Listeners<Record<string, (data: unknown, event: DirectEvent) => unknown>>
  readonly #channels = new Map<string, { readonly subscription: Subscription; readonly channel: Channel }>()
  readonly #host: SubscriptionHost
  #ready: Deferred<void> | undefined
  #id: string | undefined
  #user: string | undefined

  /**
   * Makes a client; it connects when it is told to.
   *
   * @param url - `ws://…` or `wss://…`; in a page also a path such as `/ws`
   * @throws FanfareClientError `bad-option` when an option is unknown or has a wrong value
   */
  constructor(url: string, options: ClientOptions = {}) {
    this.#settings = clientSettings(url, options, this.edition)
    const { platform } = this.#settings
    const report = (error: unknown): void => platform.reportError(error)
    this.#listeners = new Listeners(report)
    this.#direct = new Listeners(report)
    this.#questions = new Questions(report)
    this.#requests = new Requests(platform)
    this.#connection = new Connection(this.#settings, this.#connectionHost())
    this.#courier = new Courier(
      {
        open: () => this.state === 'open',
        transmit: (text) => this.#connection.send(text),
        awaits: (name) => this.#channels.get(name)?.subscription.state === 'subscribing',
      },
      this.#settings,
      this.#requests,
    )
    this.#host = this.#subscriptionHost()
  }

  /** What this entry of the package brings. @internal */
  protected get edition(): Edition | undefined {
    return undefined
  }

  get state(): State {
    return this.#connection.state
  }

  /** This connection's id, another one after each reconnection; `undefined` while there is none. */
  get id(): string | undefined {
    return this.#id
  }

  /** The user that the server takes this connection for, if it says. */
  get user(): string | undefined {
    return this.#user
  }

  /**
   * Connects, and stays so: a lost connection is made again until the server says never, or `close()`. Resolves when the
   * server is ready. Rejects when it is given up; as long as another attempt follows, it does not. Calling it again
   * changes nothing, except after the end.
   */
  connect(): Promise<void> {
    if (this.state === 'open') return Promise.resolve()
    this.#ready ??= deferred()
    const { promise } = this.#ready
    this.#connection.start()
    return promise
  }

  /**
   * Ends the connection and everything that waits: requests are rejected with `closed`, loops end. Channels stay wanted,
   * and are subscribed to again should `connect()` be called again.
   */
  close(): void {
    this.#connection.stop()
  }

  /** Listens to what happens to the client. @returns how to stop listening */
  on<Event extends keyof ClientEvents>(event: Event, listener: ClientEvents[Event]): Off {
    return this.#listeners.on(event, listener)
  }

  /** Listens to a direct event. @returns how to stop listening */
  onDirect<Event extends DirectNames<C>>(
    event: Event,
    listener: (data: DirectOutput<C, Event>, event: DirectEvent<Event, DirectOutput<C, Event>>) => void,
  ): Off {
    return this.#direct.on(event, listener as (data: unknown, event: DirectEvent) => void)
  }

  /** The channel of that name: the same object each time. Nothing is subscribed to yet. Options replace earlier ones. */
  channel<const Name extends NamesIn<C>>(name: Name, options?: ChannelOptions): Channel<C, Name> {
    let entry = this.#channels.get(name)
    if (!entry) {
      const subscription = new Subscription(name, this.#host)
      entry = { subscription, channel: new Channel(subscription, this.#courier, this.#settings) }
      this.#channels.set(name, entry)
    }
    if (options) entry.subscription.getAuth = options.getAuth
    return entry.channel as unknown as Channel<C, Name>
  }

  /**
   * Sends a message and resolves to the server's answer. Rejects with the server's code, `timeout`, `aborted`, `offline`,
   * or `disconnected` when the connection was lost before the answer: it is not sent again by itself, since the server
   * may have acted on it.
   */
  async call<Name extends MessageNames<C>>(
    name: Name,
    ...[data, options]: DataAndOptions<MessageInput<C, Name>, [options?: RequestOptions]>
  ): Promise<ReplyOutput<C, Name>> {
    const answer = await this.#courier.ask({ op: 'call', method: name, data }, options)
    return answer.data as ReplyOutput<C, Name>
  }

  /** Sends a message without waiting for an answer. Returns whether it was sent or queued. */
  notify<Name extends MessageNames<C>>(
    name: Name,
    ...[data]: DataAndOptions<MessageInput<C, Name>, []>
  ): boolean {
    return this.#courier.tell({ op: 'call', method: name, data })
  }

  /** Sends a direct event to a client, by its id, or to all clients of a user. Resolves when the server took it. */
  async send<Event extends DirectNames<C>>(
    to: string | { readonly user: string },
    event: Event,
    data: DirectInput<C, Event>,
    options?: RequestOptions,
  ): Promise<void> {
    await this.#courier.ask({ op: 'send', to, event, data }, options)
  }

  /**
   * Answers a question of the server; a second handler for the same question replaces the first. When it throws, the
   * server learns no more than that it failed.
   *
   * @returns how to stop answering
   */
  answer<Name extends QuestionNames<C>>(
    question: Name,
    handler: (data: QuestionOutput<C, Name>) => AnswerInput<C, Name> | Promise<AnswerInput<C, Name>>,
  ): Off {
    return this.#questions.answer(question, handler as (data: unknown) => unknown)
  }

  /**
   * Logs in, or shows a fresh token, on the open connection. The next connection shows what the options say: let
   * `getToken` return the same. Resolves to the user, if the server says.
   */
  async authenticate(token: string, options?: RequestOptions): Promise<string | undefined> {
    const { user } = await this.#courier.ask({ op: 'auth', token }, options)
    this.#user = user
    return user
  }

  // What the server says.

  #hear(frame: ServerFrame): void {
    const about = 'channel' in frame && frame.channel !== undefined
    const subscription = about ? this.#channels.get(frame.channel ?? '')?.subscription : undefined
    if (frame.op === 'ok') this.#requests.answer(frame)
    else if (frame.op === 'err') this.#refused(frame, subscription)
    else if (frame.op === 'ask') this.#asked(frame)
    else if (about) subscription?.hear(frame)
    else if (frame.op === 'msg') {
      const { event, data, from } = frame
      this.#direct.emit(event, data, { event, data, from })
    } else if (frame.op === 'gap') {
      this.#listeners.emit('gap', { channel: undefined, count: frame.count, reason: frame.reason })
    }
  }

  #refused(frame: FrameOf<'err'>, subscription: Subscription | undefined): void {
    const error = refused(frame)
    if (frame.id !== undefined) this.#requests.fail(frame.id, error)
    else if (subscription) subscription.fail(error)
    else this.#failed(error)
  }

  #asked(frame: FrameOf<'ask'>): void {
    const asked = this.#id
    this.#questions.ask(frame, (answer) => {
      // An answer for an earlier connection is nobody's any more.
      if (asked === this.#id) this.#courier.reply(answer, frame.id)
    })
  }

  /** `told`: a promise says so too. */
  #failed(error: FanfareClientError, told = false): void {
    if (!this.#listeners.emit('error', error) && !told) this.#settings.platform.reportError(error)
  }

  #connectionHost(): ConnectionHost {
    return {
      opened: (client, user) => {
        this.#id = client
        this.#user = user
        for (const { subscription } of this.#channels.values()) subscription.settle()
        this.#courier.flush()
        this.#ready?.resolve()
        this.#ready = undefined
      },
      frame: (frame) => this.#hear(frame),
      lost: (error) => {
        this.#id = undefined
        for (const { subscription } of this.#channels.values()) subscription.lost()
        this.#courier.lost(
          new FanfareClientError('disconnected', 'the connection was lost before an answer came', {
            cause: error,
          }),
        )
      },
      closed: (error) => {
        const why = error ?? new FanfareClientError('closed', 'the client was closed')
        this.#id = this.#user = undefined
        for (const { subscription } of this.#channels.values()) subscription.closed(why, error !== undefined)
        this.#courier.closed(why)
        const told = this.#ready
        this.#ready = undefined
        told?.reject(why)
        if (error) this.#failed(error, told !== undefined)
      },
      changed: (change) => this.#listeners.emit('state', change),
      failed: (error) => this.#failed(error),
    }
  }

  #subscriptionHost(): SubscriptionHost {
    const { platform, backoff } = this.#settings
    return {
      open: () => this.state === 'open',
      clientId: () => this.#id,
      request: (frame, waiting) => this.#courier.request(frame, waiting),
      forget: (id) => this.#requests.forget(id),
      permit: (channel, begin) => this.#permits.take(channel, begin),
      settled: (channel, error) => {
        if (error) this.#courier.refuse(channel, error)
        else this.#courier.flush()
      },
      later: (attempt, afterMs = 0, callback) => {
        const pause = delayMs('retry', attempt, backoff, platform.random())
        return platform.scheduler.after(Math.max(pause, Math.min(afterMs, MAX_AFTER_MS)), callback)
      },
      failed: (error) => this.#failed(error),
      gap: (gap) => void this.#listeners.emit('gap', gap),
      report: (error) => platform.reportError(error),
    }
  }
}
