import type { Redis } from 'ioredis'

import type { Side } from './side.ts'
import { isReply } from './reply.ts'
import { isClustered } from './topology.ts'

/** How often a server is asked again what it is, in milliseconds. */
const AGAIN_MS = 1_000

/**
 * A replica takes what is published and answers as if it were delivered, but nobody hears it except who subscribed on that
 * very replica. A primary becomes one in every planned failover, with its connections open; and an endpoint for readers is
 * one from the beginning. Rejects when a server to publish to is one.
 */
export async function assertPrimaries({ connections, clustered }: Side): Promise<void> {
  // In a cluster every node passes on what is published, or says where to go.
  if (!clustered) for (const connection of connections) await assertPrimary(connection)
}

/**
 * Asks again and again, and calls back once when one is a replica by now. Returns how to stop.
 *
 * @param lost - is given what is wrong
 */
export function watchPrimaries(side: Side, lost: (error: Error) => void): () => void {
  if (side.clustered) return () => {}
  let asking = false
  const timer = setInterval(() => {
    if (asking) return
    asking = true
    assertPrimaries(side)
      .catch((error: unknown) => {
        // That a connection is gone is told by itself.
        if (error instanceof ReplicaError) lost(error)
      })
      .finally(() => (asking = false))
  }, AGAIN_MS)
  timer.unref()
  return () => clearInterval(timer)
}

/** The server to publish to is a replica. */
class ReplicaError extends Error {}

async function assertPrimary(connection: Redis): Promise<void> {
  const role = (await byRole(connection)) ?? (await byInfo(connection))
  if (role !== 'slave' || (await isClustered(connection))) return
  const { host = 'localhost', port = 6379 } = connection.options
  throw new ReplicaError(
    `${host}:${String(port)} is a replica: what is published there reaches nobody else (publisher takes the primary)`,
  )
}

/** `undefined`: the user may not ask that, or the server does not know the command. */
async function byRole(connection: Redis): Promise<string | undefined> {
  return answer(async () => {
    const answered = await connection.call('ROLE')
    return Array.isArray(answered) ? String(answered[0]) : undefined
  })
}

async function byInfo(connection: Redis): Promise<string | undefined> {
  return answer(async () => /^role:(\w+)/m.exec(String(await connection.call('INFO', 'replication')))?.[1])
}

async function answer(ask: () => Promise<string | undefined>): Promise<string | undefined> {
  try {
    return await ask()
  } catch (error) {
    if (isReply(error)) return undefined
    throw error
  }
}
