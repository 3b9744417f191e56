import type { Payload } from '../ground/payload.ts'
import type { Why } from '../ground/why.ts'
import type { Handshake } from './conn.ts'
import type { Origin } from './message.ts'
import type { SharedText, SplicedText } from './shared-text.ts'

/** What goes on the wire: text, bytes, or text with a part in it that other frames have, too. */
export type WireData = string | Uint8Array | SplicedText

/** A client's own number or word for a request, echoed untouched in the answer. */
export type Ref = string | number

/** A member as protocols write it: the id in the JSON type the authorizer gave it, the info as JSON text. */
export interface MemberText {
  readonly id: string | number
  /** JSON text; absent when there is no info. */
  readonly info?: string | undefined
}

/** The members of a presence channel at one moment. */
export interface RosterView {
  readonly members: readonly MemberText[]
  /** What `make` returns, made once per version of the roster and `shape` (a name that a protocol chooses). */
  text(shape: string, make: (members: readonly MemberText[]) => string): string
  /**
   * What `each` returns for every member, with commas between: made of each member once per `shape`, and put into a frame with
   * `splice`. Far cheaper than {@link text} where many join at once: whoever joins is appended, and nothing is copied.
   */
  list(shape: string, each: (member: MemberText) => string): SharedText
}

/** What a client asks of the gateway. */
export type Command =
  | { do: 'auth'; ref?: Ref | undefined; credentials: unknown }
  | { do: 'subscribe'; ref?: Ref | undefined; channel: string; credentials?: unknown }
  | { do: 'unsubscribe'; ref?: Ref | undefined; channel: string }
  | { do: 'publish'; ref?: Ref | undefined; channel: string; event: string; data: Payload; echo?: boolean }
  | { do: 'send'; ref?: Ref | undefined; to: Origin; event: string; data: Payload }
  | { do: 'call'; ref?: Ref | undefined; method: string; data: Payload }
  | { do: 'answer'; ref: Ref; data?: Payload; error?: string }
  | { do: 'members'; ref?: Ref | undefined; channel: string }
  | { do: 'ping'; ref?: Ref | undefined }
  | { do: 'pong' }
  /** A whole message without any structure that the protocol knows: `plain` has nothing else. */
  | { do: 'raw'; data: Payload }
  /** Bytes that are no legal frame here. `close`: the protocol wants the connection ended for it. */
  | { do: 'reject'; ref?: Ref | undefined; why: Why; detail?: string; close?: boolean }

/** What one client is told. Encoded for it alone. */
export type Unicast =
  | { on: 'open'; client: string; heartbeatMs: number }
  | { on: 'authed'; ref?: Ref | undefined; user?: string | undefined }
  /** `roster` only for presence channels: by the trait, without or with the newcomer. `again`: it was subscribed already. */
  | {
      on: 'subscribed'
      ref?: Ref | undefined
      channel: string
      again: boolean
      me?: MemberText
      roster?: RosterView
    }
  /** `why` when it was not the client that asked: `expired`, `unauthorized`, … */
  | { on: 'unsubscribed'; ref?: Ref | undefined; channel: string; why?: Why | undefined }
  | { on: 'expiring'; channel: string; inMs: number }
  | {
      on: 'failed'
      ref?: Ref | undefined
      what: Command['do']
      channel?: string | undefined
      why: Why
      detail?: string | undefined
      afterMs?: number | undefined
    }
  | { on: 'reply'; ref?: Ref | undefined; data?: Payload | undefined }
  | { on: 'members'; ref?: Ref | undefined; channel: string; roster: RosterView }
  /** A question from the server; the client answers with the same ref. */
  | { on: 'ask'; ref: Ref; method: string; data: Payload }
  | { on: 'ping' }
  | { on: 'pong'; ref?: Ref | undefined }

/** What many clients are told: encoded once per protocol, whoever receives it. */
export type Broadcast =
  /** Without a channel: to one client directly, or to everybody. */
  | {
      on: 'message'
      channel?: string | undefined
      event?: string | undefined
      data: Payload
      from?: Origin | undefined
      id?: string | undefined
    }
  | { on: 'join'; channel: string; member: MemberText }
  | { on: 'leave'; channel: string; member: MemberText }
  /** The whole roster anew, for a client that was too slow for the single changes. Includes the client itself. */
  | { on: 'roster'; channel: string; roster: RosterView }
  /** `count` messages of the channel (of direct ones, without a channel) are missing here; 0 when nobody knows how many. */
  | { on: 'gap'; channel?: string | undefined; count: number; reason: GapReason }

/** Where messages were lost: before this client's slow connection, or on the bus between nodes. */
export type GapReason = 'slow' | 'bus'

/** In what a protocol differs for the hub and the gateway. */
export interface Traits {
  readonly presence: {
    /** Whether a newcomer is told of its own join. */
    readonly joinToSelf: boolean
    /** Whether a newcomer stands in the roster that it is sent on subscribing. */
    readonly selfInRoster: boolean
  }
  /** What is done with a hole in what a client gets: a frame says so, the connection is closed, or it is counted only. */
  readonly gap: 'frame' | 'close' | 'count'
  /** Whether a connection has to say something first; it is closed if it does not (7 s). */
  readonly firstMessage: 'expected' | 'optional'
}

/** A connection as a protocol sees it at the beginning. */
export interface Opened<Scratch> {
  /** The protocol's own memory of this connection: plain data, handed back at each call. */
  readonly scratch: Scratch
  /** Whether the client is greeted with `open` at once. */
  readonly greet: boolean
  /** What the handshake itself asked for, as if the client had sent it first. */
  readonly commands?: readonly Command[]
  /** Accept, say why, close: for clients that do not understand an HTTP status. */
  readonly refuse?: { readonly why: Why; readonly detail?: string }
}

/** The last words of a connection. */
export interface Farewell {
  readonly frames: readonly WireData[]
  /** A WebSocket close code. */
  readonly code: number
  readonly reason: string
}

/**
 * A dialect: a pure codec that holds no connection. The hub uses `unicast`, `broadcast` and `bye`; the gateway the rest.
 * One object is one dialect: clients with the same object share what is encoded for many.
 */
export interface Protocol<Scratch = unknown> {
  readonly name: string
  readonly traits: Traits
  /** A connection arrives. */
  open(handshake: Handshake): Opened<Scratch>
  /** A whole message of the client becomes commands, to be run in order. Never throws. */
  decode(data: string | Uint8Array, scratch: Scratch): readonly Command[]
  /** For one client: none, one or several frames. */
  unicast(event: Unicast, scratch: Scratch): readonly WireData[]
  /** For many clients: one frame, or `undefined` when this dialect has no such thing or cannot carry it. */
  broadcast(event: Broadcast): WireData | undefined
  /** The hub ends the connection: last frames, and the close code that this dialect's clients understand. */
  bye(why: Why, scratch: Scratch, detail?: string): Farewell
}
