import type { Cancel } from '../ground/platform.ts'
import type { TimerWheel } from '../ground/timer-wheel.ts'
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

/**
 * Pings a connection at every interval. Anything that comes in until the timeout is a sign of life; without one `dead` is
 * called, so a peer that vanishes is found within interval + timeout.
 *
 * @returns how to stop it
 */
export function watchHeartbeat(
  wheel: TimerWheel,
  { intervalMs, timeoutMs }: Heartbeat,
  pulse: Pulse,
): Cancel {
  if (intervalMs === 0) return () => {}
  const pause = Math.max(0, intervalMs - timeoutMs)
  let cancel = wheel.after(intervalMs, ping)

  function ping(): void {
    const heard = pulse.heard()
    pulse.ping()
    cancel = wheel.after(timeoutMs, () => {
      if (pulse.heard() === heard) pulse.dead()
      else if (pause > 0) cancel = wheel.after(pause, ping)
      else ping()
    })
  }

  return () => cancel()
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
