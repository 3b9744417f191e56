import type { Socket } from 'node:net'

import type { Heartbeat, TimerWheel } from '@fanfare/core'
import type { WebSocket } from 'ws'

/**
 * Pings a connection at every interval. Any byte that comes in until the timeout is a sign of life; without one `dead` is
 * called, so a peer that vanishes is found within interval + timeout.
 *
 * @returns how to stop it
 */
export function watchHeartbeat(
  { wheel, heartbeat }: { readonly wheel: TimerWheel; readonly heartbeat: Heartbeat },
  ws: WebSocket,
  socket: Socket,
  dead: () => void,
): () => void {
  const { intervalMs, timeoutMs } = heartbeat
  if (intervalMs === 0) return () => {}
  const pause = Math.max(0, intervalMs - timeoutMs)
  let cancel = wheel.after(intervalMs, ping)

  function ping(): void {
    const heard = socket.bytesRead
    if (ws.readyState === ws.OPEN) ws.ping()
    cancel = wheel.after(timeoutMs, () => {
      if (socket.bytesRead === heard) dead()
      else if (pause > 0) cancel = wheel.after(pause, ping)
      else ping()
    })
  }

  return () => cancel()
}
