import type { TimerWheel } from '../ground/timer-wheel.ts'
import type { Connection } from './connection.ts'

/** A handler in flight may hold up the goodbye of its client for so long. */
const PATIENCE_MS = 5_000

/**
 * Says goodbye to everybody, one after the other over the window, so that they do not all come back to the next node in
 * the same second. Whoever has a message being handled goes when that is done, 5 s later at most. Resolves when everybody
 * was told.
 */
export async function sendAway(
  connections: readonly Connection[],
  withinMs: number,
  wheel: TimerWheel,
): Promise<void> {
  await Promise.all(
    connections.map(async (connection, at) => {
      await pause(wheel, (at / connections.length) * withinMs)
      if (!connection.client.connected) return
      await idleOrLate(connection, wheel)
      connection.client.close('shutdown')
    }),
  )
}

function idleOrLate(connection: Connection, wheel: TimerWheel): Promise<void> {
  return new Promise((resolve) => {
    const cancel = wheel.after(PATIENCE_MS, resolve)
    void connection.idle().then(() => {
      cancel()
      resolve()
    })
  })
}

function pause(wheel: TimerWheel, ms: number): Promise<void> {
  return new Promise((resolve) => wheel.after(ms, resolve))
}
