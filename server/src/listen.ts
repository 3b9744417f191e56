import type { Server } from 'node:http'

/** Where to listen. */
export interface Place {
  readonly host: string
  readonly port: number
}

/**
 * Resolves when the server listens; rejects with the error of node:net when it cannot.
 *
 * @param failed - told what goes wrong later, such as too many open files: that costs the connection that came too much,
 *   not the process
 */
export function listen(
  server: Server,
  { host, port }: Place,
  failed: (error: unknown) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      server.on('error', failed)
      resolve()
    })
  })
}
