import { FanfareClientError } from './errors.ts'
import { type ClientFrame, frameText, type OkFrame } from './frames.ts'
import { Outbox, type QueueLimits, type Queued } from './outbox.ts'
import { aborted, type RequestOptions, type Requests, type Waiting } from './requests.ts'

/** What the courier needs of the rest of the client. */
export interface CourierHost {
  open(): boolean
  /** Hands a message to the connection; `false`: it takes no more. */
  transmit(text: string): boolean
  /** Whether a subscription is under way that messages to this channel have to wait for. */
  awaits(channel: string): boolean
}

/** What the courier is set to. */
export interface CourierSettings {
  readonly offline: 'refuse' | 'queue'
  readonly queue: QueueLimits
  readonly requestTimeoutMs: number
}

/** Brings messages to the server: now, or when there is a connection and a subscription, or not at all. */
export class Courier {
  readonly #host: CourierHost
  readonly #settings: CourierSettings
  readonly #requests: Requests
  readonly #outbox: Outbox

  constructor(host: CourierHost, settings: CourierSettings, requests: Requests) {
    this.#host = host
    this.#settings = settings
    this.#requests = requests
    this.#outbox = new Outbox(settings.queue)
  }

  /** Sends a request on the open connection, and tells its outcome synchronously, before any later message. */
  request(frame: ClientFrame, waiting: Waiting): number {
    const id = this.#requests.add(waiting, { timeoutMs: this.#settings.requestTimeoutMs })
    this.#host.transmit(frameText(frame, id))
    return id
  }

  /**
   * Sends a message of the application; resolves to its answer.
   *
   * @param channel - the channel whose subscription it waits for
   * @param seen - gets the answer before any later message
   */
  ask(
    frame: ClientFrame,
    { timeoutMs, signal }: RequestOptions = {},
    channel?: string,
    seen?: (answer: OkFrame) => void,
  ): Promise<OkFrame> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) throw aborted(signal)
      const answered = (answer: OkFrame): void => {
        seen?.(answer)
        resolve(answer)
      }
      const failed = (error: FanfareClientError): void => {
        this.#outbox.take((message) => message.id === id)
        reject(error)
      }
      const options = { timeoutMs: timeoutMs ?? this.#settings.requestTimeoutMs, signal }
      const id = this.#requests.add({ answered, failed }, options)
      try {
        this.#dispatch({ id, channel, text: frameText(frame, id) })
      } catch (error) {
        this.#requests.forget(id)
        throw error
      }
    })
  }

  /** Sends a message of the application that nobody answers. Returns whether it was sent or queued. */
  tell(frame: ClientFrame): boolean {
    const text = frameText(frame)
    try {
      this.#dispatch({ id: undefined, channel: undefined, text })
      return true
    } catch {
      return false
    }
  }

  /** Answers the server, which gave the id. What cannot be sent any more is let go. */
  reply(frame: ClientFrame, id: string | number): void {
    this.#host.transmit(frameText(frame, id))
  }

  /** Sends what waits and need not wait any more. */
  flush(): void {
    if (!this.#host.open()) return
    for (const { id, text } of this.#outbox.take((message) => !this.#waits(message))) {
      if (!this.#host.transmit(text) && id !== undefined) this.#requests.fail(id, full())
    }
  }

  /** The channel is not to be had: what waits for it fails. */
  refuse(channel: string, error: FanfareClientError): void {
    for (const { id } of this.#outbox.take((message) => message.channel === channel)) {
      if (id !== undefined) this.#requests.fail(id, error)
    }
  }

  /** The connection is gone. What was sent fails, since nobody knows what became of it. */
  lost(error: FanfareClientError): void {
    if (this.#settings.offline === 'refuse') this.#outbox.take(() => true)
    this.#requests.failAll(error, (id) => this.#outbox.has(id))
  }

  /** There will be no connection. */
  closed(error: FanfareClientError): void {
    this.#outbox.take(() => true)
    this.#requests.failAll(error)
  }

  #dispatch(message: Queued): void {
    if (!this.#host.open() && this.#settings.offline === 'refuse') {
      throw new FanfareClientError('offline', 'there is no connection')
    }
    if (this.#waits(message)) this.#outbox.add(message)
    else if (!this.#host.transmit(message.text)) throw full()
  }

  #waits({ channel }: Queued): boolean {
    return !this.#host.open() || (channel !== undefined && this.#host.awaits(channel))
  }
}

function full(): FanfareClientError {
  return new FanfareClientError('queue-full', 'the connection takes no more')
}
