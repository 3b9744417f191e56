import { FanfareError, knownOptions, OptionError } from '@fanfare/core/contract'

import { Broadcast } from './broadcast.ts'
import type { Driver } from './event.ts'

/** Something that happened, and that says itself how it is broadcast. */
export interface Broadcastable {
  /** Where to: full names of channels, prefixes included. */
  broadcastOn(): string | readonly string[]
  /** The event's name. Without it, the name of the class, which a minifier may change. */
  broadcastAs?(): string
  /**
   * The data; nothing else leaves the process. Without it, the object's own enumerable properties that are no
   * functions: no #private fields, no getters of the class, but fields that TypeScript alone calls `private`.
   */
  broadcastWith?(): unknown
  /** Whether it is broadcast at all; asked first. Without it, it is. */
  broadcastWhen?(): boolean | Promise<boolean>
  /** Id of the client that does not get it, as for `toOthers`. */
  broadcastToOthers?(): string | null | undefined
}

/** How an event is dispatched. */
export interface DispatchOptions {
  /** Id of a client that does not get it, besides the one that the event itself leaves out. Empty: nobody. */
  readonly toOthers?: string | null | undefined
}

/**
 * Broadcasts an event by what it says of itself. Resolves when the bus has it on every channel, or when
 * `broadcastWhen` says no, and then nothing else of the event was called. Rejects as `emit` does, with whatever one
 * of its methods throws, with a FanfareError `bad-message` when there is no name, and with an OptionError for unknown
 * options or when `broadcastOn` gives neither a string nor a list.
 */
export async function dispatch(
  driver: Driver,
  event: Broadcastable,
  options: DispatchOptions = {},
): Promise<void> {
  knownOptions('dispatch', options, ['toOthers'])
  const wanted = event.broadcastWhen?.() ?? true
  // Without a promise to wait for, the event is printed as it is now.
  if (!(typeof wanted === 'boolean' ? wanted : await wanted)) return
  await new Broadcast(driver, { channels: channelsOf(event) })
    .toOthers(event.broadcastToOthers?.())
    .toOthers(options.toOthers)
    .emit(nameOf(event), event.broadcastWith ? event.broadcastWith() : ownData(event))
}

function channelsOf(event: Broadcastable): readonly string[] {
  const on: unknown = event.broadcastOn()
  if (typeof on === 'string') return [on]
  // What is in the list is checked where all channel names are.
  if (Array.isArray(on)) return on as readonly string[]
  throw new OptionError('broadcastOn', 'a channel name or a list of them for its result', on)
}

function nameOf(event: Broadcastable): string {
  if (event.broadcastAs) return event.broadcastAs()
  // An object without a prototype has no constructor; one of its own would be data.
  const { constructor: made } = event as { readonly constructor?: unknown }
  const name = typeof made === 'function' && made !== Object ? made.name : ''
  if (name !== '') return name
  throw new FanfareError('bad-message', 'an event that is of no named class needs a method broadcastAs')
}

function ownData(event: Broadcastable): object {
  return Object.fromEntries(Object.entries(event).filter(([, value]) => typeof value !== 'function'))
}
