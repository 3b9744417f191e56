import { type Cancel, FanfareError, isWhy, type Platform, TimerWheel, type Why } from '@fanfare/core/contract'

import { fromBase64, toBase64 } from './base64.ts'
import type { BridgedHub } from './bridged-hub.ts'
import type { Driver, Event } from './event.ts'
import { inboxOf } from './event-fault.ts'
import { newIncarnation } from './incarnation.ts'

/**
 * What became of something meant for one client. `delivered`: its node handed it to the client's outbox, or closed it.
 * `not_found`: its node has no such client (any more). `unreachable`: its node did not answer in time, or the bus is down.
 */
export type Outcome = 'delivered' | 'not_found' | 'unreachable'

/** Something meant for one client. */
export type Command =
  | {
      readonly do: 'send'
      readonly to: string
      readonly payload: string | Uint8Array
      readonly event?: string | undefined
      readonly key?: string | undefined
    }
  | {
      readonly do: 'disconnect'
      readonly to: string
      readonly code?: number | Why | undefined
      readonly reason?: string | undefined
    }

/** A command as it travels. */
interface Wired {
  readonly to: string
  readonly ref: number
  readonly reply: string
  /** The incarnation of who asks: an answer is for no other process that has its number. */
  readonly by: string
  readonly data?: string
  readonly binary?: true
  readonly event?: string
  readonly key?: string
  readonly code?: number | Why
  readonly reason?: string
}

const CLIENT_ID = /^(\d{1,10})\.\d+$/

/** Sends commands to the node that a client id names, executes those that come here, and answers them. */
export class Unicast {
  readonly #hub: BridgedHub
  readonly #driver: Driver
  readonly #platform: Platform
  readonly #wheel: TimerWheel
  readonly #patienceMs: number
  #made: string | undefined
  readonly #asked = new Map<number, (outcome: Outcome) => void>()
  #lastRef = 0

  constructor(hub: BridgedHub, driver: Driver, platform: Platform, patienceMs: number) {
    this.#hub = hub
    this.#driver = driver
    this.#platform = platform
    this.#wheel = new TimerWheel(platform)
    this.#patienceMs = patienceMs
  }

  /** Drawn when it is first needed: a node on its own needs none, nor the random bytes for it. */
  get #incarnation(): string {
    return (this.#made ??= newIncarnation(this.#platform))
  }

  /** How many wait for an outcome. */
  get waiting(): number {
    return this.#asked.size
  }

  /** Never rejects. */
  async order(command: Command): Promise<Outcome> {
    const node = CLIENT_ID.exec(command.to)?.[1]
    // An id of another form names no node: if there is such a client, it is here.
    if (node === undefined || node === this.#hub.node) return execute(this.#hub, command)
    const ref = ++this.#lastRef
    const answered = this.#answer(ref)
    this.#post(node, command.do, wired(command, { ref, reply: this.#hub.node, by: this.#incarnation })).catch(
      () => this.#settle(ref, 'unreachable'),
    )
    return answered
  }

  /** What comes for this node. Never throws. */
  receive({ name, payload }: Event): void {
    const message = parsed(payload)
    if (!message) return
    if (name === 'outcome') this.#outcome(message)
    else if (name === 'send' || name === 'disconnect') this.#command(name, message)
  }

