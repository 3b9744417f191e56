import { ClientError } from '../ground/errors.ts'
import { isTooDeep, MAX_JSON_DEPTH } from '../ground/json-scan.ts'
import type { Payload } from '../ground/payload.ts'

/** A message of a client on its way to a handler. */
export class GatewayMessage<Data = unknown> {
  /** The name the client gave it: of the event published, or of the method called. Empty when its protocol has no names. */
  readonly event: string
  /** The channel it was published to; `undefined` for calls. */
  readonly channel: string | undefined
  readonly #payload: Payload
  #data: Data | undefined
  #parsed = false

  constructor(event: string, payload: Payload, channel?: string) {
    this.event = event
    this.channel = channel
    this.#payload = payload
  }

  /** The data as the client wrote it: JSON text, other text in a protocol without JSON; empty when it is binary. */
  get text(): string {
    return this.#payload.text
  }

  /** The bytes of a binary message. */
  get binary(): Uint8Array | undefined {
    return this.#payload.binary
  }

  /**
   * The data, parsed when first looked at.
   *
   * @throws ClientError `bad-frame` when it is no JSON, or deeper than 32 levels: left alone, it becomes the answer to the
   * client
   */
  get data(): Data {
    if (!this.#parsed) this.validated(this.#parse())
    return this.#data as Data
  }

  /** The data as the contract's schema gave it back; from now on {@link data} is this. */
  validated(value: Data): void {
    this.#data = value
    this.#parsed = true
  }

  #parse(): Data {
    const { text } = this.#payload
    // Whatever protocol brought it: not all of them look into what they pass on.
    if (isTooDeep(text)) throw new ClientError('bad-frame', `deeper than ${String(MAX_JSON_DEPTH)} levels`)
    try {
      return JSON.parse(text) as Data
    } catch (cause) {
      throw new ClientError('bad-frame', 'data is not JSON', { cause })
    }
  }
}
