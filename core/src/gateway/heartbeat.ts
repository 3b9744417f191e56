import type { Cancel } from '../ground/platform.ts'
import type { Alarm, TimerWheel } from '../ground/timer-wheel.ts'
import type { Connection } from './connection.ts'
import type { Heartbeat } from './options.ts'

/** A connection that can be asked for a sign of life. */
export interface Pulse {
  /** Grows with everything that comes in: bytes, messages, pongs. */
  heard(): number
  /** Asks for a sign of life. */
  ping(): void
  /** There was none in time. */
  dead(): void
}

/** A connection that waits for its heartbeat itself: its `ring` is to call {@link Heartbeats.beat}. */
export interface Beating extends Pulse, Alarm {
  /** What it had heard when it was asked; `undefined` while nothing is asked. */
  heardBefore: number | undefined
}

/**
 * Pings connections at every interval. Anything that comes in until the timeout is a sign of life; without one `dead` is
 * called, so a peer that vanishes is found within interval + timeout.
 */
export class Heartbeats {
  readonly #wheel: TimerWheel
  readonly #heartbeat: Heartbeat

  constructor(wheel: TimerWheel, heartbeat: Heartbeat) {
    this.#wheel = wheel
    this.#heartbeat = heartbeat
  }

  /** From now on. Nothing happens when the interval is 0. */
  start(one: Beating): void {
    if (this.#heartbeat.intervalMs > 0) this.#wheel.set(one, this.#heartbeat.intervalMs)
  }

  stop(one: Beating): void {
    this.#wheel.stop(one)
  }

  /** It is time to ask it, or to look whether it was heard of since. */
  beat(one: Beating): void {
    const { intervalMs, timeoutMs } = this.#heartbeat
    const before = one.heardBefore
    if (before !== undefined) {
      one.heardBefore = undefined
      if (one.heard() === before) {
        one.dead()
        return
      }
      if (intervalMs > timeoutMs) {
        this.#wheel.set(one, intervalMs - timeoutMs)
        return
      }
    }
    one.heardBefore = one.heard()
    one.ping()
    this.#wheel.set(one, timeoutMs)
  }
}

/** Waits in the place of a pulse that does not by itself. */
class Watch implements Beating {
  due = 0
  heardBefore: number | undefined
  readonly #heartbeats: Heartbeats
  readonly #pulse: Pulse

  constructor(heartbeats: Heartbeats, pulse: Pulse) {
    this.#heartbeats = heartbeats
    this.#pulse = pulse
  }

  ring(): void {
    this.#heartbeats.beat(this)
  }

  heard(): number {
    return this.#pulse.heard()
  }

  ping(): void {
    this.#pulse.ping()
  }

  dead(): void {
    this.#pulse.dead()
  }
}

/**
 * The heartbeat of one connection; see {@link Heartbeats}.
 *
 * @returns how to stop it
 */
export function watchHeartbeat(wheel: TimerWheel, heartbeat: Heartbeat, pulse: Pulse): Cancel {
  const heartbeats = new Heartbeats(wheel, heartbeat)
  const watch = new Watch(heartbeats, pulse)
  heartbeats.start(watch)
  return () => heartbeats.stop(watch)
}

/**
 * Asks a client for signs of life in its own protocol, since its transport cannot. Not every client knows the word, and
 * some only read: whoever never answered a ping is not judged by its silence.
 */
export function watchSilence(connection: Connection): Cancel {
  const { client, face, host } = connection
  let unjudged = 0
  return watchHeartbeat(host.hub.wheel, host.limits.heartbeat, {
    heard: () => (connection.pongs > 0 ? face.received.messages : --unjudged),
    ping: () => face.ping(),
    dead: () => client.close('idle'),
  })
}
