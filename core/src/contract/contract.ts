import type { InputOf, OutputOf, Schema } from './schema.ts'

/** What is said under one name: the data, and the answer if there is one. */
export interface Exchange {
  readonly data?: Schema | undefined
  readonly reply?: Schema | undefined
}

/**
 * What server and clients say to each other, in one object: everything that uses it is typed by it, and what comes in is
 * validated by it. Every part may be left out.
 *
 * Channels are named by patterns such as `orders.{orgId}`: a parameter stands for one or more characters other than a
 * dot. Prefixes are part of the pattern: `presence-room.{id}`.
 */
export interface Contract {
  /** Server to clients: channel pattern, then event name, then the schema of its data. */
  readonly events?: Readonly<Record<string, Readonly<Record<string, Schema>>>> | undefined
  /** Server to one client directly: event name to the schema of its data. */
  readonly direct?: Readonly<Record<string, Schema>> | undefined
  /** Client to server: message name to its data and reply. */
  readonly messages?: Readonly<Record<string, Exchange>> | undefined
  /** Server asks a client: question to its data and reply. */
  readonly questions?: Readonly<Record<string, Exchange>> | undefined
  /** Presence channel pattern to the schema of its members' info. */
  readonly presence?: Readonly<Record<string, Schema>> | undefined
}

/** Returns the contract as it is; its only use is that TypeScript keeps the names and schemas. */
export function defineContract<const C extends Contract>(contract: C): C {
  return contract
}

/** The names of the parameters in a channel pattern. */
export type ParamsOf<Pattern extends string> = Pattern extends `${string}{${infer Name}}${infer Rest}`
  ? Name | ParamsOf<Rest>
  : never

/** The channel names that a pattern stands for. */
export type ChannelOf<Pattern extends string> = Pattern extends `${infer Head}{${string}}${infer Rest}`
  ? `${Head}${string}${ChannelOf<Rest>}`
  : Pattern

/** What a contract says of a part; `undefined` when it says nothing. */
type Part<C, Name extends keyof Contract> = C extends { readonly [N in Name]: infer P } ? P : undefined

type Keys<P> = P extends undefined ? string : keyof P & string

/** The patterns in a part whose channels the name can be. */
type PatternsFor<P, Channel extends string> = {
  [Pattern in keyof P & string]: Channel extends ChannelOf<Pattern> ? Pattern : never
}[keyof P & string]

/** Channel names that a contract knows; any when it says nothing of events. */
export type ChannelNames<C> =
  Part<C, 'events'> extends undefined ? string : ChannelOf<Keys<Part<C, 'events'>>>

/** Channel patterns of a contract; any string when it says nothing of events. */
export type ChannelPatterns<C> = Keys<Part<C, 'events'>>

/** The events of a channel, or of a pattern: name to schema. */
type EventsOn<C, Channel extends string> =
  Part<C, 'events'> extends infer P
    ? P extends undefined
      ? undefined
      : P[PatternsFor<P, Channel> & keyof P]
    : never

/** The events that a channel has. */
export type EventNames<C, Channel extends string> = Keys<EventsOn<C, Channel>>

/** What an event's data looks like to whoever emits it. */
export type EventInput<C, Channel extends string, Event extends string> =
  EventsOn<C, Channel> extends infer E ? (Event extends keyof E ? InputOf<E[Event]> : unknown) : never

/** What an event's data looks like to the clients that receive it: as it was emitted, since nothing transforms it there. */
export type EventOutput<C, Channel extends string, Event extends string> =
  EventsOn<C, Channel> extends infer E ? (Event extends keyof E ? InputOf<E[Event]> : unknown) : never

/** The messages that clients may send. */
export type MessageNames<C> = Keys<Part<C, 'messages'>>

type ExchangeOf<C, Kind extends 'messages' | 'questions', Name extends string> =
  Part<C, Kind> extends infer P ? (Name extends keyof P ? P[Name] : undefined) : undefined

type SchemaIn<E, Side extends keyof Exchange> = E extends { readonly [S in Side]: infer S } ? S : undefined

/** A message's data as the client writes it. */
export type MessageInput<C, Name extends string> = InputOf<SchemaIn<ExchangeOf<C, 'messages', Name>, 'data'>>

/** A message's data as the handler gets it. */
export type MessageOutput<C, Name extends string> = OutputOf<
  SchemaIn<ExchangeOf<C, 'messages', Name>, 'data'>
>

/** What a handler returns. */
export type ReplyInput<C, Name extends string> = InputOf<SchemaIn<ExchangeOf<C, 'messages', Name>, 'reply'>>

/** What the client gets for an answer. */
export type ReplyOutput<C, Name extends string> = InputOf<SchemaIn<ExchangeOf<C, 'messages', Name>, 'reply'>>

/** The questions a server may ask. */
export type QuestionNames<C> = Keys<Part<C, 'questions'>>

/** A question's data as the server writes it, and as the client gets it. */
export type QuestionInput<C, Name extends string> = InputOf<
  SchemaIn<ExchangeOf<C, 'questions', Name>, 'data'>
>
export type QuestionOutput<C, Name extends string> = InputOf<
  SchemaIn<ExchangeOf<C, 'questions', Name>, 'data'>
>

/** A question's answer as the client writes it, and as the server gets it. */
export type AnswerInput<C, Name extends string> = InputOf<SchemaIn<ExchangeOf<C, 'questions', Name>, 'reply'>>
export type AnswerOutput<C, Name extends string> = OutputOf<
  SchemaIn<ExchangeOf<C, 'questions', Name>, 'reply'>
>

/** The direct events of a contract. */
export type DirectNames<C> = Keys<Part<C, 'direct'>>

type DirectSchema<C, Event extends string> =
  Part<C, 'direct'> extends infer P ? (Event extends keyof P ? P[Event] : undefined) : undefined

export type DirectInput<C, Event extends string> = InputOf<DirectSchema<C, Event>>
export type DirectOutput<C, Event extends string> = InputOf<DirectSchema<C, Event>>

/** The info of a presence channel's members. */
export type InfoOf<C, Channel extends string> =
  Part<C, 'presence'> extends infer P
    ? P extends undefined
      ? unknown
      : InputOf<P[PatternsFor<P, Channel> & keyof P]>
    : never
