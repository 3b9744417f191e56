import type { AddOptions, Client, HubOptions } from '@fanfare/core'
import { type MemoryConn, testHub, type TestHub } from '@fanfare/core/testing'

/** A client whose transport is full: it took the byte `T`, and takes no more. */
export interface SlowClient extends TestHub {
  readonly client: Client
  readonly conn: MemoryConn
  /** Broadcasts each text to `orders`, and ends the turn. */
  say(...texts: string[]): void
  /** The client takes everything at last. Returns what it received since it got slow, without the `T`. */
  recover(): (string | Uint8Array)[]
}

/** A hub with one client that is subscribed to `orders`, and to `channels`, and has become slow. */
export async function slowClient(
  options: HubOptions = {},
  { channels = [], ...added }: AddOptions & { channels?: readonly string[] } = {},
): Promise<SlowClient> {
  const kit = testHub(options)
  const { client, conn } = kit.connect(added)
  for (const channel of ['orders', ...channels]) await kit.hub.subscribe(client, channel)
  kit.clock.turn()
  conn.stall()
  client.send('T')
  kit.clock.turn()
  conn.received.length = 0
  return {
    ...kit,
    client,
    conn,
    say: (...texts) => {
      for (const text of texts) kit.hub.broadcast('orders', text)
      kit.clock.turn()
    },
    recover: () => {
      conn.resume()
      kit.clock.turn()
      return conn.received.slice(1)
    },
  }
}

/** `x1`, `x2`, … up to `x{count}`. */
export function numbered(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `x${String(at + 1)}`)
}
