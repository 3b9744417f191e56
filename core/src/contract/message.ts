/** Who caused a message. Filled in by the hub or the gateway, never by the sender itself. */
export interface Origin {
  /** Id of the client. */
  readonly client?: string | undefined
  /** Id of its user. */
  readonly user?: string | undefined
}

/** One message on its way to all subscribers of a channel; what a bridge carries. */
export interface Message {
  readonly channel: string
  /** The message's name. Without one, `plain` sends the data as it is and other protocols call it `message`. */
  readonly event?: string | undefined
  /**
   * JSON text, other text (protocols that inline JSON send it as a JSON string), or bytes. Bytes are copied when the hub takes
   * them, once, whatever the number of subscribers: whoever gave them may use them again at once.
   */
  readonly data: string | Uint8Array
  /** Ids of the clients that shall not get it. */
  readonly except?: readonly string[] | undefined
  readonly from?: Origin | undefined
  /** Under the policy `conflate`, a message replaces a waiting one of the same channel and key. */
  readonly key?: string | undefined
  /** Identifies the message, for whoever has to recognise it again. */
  readonly id?: string | undefined
}

/** One participant of a presence channel, as the others see it. */
export interface Member {
  /** Stable per person: two connections with the same id are one member. */
  readonly id: string | number
  /**
   * Shown to the other members. A string that is a JSON document is sent as that document, any other string as a JSON
   * string, any other value as its JSON; absent when `undefined`.
   */
  readonly info?: unknown
}
