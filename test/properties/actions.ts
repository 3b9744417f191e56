import type { Lane, OverflowAction } from '@fanfare/core'

/**
 * What can be done to a hub, as plain data, so that a failing run is a list that can be printed and played again. A client
 * or a call is named by a number: that many-th of those there are, counted round.
 *
 * @module
 */

export const CHANNELS = ['a', 'b', 'private-p', 'presence-r', 'presence-s'] as const

/** What an authorizer says. `rubbish` is no answer at all; `bad-info` is a member that JSON cannot print. */
export type Answer =
  | { readonly say: 'allow'; readonly who: number; readonly expiresInMs?: number }
  | { readonly say: 'yes' | 'no' | 'deny' | 'reject' | 'throw' | 'rubbish' | 'bad-info' }

export interface Content {
  /** Bytes, at least. */
  readonly size: number
  readonly binary?: boolean
  /** Padded with a character of two bytes. */
  readonly wide?: boolean
  /** The dialect `strict` cannot encode it, and throws. */
  readonly poison?: boolean
}

/** Where the application is called back by the hub: there a trap may do something to the hub. */
export type Place =
  | 'authorizer'
  | 'policy'
  | 'write'
  | 'handler'
  | 'connect'
  | 'disconnect'
  | 'subscribe'
  | 'unsubscribe'
  | 'presence'
  | 'occupied'
  | 'vacated'
  | 'drop'

/** Whatever may be done at any moment, in the middle of a callback too. */
export type Action =
  | { readonly do: 'add'; readonly dialect: number; readonly highWater: number }
  | { readonly do: 'subscribe'; client: number; channel: number; credentials?: number; ref?: number }
  | { readonly do: 'unsubscribe'; client: number; channel: number; ref?: number }
  | { readonly do: 'renew'; client: number; channel: number; credentials?: number; ref?: number }
  | { readonly do: 'review'; channel: number }
  | { readonly do: 'broadcast'; channels: number[]; except: number[]; key?: string; content: Content }
  | {
      readonly do: 'publish'
      channel: number
      except: number[]
      event?: string
      key?: string
      content: Content
    }
  | { readonly do: 'deliver'; channel: number; content: Content }
  | { readonly do: 'malformed' }
  | { readonly do: 'send'; client: number; event?: string; key?: string; content: Content }
  | { readonly do: 'sendTo'; client: number; content: Content }
  | { readonly do: 'sendToMany'; clients: number[]; key?: string; content: Content }
  | { readonly do: 'tell'; client: number; lane: Lane; size: number }
  | { readonly do: 'gap'; channel: number }
  | { readonly do: 'close'; client: number; code?: number | 'terminated' | 'slow'; reason?: string }
  | { readonly do: 'leave'; client: number }
  | { readonly do: 'serve'; client: number }
  | { readonly do: 'says'; client: number; size: number }
  | { readonly do: 'peerCloses'; client: number; code: number }
  | { readonly do: 'stall'; client: number }
  | { readonly do: 'resume'; client: number }
  | { readonly do: 'failNextWrite'; client: number }
  | { readonly do: 'drain'; client: number; frames: number }
  | { readonly do: 'answer'; call: number; how: Answer }
  | { readonly do: 'authorizer'; how: Answer | 'later' }
  | { readonly do: 'attach' }
  | { readonly do: 'detach' }
  | { readonly do: 'relayAnswer'; call: number; ok: boolean }
  | { readonly do: 'relay'; open: RelayMode; publish: RelayMode }
  | { readonly do: 'closeHub' }

/** How a relay answers: at once, when it is told to, or not at all but with an error. */
export type RelayMode = 'now' | 'later' | 'throw'

/** What a callback does; or, with `throw` and `reject`, how it fails. */
export type Trapped = readonly Action[] | 'throw' | 'reject'

/** One step of a run. */
export type Step =
  | Action
  | { readonly do: 'trap'; readonly at: Place; readonly what: Trapped }
  /** The turn of the event loop ends, without promises going on. */
  | { readonly do: 'turn' }
  /** Promises go on. */
  | { readonly do: 'promises' }
  /** Both, until nothing is left to do. */
  | { readonly do: 'settle' }
  /** Time passes, in ticks of 100 ms; nothing is left to do after each. */
  | { readonly do: 'advance'; readonly ticks: number }

/** A word, or the words a function returns one after the other; `rubbish` is none. */
export type PolicyChoice = OverflowAction | readonly (OverflowAction | 'rubbish')[]

export interface Setup {
  readonly frames: number
  readonly bytes: number
  readonly policy: PolicyChoice
  /** For the channels whose names begin with `pr`, and so for all but the public ones. */
  readonly guardedPolicy: PolicyChoice
  readonly writeTimeoutMs: number
  readonly authorization: { timeoutMs: number; concurrent: number; pendingPerClient: number } | 'none'
  readonly maxChannelsPerClient: number
  /** Whether there are listeners at all, and what the one for errors does. */
  readonly listening: boolean
  readonly errors: 'heard' | 'listener throws' | 'unheard'
  readonly ending: 'clients leave' | 'hub closes'
}

/** A client that is there from the beginning, in these channels. */
export interface Seat {
  readonly dialect: number
  readonly highWater: number
  readonly channels: readonly number[]
  /** It takes nothing from the beginning. */
  readonly stalled: boolean
}

export interface Tape {
  readonly setup: Setup
  readonly seats: readonly Seat[]
  readonly steps: readonly Step[]
}
