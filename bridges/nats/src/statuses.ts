import type { NatsConnection, Status } from '@nats-io/transport-node'

/** Calls `heard` with what the connection reports about itself, until the function that it returns is called. */
export function watch(connection: NatsConnection, heard: (status: Status) => void): () => void {
  const statuses = connection.status()
  let stopped = false
  const read = async (): Promise<void> => {
    for await (const status of statuses) {
      if (stopped) return
      heard(status)
    }
  }
  read().catch(() => {})
  return () => {
    stopped = true
    // Without it, the connection would go on collecting for us until it has something to report.
    if (isStoppable(statuses)) statuses.stop()
  }
}

function isStoppable(statuses: object): statuses is { stop(): void } {
  return 'stop' in statuses && typeof statuses.stop === 'function'
}
