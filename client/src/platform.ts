/**
 * The one file of the client that looks at the host. What it needs is described structurally, so that neither Node's nor
 * the DOM's types leak into the programs of its users.
 *
 * @module
 */
import type { Cancel, Clock, Scheduler } from '@fanfare/core/contract'

import type { WebSocketClass } from './websocket-like.ts'

/** What the client needs of the host it runs on. Every part can be replaced with the option `platform`. */
export interface ClientPlatform {
  /** Tells how late a timer is. */
  readonly clock: Pick<Clock, 'monotonic'> & Partial<Pick<Clock, 'now'>>
  /** Calls back later. */
  readonly scheduler: Pick<Scheduler, 'after'>
  /** A number from 0 up to, but not including, 1. Spreads the clients' attempts. */
  random(): number
  /**
   * Calls back whenever the network (`'network'`) or the page (`'page'`) comes back, and when the page is put away to stand still
   * until somebody goes back to it (`'away'`). Returns how to stop that.
   */
  onWake(callback: (what: Wake) => void): Cancel
  /** Where an error goes that nobody listens for, and what a listener throws. */
  reportError(error: unknown): void
  /** Remembers across page loads which transport works. `null`: nothing does. @defaultValue the host's `sessionStorage` */
  readonly storage?: StorageLike | null | undefined
}

/** What happened to the page, or to its network. */
export type Wake = 'network' | 'page' | 'away'

/** The part of `Storage` that the client uses. It may throw. */
export interface StorageLike {
  getItem(key: string): string | null
  setItem(key: string, value: string): void
  removeItem(key: string): void
}

/** What the client asks `fetch` for. `signal` is the host's own, whatever its type. */
export interface FetchInit {
  readonly method: 'GET' | 'POST'
  readonly headers?: Record<string, string>
  readonly body?: string
  readonly credentials: 'include' | 'same-origin'
  readonly cache: 'no-store'
  readonly keepalive?: boolean
  readonly signal: never
}

/** The part of a `Response` that the client uses. */
export interface FetchResponse {
  readonly status: number
  readonly body: { getReader(): BodyReader; cancel(): Promise<unknown> } | null
}

/** Reads a body, as `ReadableStreamDefaultReader` does. */
export interface BodyReader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array | undefined }>
  cancel(): Promise<unknown>
}

/** The host's `fetch`, or one that does the same. */
export type FetchLike = (url: string, init: FetchInit) => Promise<FetchResponse>

/** Turns bytes to text, and keeps a character that is not whole until the rest of it comes. */
export interface DecoderLike {
  decode(bytes: Uint8Array, options: { readonly stream: true }): string
}

/** Calls off a request. */
export interface AborterLike {
  readonly signal: unknown
  abort(): void
}

/** The part of `AbortSignal` that the client uses. */
export interface AbortSignalLike {
  readonly aborted: boolean
  readonly reason?: unknown
  addEventListener(type: 'abort', listener: () => void): void
  removeEventListener(type: 'abort', listener: () => void): void
}

/** The part of an event that the client looks at. */
interface EventLike {
  readonly persisted?: boolean
}

interface EventTargetLike {
  addEventListener?(type: string, listener: (event: EventLike) => void): void
  removeEventListener?(type: string, listener: (event: EventLike) => void): void
}

/** The globals the client would like to find. All but the timers may be missing. */
interface Host extends EventTargetLike {
  readonly setTimeout: (callback: () => void, ms: number) => unknown
  readonly clearTimeout: (timer: unknown) => void
  readonly performance?: { now(): number }
  readonly WebSocket?: WebSocketClass
  readonly fetch?: FetchLike
  readonly TextDecoder: new () => DecoderLike
  readonly AbortController: new () => AborterLike
  readonly sessionStorage?: StorageLike
  readonly document?: EventTargetLike & { readonly visibilityState?: string }
  readonly location?: { readonly protocol: string; readonly host: string }
  readonly reportError?: (error: unknown) => void
  readonly console?: { error(...values: unknown[]): void }
}

function host(): Host {
  return globalThis as unknown as Host
}

/** The host's WebSocket class; Node has one from version 22 on. */
export function hostWebSocket(): WebSocketClass | undefined {
  return host().WebSocket
}

/** The host's `fetch`; called as a function of the host, since browsers insist on that. */
export function hostFetch(): FetchLike | undefined {
  const { fetch } = host()
  return fetch && ((url, init) => fetch(url, init))
}

/** What goes with `fetch` in every host. */
export function hostAborter(): AborterLike {
  return new (host().AbortController)()
}

/** A decoder of UTF-8. */
export function hostDecoder(): DecoderLike {
  return new (host().TextDecoder)()
}

/** The host's `sessionStorage`. A page that may not use it gets none. */
export function hostStorage(): StorageLike | undefined {
  try {
    return host().sessionStorage
  } catch {
    return undefined
  }
}

/** Milliseconds since 1970. */
export function hostNow(): number {
  return Date.now()
}

/** `ws://host` or `wss://host` of the page the client runs in. */
export function hostOrigin(): string | undefined {
  const { location } = host()
  if (!location?.host) return undefined
  return `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}`
}

/** The platform the client uses when the user gives none. */
export function hostPlatform(): ClientPlatform {
  return {
    clock: { monotonic: () => host().performance?.now() ?? Date.now() },
    scheduler: {
      // Unlike the server's timers these keep a Node process alive: one that waits to reconnect is not done.
      after: (ms, callback) => {
        const timer = host().setTimeout(callback, ms)
        return () => host().clearTimeout(timer)
      },
    },
    random: () => Math.random(),
    onWake,
    reportError: (error) => {
      const { reportError, console } = host()
      if (reportError) reportError(error)
      else console?.error('fanfare: an error that nobody listens for:', error)
    },
  }
}

function onWake(callback: (what: Wake) => void): Cancel {
  const page = host()
  const { document } = page
  const cancels = [
    listen(page, 'online', () => callback('network')),
    listen(document, 'visibilitychange', () => {
      if (document?.visibilityState !== 'hidden') callback('page')
    }),
    // Persisted: it goes into the cache for going back and forth, or comes out of it. Otherwise it ends, or begins.
    listen(page, 'pagehide', ({ persisted }) => {
      if (persisted) callback('away')
    }),
    listen(page, 'pageshow', ({ persisted }) => {
      if (persisted) callback('page')
    }),
  ]
  return () => {
    for (const cancel of cancels) cancel()
  }
}

function listen(
  target: EventTargetLike | undefined,
  type: string,
  listener: (event: EventLike) => void,
): Cancel {
  target?.addEventListener?.(type, listener)
  return () => target?.removeEventListener?.(type, listener)
}