  /** Nobody waits any longer. */
  end(): void {
    for (const ref of [...this.#asked.keys()]) this.#settle(ref, 'unreachable')
  }

  #answer(ref: number): Promise<Outcome> {
    return new Promise((resolve) => {
      const cancel: Cancel = this.#wheel.after(this.#patienceMs, () => this.#settle(ref, 'unreachable'))
      this.#asked.set(ref, (outcome) => {
        cancel()
        resolve(outcome)
      })
    })
  }

  #settle(ref: number, outcome: Outcome): void {
    const resolve = this.#asked.get(ref)
    this.#asked.delete(ref)
    resolve?.(outcome)
  }

  #outcome({ ref, by, outcome }: Record<string, unknown>): void {
    // An answer to the process before this one, which had the same number; a node of before does not say for whom it is.
    if (typeof ref !== 'number' || (by !== undefined && by !== this.#incarnation)) return
    if (outcome === 'delivered' || outcome === 'not_found') this.#settle(ref, outcome)
  }

  #command(name: Command['do'], message: Record<string, unknown>): void {
    const { ref, reply, by } = message
    const command = commandOf(name, message)
    if (!command || typeof ref !== 'number' || typeof reply !== 'string' || !/^\d{1,10}$/.test(reply)) return
    const outcome = execute(this.#hub, command)
    // Whoever asked has given up by the time that this fails.
    this.#post(reply, 'outcome', { ref, by: isShort(by) ? by : undefined, outcome }).catch(() => {})
  }

  async #post(node: string, name: string, message: object): Promise<void> {
    await this.#driver.publish({ channel: inboxOf(node), name, payload: JSON.stringify(message) })
  }
}

/** Never throws: a hub that is closed, or about to be, has no clients any more. */
function execute(hub: BridgedHub, command: Command): Outcome {
  try {
    const found = command.do === 'send' ? send(hub, command) : disconnect(hub, command)
    return found ? 'delivered' : 'not_found'
  } catch {
    return 'not_found'
  }
}

function send(hub: BridgedHub, { to, payload, event, key }: Command & { do: 'send' }): boolean {
  return hub.sendTo(to, payload, { event, key })
}

function disconnect(hub: BridgedHub, { to, code, reason }: Command & { do: 'disconnect' }): boolean {
  const client = hub.client(to)
  client?.close(code, reason)
  return client !== undefined
}

function wired(command: Command, question: Pick<Wired, 'ref' | 'reply' | 'by'>): object {
  const { to } = command
  if (command.do === 'disconnect') return { to, ...question, code: command.code, reason: command.reason }
  const { payload, event, key } = command
  const data = typeof payload === 'string' ? { data: payload } : { data: toBase64(payload), binary: true }
  return { to, ...question, event, key, ...data }
}

function parsed(payload: Event['payload']): Record<string, unknown> | undefined {
  if (typeof payload !== 'string') return undefined
  try {
    const value: unknown = JSON.parse(payload)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

/** `undefined` when it makes no sense: the bus is not trusted. */
function commandOf(name: Command['do'], message: Record<string, unknown>): Command | undefined {
  const { to, data, binary, event, key, code, reason } = message as Partial<Wired>
  if (typeof to !== 'string' || ![event, key, reason].every(isMaybeText)) return undefined
  if (name === 'disconnect') return closeFault(code) ? undefined : { do: name, to, code, reason }
  const payload = typeof data === 'string' && binary ? fromBase64(data) : data
  return payload === undefined || typeof data !== 'string' ? undefined : { do: name, to, payload, event, key }
}

/** What is sent back as it came is not long. */
function isShort(value: unknown): boolean {
  return typeof value === 'string' && value.length <= 64
}

function isMaybeText(value: unknown): boolean {
  return value === undefined || typeof value === 'string'
}

/** Why a client cannot be closed with this. */
function closeFault(code: unknown): string | undefined {
  if (code === undefined || code === 1000) return undefined
  const ours = typeof code === 'number' && Number.isInteger(code) && code >= 3000 && code <= 4999
  return ours || isWhy(code) ? undefined : 'a client is closed with a word, 1000, or 3000 to 4999'
}

/** @throws FanfareError `bad-message` */
export function assertCloseCode(code: unknown): void {
  const fault = closeFault(code)
  if (fault) throw new FanfareError('bad-message', fault)
}

/** @throws FanfareError `bad-message` */
export function assertPayload(payload: unknown): void {
  if (typeof payload === 'string' || payload instanceof Uint8Array) return
  throw new FanfareError('bad-message', 'payload is a string or bytes')
}
