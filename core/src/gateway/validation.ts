import type { Contract } from '../contract/contract.ts'
import type { Schema, SchemaIssue, SchemaResult } from '../contract/schema.ts'
import { ClientError } from '../ground/errors.ts'
import type { GatewayMessage } from './gateway-message.ts'
import { after } from './settle.ts'

/** Data as its schema gave it back, which may be `undefined` too. */
export interface Validated {
  readonly value: unknown
}

/** `undefined`: the contract says nothing of it. */
export type Validating = Validated | Promise<Validated> | undefined

/** Checks what clients send against the contract, before anything else sees it. */
export class Validation {
  readonly #contract: Contract
  readonly #patterns: readonly {
    readonly matches: RegExp
    readonly events: Readonly<Record<string, Schema>>
  }[]

  readonly #members: readonly { readonly matches: RegExp; readonly schema: Schema }[]

  constructor(contract: Contract) {
    this.#contract = contract
    this.#members = Object.entries(contract.presence ?? {}).map(([pattern, schema]) => ({
      matches: channelPattern(pattern),
      schema,
    }))
    this.#patterns = Object.entries(contract.events ?? {}).map(([pattern, events]) => ({
      matches: channelPattern(pattern),
      events,
    }))
  }

  /** Whether the contract, if it says anything of messages, has one of this name. */
  knows(message: string): boolean {
    const { messages } = this.#contract
    return !messages || Object.hasOwn(messages, message)
  }

  /**
   * The data of a message as its schema gives it back, or a promise of it; `undefined` when the contract says nothing of
   * it, and then nothing was parsed. Throws or rejects with a ClientError `invalid`.
   */
  message(message: GatewayMessage): Validating {
    const { messages } = this.#contract
    if (!messages) return undefined
    const exchange = Object.hasOwn(messages, message.event) ? messages[message.event] : undefined
    return exchange?.data && check(exchange.data, message.data)
  }

  /** The same for an event that a client publishes on a channel. */
  event(message: GatewayMessage): Validating {
    if (!this.#contract.events) return undefined
    const channel = message.channel ?? ''
    const known = this.#patterns.find(
      ({ matches, events }) => Object.hasOwn(events, message.event) && matches.test(channel),
    )
    const schema = known?.events[message.event]
    if (!schema) throw new ClientError('unknown', 'there is no such event on this channel')
    return check(schema, message.data)
  }

  /** The same for what a client sends to another one directly. */
  direct(message: GatewayMessage): Validating {
    const { direct } = this.#contract
    if (!direct) return undefined
    const schema = Object.hasOwn(direct, message.event) ? direct[message.event] : undefined
    if (!schema) throw new ClientError('unknown', 'there is no such event')
    return check(schema, message.data)
  }

  /**
   * The info of a member of a presence channel as its schema gives it back, or a promise of it. Throws or rejects with a
   * ClientError `invalid`; it is the application's info, so no client is to hear of that.
   */
  presence(channel: string, info: unknown): unknown {
    const schema = this.#members.find(({ matches }) => matches.test(channel))?.schema
    return schema ? after(check(schema, info), ({ value }) => value) : info
  }

  /** The answer of a client to a question; throws or rejects with a ClientError `invalid`. */
  answer(name: string, data: unknown): unknown {
    const schema = this.#contract.questions?.[name]?.reply
    return schema ? after(check(schema, data), ({ value }) => value) : data
  }
}

/** A channel pattern as an expression: a parameter is one or more characters other than a dot. */
export function channelPattern(pattern: string): RegExp {
  const parts = pattern.split(/\{[^}]*\}/).map((part) => part.replace(/[.+?^${}()|[\]\\*]/g, '\\$&'))
  return new RegExp(`^${parts.join('[^.]+')}$`)
}

function check(schema: Schema, data: unknown): Validated | Promise<Validated> {
  return after(schema['~standard'].validate(data), settle)
}

function settle(result: SchemaResult<unknown>): Validated {
  if (!result.issues) return result
  const [first] = result.issues
  throw new ClientError('invalid', first ? `${pathOf(first)}${first.message}` : 'not what the contract says')
}

function pathOf({ path = [] }: SchemaIssue): string {
  const keys = path.map((part) => String(typeof part === 'object' ? part.key : part))
  return keys.length === 0 ? '' : `${keys.join('.')}: `
}
