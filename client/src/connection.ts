import type { Cancel } from '@fanfare/core/contract'

import { delayMs, isTransient, type Verdict } from './backoff.ts'
import { FanfareClientError } from './errors.ts'
import { ENDED, farewell } from './farewell.ts'
import { type FrameOf, frameText, parseFrame, type ServerFrame } from './frames.ts'
import { advisedMs, Heartbeat } from './heartbeat.ts'
import type { ClientSettings } from './options.ts'
import type { Wake } from './platform.ts'
import { withQuery } from './query.ts'
import { refused } from './requests.ts'
import { NEXT, type Signal, type State } from './states.ts'
import type { Link, LinkEvents } from './transport.ts'

/** A change of the connection's state. */
export interface StateChange {
  readonly state: State
  readonly from: State
  /** Why, when something went wrong. */
  readonly error?: FanfareClientError | undefined
  /** When `waiting`: milliseconds until the next attempt. */
  readonly retryInMs?: number | undefined
}

/** What the connection tells the client. */
export interface ConnectionHost {
  /** The server is ready for us. */
  opened(client: string, user: string | undefined): void
  frame(frame: ServerFrame): void
  /** The connection is lost; another attempt will be made. */
  lost(error: FanfareClientError): void
  /** There will be no connection. `error`: somebody else than the application decided so. */
  closed(error: FanfareClientError | undefined): void
  changed(change: StateChange): void
  failed(error: FanfareClientError): void
}

/** The id of the `auth` that is part of connecting; requests count from 1. */
const AUTH_ID = 0
/** How long a server may take to close after it said goodbye, in milliseconds. */
const BYE_MS = 3_000
/** A connection that was open for so long starts counting attempts from zero, in milliseconds. */
const STABLE_MS = 10_000
/** What may be on its way at once, in bytes. */
const MAX_BUFFERED = 1_048_576
const VERSION = 1
/** The close code of a connection that ended without one. */
const NO_CODE = 1006

/**
 * The connection to the server, over and over again. Whatever is asked of the host is numbered by the attempt it belongs
 * to: what comes from an earlier one is not heard.
 */
export class Connection {
  readonly #settings: ClientSettings
  readonly #host: ConnectionHost
  #state: State = 'idle'
  /** Numbers the attempts. */
  #attempt = 0
  #link: Link | undefined
  #heartbeat: Heartbeat | undefined
  /** The one timer: of an attempt, of a goodbye, or of the pause between attempts. */
  #cancelTimer: Cancel | undefined
  #unwatch: Cancel | undefined
  #openedAt = 0
  /** Attempts in a row that did not end in a connection. */
  #failures = 0
  /** Attempts since a connection was stable. */
  #restless = 0
  #welcome: FrameOf<'welcome'> | undefined
  #bye: FrameOf<'bye'> | undefined
  #token: string | undefined
  /** What the server asked for when it let go of us last. */
  #verdict: Verdict = 'retry'

  constructor(settings: ClientSettings, host: ConnectionHost) {
    this.#settings = settings
    this.#host = host
  }

  get state(): State {
    return this.#state
  }

