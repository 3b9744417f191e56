import type {
  AnswerInput,
  ChannelNames,
  Contract,
  DirectNames,
  DirectOutput,
  EventInput,
  EventNames,
  EventOutput,
  MessageInput,
  MessageNames,
  QuestionNames,
  QuestionOutput,
  ReplyOutput,
} from '../contract/contract.ts'
import { FanfareError } from '../ground/errors.ts'
import type { ManualClock } from './manual-clock.ts'
import type { MemoryConn } from './memory-conn.ts'

/** A frame of the native protocol as it came. */
export type NativeFrame = Readonly<Record<string, unknown>>

interface Waiting {
  resolve(answer: NativeFrame): void
  reject(error: FanfareError): void
}

type Answerer = (data: unknown) => unknown

/**
 * A client in a test that speaks the native protocol, typed by the gateway's contract. Every call lets happen what happens
 * without time passing; what takes time is moved by the test's clock.
 */
export class TestPeer<C extends Contract = Contract> {
  /** Its connection, with the switches that make it misbehave. */
  readonly conn: MemoryConn
  readonly #clock: ManualClock
  readonly #waiting = new Map<unknown, Waiting>()
  readonly #answerers = new Map<string, Answerer>()
  #frames: NativeFrame[] = []
  #id = ''
  #requests = 0

  /** @param conn - where somebody speaks the native protocol */
  constructor(conn: MemoryConn, clock: ManualClock) {
    this.conn = conn
    this.#clock = clock
    conn.onMessage = (data) => this.#hear(JSON.parse(String(data)) as NativeFrame)
  }

  /** The id of the client, once it was greeted. */
  get id(): string {
    return this.#id
  }

  /**
   * Asks a handler. Resolves with its answer; rejects with a FanfareError, whose `code` is the word and whose message is
   * the sentence that the client is told.
   */
  async call<Name extends MessageNames<C>>(
    name: Name,
    data?: MessageInput<C, Name>,
  ): Promise<ReplyOutput<C, Name>> {
    const { data: answer } = await this.#request({ op: 'call', method: name, data })
    return answer as ReplyOutput<C, Name>
  }

  /** Subscribes. Resolves with what the client is told: `me` and `members` in a presence channel. Rejects as `call`. */
  subscribe(channel: string, auth?: unknown): Promise<NativeFrame> {
    return this.#request({ op: 'sub', channel, auth })
  }

  async unsubscribe(channel: string): Promise<void> {
    await this.#request({ op: 'unsub', channel })
  }

  /** Publishes to the others in a private or presence channel. Rejects as `call`. */
  async publish<Channel extends ChannelNames<C>, Event extends EventNames<C, Channel>>(
    channel: Channel,
    event: Event,
    data: EventInput<C, Channel, Event>,
  ): Promise<void> {
    await this.#request({ op: 'pub', channel, event, data })
  }

  /** The data of the events with this name that came on a channel since they were last asked for. */
  async events<Channel extends ChannelNames<C>, Event extends EventNames<C, Channel>>(
    channel: Channel,
    event: Event,
  ): Promise<EventOutput<C, Channel, Event>[]> {
    const came = await this.#take((frame) => frame['channel'] === channel && frame['event'] === event)
    return came.map(({ data }) => data as EventOutput<C, Channel, Event>)
  }

  /** The data of the messages with this name that came directly since they were last asked for. */
  async direct<Event extends DirectNames<C>>(event: Event): Promise<DirectOutput<C, Event>[]> {
    const came = await this.#take((frame) => frame['channel'] === undefined && frame['event'] === event)
    return came.map(({ data }) => data as DirectOutput<C, Event>)
  }

  /** Every frame that is neither an answer nor a question and was not asked for otherwise, since the last call. */
  heard(): Promise<NativeFrame[]> {
    return this.#take(() => true)
  }

  /** Answers a question of the server from now on. What is thrown is answered as an error. */
  answer<Name extends QuestionNames<C>>(
    question: Name,
    answerer: (data: QuestionOutput<C, Name>) => AnswerInput<C, Name>,
  ): void {
    this.#answerers.set(question, answerer as Answerer)
  }

  /** The peer goes. */
  async close(code = 1000): Promise<void> {
    this.conn.peerCloses(code)
    await this.#clock.settle()
  }

  async #request(frame: NativeFrame): Promise<NativeFrame> {
    const id = ++this.#requests
    const answer = new Promise<NativeFrame>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
    })
    this.conn.says({ ...frame, id })
    // An answer that comes meanwhile is looked at below.
    answer.catch(() => {})
    await this.#clock.settle()
    return answer
  }

  async #take(which: (frame: NativeFrame) => boolean): Promise<NativeFrame[]> {
    await this.#clock.settle()
    const taken = this.#frames.filter(which)
    this.#frames = this.#frames.filter((frame) => !which(frame))
    return taken
  }

  #hear(frame: NativeFrame): void {
    const waiting = this.#waiting.get(frame['id'])
    if (frame['op'] === 'welcome') this.#id = String(frame['client'])
    else if (frame['op'] === 'ask') this.#asked(frame)
    else if (!waiting || (frame['op'] !== 'ok' && frame['op'] !== 'err')) this.#frames.push(frame)
    else {
      this.#waiting.delete(frame['id'])
      if (frame['op'] === 'ok') waiting.resolve(frame)
      else waiting.reject(new FanfareError(String(frame['code']), String(frame['message'])))
    }
  }

  #asked({ id, method, data }: NativeFrame): void {
    const answerer = this.#answerers.get(String(method))
    // Without one the question stays open, as with a client that does not answer.
    if (!answerer) return
    try {
      this.conn.says({ op: 'answer', id, data: answerer(data) })
    } catch (error) {
      this.conn.says({ op: 'answer', id, error: error instanceof Error ? error.message : String(error) })
    }
  }
}
