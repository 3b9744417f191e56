import { once } from 'node:events'
import { connect } from 'node:net'

/** Below what systems give to whoever asks for any port, or connects: nobody takes one of these by chance. */
const LOWEST = 12_000
const HIGHEST = 32_000
const MOST_ATTEMPTS = 100

/** A port of 127.0.0.1 that nobody listens on at this moment. */
export async function freePort(): Promise<number> {
  return freePorts(1)
}

/** The first of so many ports of 127.0.0.1, one after the other, that nobody listens on at this moment. */
export async function freePorts(many: number): Promise<number> {
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    const first = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST - many))
    const free = await Promise.all(Array.from({ length: many }, (_, at) => isFree(first + at)))
    if (free.every(Boolean)) return first
  }
  throw new Error(`no ${String(many)} free ports between ${String(LOWEST)} and ${String(HIGHEST)}`)
}

/** Asked by connecting: a test may have replaced what listening does. */
async function isFree(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return false
  } catch {
    return true
  } finally {
    socket.destroy()
  }
}