  start(): void {
    if (this.#state !== 'idle' && this.#state !== 'closed') return
    this.#failures = this.#restless = 0
    this.#unwatch = this.#settings.platform.onWake((what) => this.#wake(what))
    this.#try()
  }

  /** Ends it for good, and leaves nothing behind. */
  stop(error?: FanfareClientError): void {
    if (!NEXT[this.#state].stop) return
    this.#drop(false)
    this.#unwatch?.()
    this.#move('stop', error, () => this.#host.closed(error))
  }

  /** Returns whether the message was taken. */
  send(text: string): boolean {
    if (this.#state !== 'open' || !this.#link || this.#link.bufferedBytes > MAX_BUFFERED) return false
    this.#link.send(text)
    return true
  }

  // An attempt.

  #try(): void {
    const attempt = ++this.#attempt
    const { token, getToken } = this.#settings
    this.#hurry()
    if (!getToken) this.#open(token)
    else {
      void Promise.resolve()
        .then(() => getToken())
        .then(
          (token) => {
            if (attempt === this.#attempt) this.#open(token)
          },
          (cause: unknown) => {
            if (attempt !== this.#attempt) return
            const error = new FanfareClientError('token', 'getToken() failed', { cause })
            this.#lost('retry', error)
            this.#host.failed(error)
          },
        )
    }
    this.#move('start')
  }

  #open(given: unknown): void {
    const attempt = this.#attempt
    const { url, tokenIn, transport, platform } = this.#settings
    const token = typeof given === 'string' ? given : undefined
    this.#token = tokenIn === 'query' ? undefined : token
    // The time that getToken() took is not the transport's.
    this.#hurry()
    const events: LinkEvents = {
      message: (data) => {
        if (attempt === this.#attempt) this.#hear(data)
      },
      closed: (code, reason) => {
        if (attempt === this.#attempt) this.#gone(code, reason)
      },
      again: () => {
        if (attempt === this.#attempt) this.#hurry()
      },
    }
    try {
      const full = this.#token === token ? url : withQuery(url, `token=${encodeURIComponent(token ?? '')}`)
      this.#link = transport.open(full, events, platform)
    } catch (cause) {
      const error = new FanfareClientError('disconnected', 'the connection could not be made', { cause })
      this.#arm(0, () => this.#lost('retry', error))
    }
  }

  #hurry(): void {
    const { connectTimeoutMs } = this.#settings
    const why = `no connection within ${String(connectTimeoutMs)} ms`
    this.#arm(connectTimeoutMs, () => this.#lost('retry', new FanfareClientError('timeout', why)))
  }

  #hear(data: unknown): void {
    this.#heartbeat?.heard()
    const frame = parseFrame(data)
    if (!frame) return
    if (frame.op === 'bye') this.#leave(frame)
    else if (frame.op === 'ping') this.#link?.send(frameText({ op: 'pong' }))
    else if (this.#state === 'open') this.#host.frame(frame)
    else this.#shakeHands(frame)
  }

  #shakeHands(frame: ServerFrame): void {
    if (frame.op === 'welcome') this.#greeted(frame)
    else if (frame.op === 'ok' && frame.id === AUTH_ID && this.#welcome) this.#ready(frame.user)
    else if (frame.op === 'err' && frame.id === AUTH_ID) {
      // As with a connection that was closed: a new token is let in where an expired one is not.
      const renews = frame.code === 'expired' && this.#settings.getToken
      this.#lost(renews || isTransient(frame.code) ? 'later' : 'never', refused(frame))
    }
  }

  #greeted(welcome: FrameOf<'welcome'>): void {
    if (this.#welcome) return
    this.#welcome = welcome
    if (welcome.v !== VERSION) {
      const why = `the server speaks version ${String(welcome.v)}, this client ${String(VERSION)}`
      this.#lost('never', new FanfareClientError('bad-version', why))
    } else if (this.#token === undefined) this.#ready(welcome.user)
    else this.#link?.send(frameText({ op: 'auth', token: this.#token }, AUTH_ID))
  }

  #ready(user: string | undefined): void {
    const { client = '', heartbeat = 0 } = this.#welcome ?? {}
    const { clock } = this.#settings.platform
    this.#disarm()
    this.#openedAt = clock.monotonic()
    this.#failures = 0
    this.#heartbeat = this.#beat(heartbeat)
    this.#move('ready', undefined, () => this.#host.opened(client, user))
  }

  #beat(seconds: number): Heartbeat {
    const { platform, pingIntervalMs, pongTimeoutMs } = this.#settings
    return new Heartbeat(
      {
        intervalMs: pingIntervalMs ?? advisedMs(seconds),
        timeoutMs: pongTimeoutMs,
        ping: () => this.#link?.send(frameText({ op: 'ping' })),
        dead: () => this.#lost('retry', new FanfareClientError('disconnected', 'no sign of life'), true),
      },
      platform,
    )
  }

  // The end of one.

  #leave(bye: FrameOf<'bye'>): void {
    this.#bye = bye
    this.#arm(BYE_MS, () => this.#gone(0, ''))
  }

  #gone(code: number, reason: string): void {
    // Before the welcome an ordinary end is somebody else's: a proxy's, which took the socket for a page that was read.
    const heard = code === ENDED && !this.#welcome ? NO_CODE : code
    const { verdict, error } = farewell(heard, reason, this.#bye, this.#settings.getToken !== undefined)
    this.#lost(verdict, error)
  }

  #lost(verdict: Verdict, error: FanfareClientError, cut = false): void {
    const { maxAttempts, backoff, platform } = this.#settings
    const wasOpen = this.#state === 'open'
    if (wasOpen && platform.clock.monotonic() - this.#openedAt >= STABLE_MS) this.#restless = 0
    if (!wasOpen) this.#failures++
    if (verdict === 'never') {
      this.stop(error)
      return
    }
    if (this.#failures >= maxAttempts) {
      const why = `${String(maxAttempts)} attempts failed`
      this.stop(new FanfareClientError('attempts', why, { cause: error }))
      return
    }
    this.#drop(cut)
    this.#verdict = verdict
    const retryInMs = delayMs(verdict, this.#restless++, backoff, platform.random())
    this.#arm(retryInMs, () => this.#try())
    this.#move('lost', error, () => this.#host.lost(error), retryInMs)
  }

  /** Lets go of everything that belongs to the attempt. */
  #drop(cut: boolean): void {
    this.#attempt++
    this.#disarm()
    this.#heartbeat?.stop()
    this.#link?.close(cut)
    this.#link = this.#heartbeat = this.#welcome = this.#bye = this.#token = undefined
  }

  /** The network or the page came back: a sleeping connection is tested, a waiting one need not wait, unless told to. */
  #wake(what: Wake): void {
    if (what === 'away') return this.#putAway()
    if (what === 'network') this.#settings.transport.forget?.()
    if (this.#state === 'open') this.#heartbeat?.probe()
    else if (this.#state === 'waiting' && this.#verdict !== 'later') {
      const { backoff, platform } = this.#settings
      this.#arm(delayMs('soon', 0, backoff, platform.random()), () => this.#try())
    }
  }

  /** A page that stands still in a cache would stay in every roster: its browser answers pings. */
  #putAway(): void {
    if (this.#link) this.#lost('soon', new FanfareClientError('disconnected', 'the page was put away'))
  }

  /** What has to be done about the change is done before anybody hears of it. */
  #move(signal: Signal, error?: FanfareClientError, effect?: () => void, retryInMs?: number): void {
    const from = this.#state
    const state = NEXT[from][signal]
    if (!state) return
    this.#state = state
    effect?.()
    this.#host.changed({ state, from, error, retryInMs })
  }

  #arm(ms: number, then: () => void): void {
    this.#cancelTimer?.()
    this.#cancelTimer = this.#settings.platform.scheduler.after(ms, then)
  }

  #disarm(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }
}
