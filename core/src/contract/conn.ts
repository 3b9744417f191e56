import type { Why } from '../ground/why.ts'
import type { SplicedText } from './shared-text.ts'

/** In which of a client's three lanes a frame travels; it decides what happens when the client is slow. */
export type Lane = 'control' | 'presence' | 'data'

/** One message, encoded once. Never changed; its identity is stable, so an adapter may cache a wire form of it. */
export interface Frame {
  /** A string goes out as text, bytes as binary. */
  readonly data: string | Uint8Array
  /** Size of `data` in UTF-8, in bytes. */
  readonly bytes: number
  /** `control`: answers, never dropped. `presence`: never lost silently. `data`: subject to the slow-consumer policy. */
  readonly lane: Lane
  /** Frames of one channel with the same key may replace each other under the policy `conflate`. */
  readonly key?: string | undefined
  /**
   * The same as `data`, where it is text with a long part that other frames have, too: an adapter that writes bytes writes
   * those of that part from one place for all of them, and never asks for `data`, which has to be put together.
   *
   * @defaultValue `undefined`: it is in one piece
   */
  readonly spliced?: SplicedText
}

/**
 * What a client is owed at the end of a turn of the event loop. Clients owed the same list share the same object, so an
 * adapter may cache a wire form of it.
 */
export interface Batch {
  /** In the order in which they are to arrive. At least one. */
  readonly frames: readonly Frame[]
  /** Sum of the frames' bytes. */
  readonly bytes: number
  /**
   * To how many connections this very object is about to be handed, at least: a hint whether a cached wire form pays off.
   */
  readonly readers: number
  /**
   * The same frames, as batches of which other connections are handed some too: an adapter that caches wire forms writes
   * these, one behind the other, in one write.
   *
   * @defaultValue `undefined`: it is in one piece
   */
  readonly parts?: readonly Batch[]
  /**
   * The same frames, as a run of a list of which other connections are handed other runs: an adapter that caches wire forms
   * encodes the list once, and writes a part of it.
   *
   * @defaultValue `undefined`: nobody else is handed a part of it
   */
  readonly run?: FrameRun
}

/** Some frames that follow one another in a list. */
export interface FrameRun {
  /** Only ever added to. */
  readonly list: readonly Frame[]
  /** Where the first one stands. */
  readonly from: number
  /** Where the one behind the last would stand. */
  readonly to: number
}

/**
 * All the hub ever sees of a socket. The adapter implements it; `adapterContract` in `@fanfare/core/testing` says precisely
 * what it has to do.
 */
export interface Conn {
  /**
   * Takes every frame of the batch, in order, in one write. Never throws, never waits, and takes the batch in any case.
   *
   * @returns `true`: there is room for more. `false`: the hub keeps what follows until {@link Session.writable}.
   */
  write(batch: Batch): boolean
  /**
   * `true`: the transport has no pings, so the gateway asks for signs of life in the client's own protocol.
   *
   * @defaultValue `false`: the adapter finds dead peers by itself
   */
  readonly needsPings?: boolean
  /** Bytes taken by `write` and not yet handed to the kernel. */
  readonly bufferedBytes: number
  /**
   * Flushes what was written, then does the closing handshake. Idempotent.
   *
   * @param reason - at most 123 bytes of UTF-8
   */
  close(code: number, reason: string): void
  /** Cuts now and frees the buffers. Idempotent. */
  terminate(): void
}

/** All an adapter tells the hub. The adapter calls in; the hub never subscribes to a socket. */
export interface Session {
  /** The peer sent a whole message: text or binary. */
  receive(data: string | Uint8Array): void
  /** After `write` returned `false`: there is room again. */
  writable(): void
  /** The peer is gone, or said it goes: report a close frame at once, not the end of the TCP connection. Idempotent. */
  closed(code?: number, reason?: string): void
  /**
   * The adapter wants the connection ended: its server is closing (`shutdown`), or the peer gave no sign of life
   * (`idle`). The hub says goodbye in the client's own protocol.
   *
   * @defaultValue `'shutdown'`
   */
  leave(why?: Why): void
}

/**
 * What is known of a connection before it is accepted. Lookups, so that nothing is copied. Once its client is let in, the gateway
 * keeps a part of it: see the option `keptHandshake`.
 */
export interface Handshake {
  /** Below the path at which the gateway is mounted; starts with a slash, without the query. */
  readonly path: string
  /** The first value of a query parameter, decoded. */
  query(name: string): string | undefined
  /** A request header, by lower-case name. */
  header(name: string): string | undefined
  /**
   * All headers, by lower-case names, each once: the gateway keeps some of them, and lets go of the request.
   *
   * @defaultValue absent: once the client is let in, the usual ones alone are known, such as `user-agent`
   */
  readonly headers?: Iterable<readonly [name: string, value: string]>
  /** All parameters of the query, decoded, in their order. @defaultValue absent: none is known once the client is let in */
  readonly queries?: Iterable<readonly [name: string, value: string]>
  /** The peer's address as the transport sees it. */
  readonly remoteAddress?: string | undefined
  /** The subprotocols offered by a WebSocket client, in its order. */
  readonly subprotocols: readonly string[]
  /** The request as the adapter's framework has it, for adapters that say so: Fastify's, with what its hooks put on it. */
  readonly request?: unknown
  readonly transport: 'websocket' | 'sse' | 'poll' | 'memory' | 'other'
}
