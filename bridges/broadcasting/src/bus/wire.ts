/**
 * One connection to a bus, from having been dialled to being lost. It never reconnects by itself and queues nothing: both
 * are done above it, the same way for every bus. A wire may be several connections underneath; losing one of them is
 * losing the wire.
 */
export interface Wire {
  /**
   * Hands text to the server, in the order of the calls. Resolves when the server has it; rejects with a RefusedError when the
   * server said no to it, with anything else when nobody knows.
   */
  publish(subject: string, text: string): Promise<void>
  /** Resolves when the server has confirmed every one: from then on nothing published there is missed. Rejecting means the wire is no good. */
  subscribe(subjects: readonly string[]): Promise<void>
  /** Resolves when the server has been told. */
  unsubscribe(subjects: readonly string[]): Promise<void>
  /**
   * The subjects to which a beat has to be sent, and heard, to know that the whole wire receives: one for each connection
   * that can fail by itself.
   *
   * @param subject - makes the subject of this node's n-th beat
   */
  beatSubjects(subject: (n: number) => string): readonly string[]
  /** Flushes what was published, then closes. Resolves in any case, also when nobody answers any more (after 1 s). */
  close(): Promise<void>
  /** Cuts every connection now. Nothing is reported afterwards. Idempotent. */
  cut(): void
}

/** What a wire reports. Nothing after `cut`. */
export interface WireEvents {
  message(subject: string, text: string): void
  /** A connection is gone, or the wire is not what it was (a slot moved to another node). Reported once; the wire is cut after it. */
  lost(error: unknown): void
}

/**
 * Connects. Resolves with a wire that is ready to be used; rejects when it cannot be made. When `abandoned` calls back, the
 * attempt is given up: whatever is open is closed, and the promise rejects.
 */
export type Dial = (events: WireEvents, attempt: DialAttempt) => Promise<Wire>

export interface DialAttempt {
  /** How long the attempt may take in all, in milliseconds; it is abandoned then. */
  readonly timeoutMs: number
  /** Calls back, once, when the attempt is given up. */
  onAbandoned(callback: () => void): void
}

/** A kind of bus: what {@link BusDriver} needs to know of it. */
export interface Bus {
  /** For logs: `redis`, `nats`. */
  readonly name: string
  readonly dial: Dial
  /**
   * The subject for a name on the bus. Injective, and no wildcard of the bus comes out of it. `name` has the characters of
   * channel names, `!`, `{` and `}`; the prefix is part of it already.
   */
  subject(name: string): string
}
