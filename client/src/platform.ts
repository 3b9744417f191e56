/**
 * The one file of the client that looks at the host. What it needs is described structurally, so that neither Node's nor
 * the DOM's types leak into the programs of its users.
 *
 * @module
 */
import type { Cancel, Clock, Scheduler } from '@fanfare/core/contract'

import type { WebSocketClass } from './websocket-transport.ts'

/** What the client needs of the host it runs on. Every part can be replaced with the option `platform`. */
export interface ClientPlatform {
  /** Tells how late a timer is. */
  readonly clock: Pick<Clock, 'monotonic'>
  /** Calls back later. */
  readonly scheduler: Pick<Scheduler, 'after'>
  /** A number from 0 up to, but not including, 1. Spreads the clients' attempts. */
  random(): number
  /** Calls back whenever the network or the page comes back. Returns how to stop that. */
  onWake(callback: () => void): Cancel
  /** Where an error goes that nobody listens for, and what a listener throws. */
  reportError(error: unknown): void
}

/** The part of `AbortSignal` that the client uses. */
export interface AbortSignalLike {
  readonly aborted: boolean
  readonly reason?: unknown
  addEventListener(type: 'abort', listener: () => void): void
  removeEventListener(type: 'abort', listener: () => void): void
}

interface EventTargetLike {
  addEventListener?(type: string, listener: () => void): void
  removeEventListener?(type: string, listener: () => void): void
}

/** The globals the client would like to find. All but the timers may be missing. */
interface Host extends EventTargetLike {
  readonly setTimeout: (callback: () => void, ms: number) => unknown
  readonly clearTimeout: (timer: unknown) => void
  readonly performance?: { now(): number }
  readonly WebSocket?: WebSocketClass
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

function onWake(callback: () => void): Cancel {
  const { document } = host()
  const seen = (): void => {
    if (document?.visibilityState !== 'hidden') callback()
  }
  host().addEventListener?.('online', callback)
  document?.addEventListener?.('visibilitychange', seen)
  return () => {
    host().removeEventListener?.('online', callback)
    document?.removeEventListener?.('visibilitychange', seen)
  }
}
