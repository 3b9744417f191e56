import type { AddOptions, Client } from '../hub/client.ts'
import { Hub } from '../hub/hub.ts'
import type { HubOptions } from '../hub/options.ts'
import type { Platform } from '../ground/platform.ts'
import { utf8Size } from '../ground/platform.ts'
import { ManualClock } from './manual-clock.ts'
import { MemoryConn } from './memory-conn.ts'

/** A hub that stands still until it is told to move, and clients without sockets. */
export interface TestHub {
  readonly hub: Hub
  readonly clock: ManualClock
  /** Errors that nobody listened for. A test that expects none checks that this is empty. */
  readonly reported: unknown[]
  /** Adds a client with a connection in memory. */
  connect(options?: AddOptions & { readonly highWater?: number }): { client: Client; conn: MemoryConn }
}

/**
 * A platform for tests: a clock that stands still, and bytes that only look random (the same in every run).
 *
 * @param clock - to be moved by the test
 * @param reported - where errors go that nobody listens for
 */
export function testPlatform(clock: ManualClock, reported: unknown[] = []): Platform {
  let seed = 1
  return {
    clock,
    scheduler: clock,
    randomBytes: (count) =>
      Uint8Array.from({ length: count }, () => {
        seed = (seed * 48_271) % 2_147_483_647
        return seed & 0xff
      }),
    utf8Size,
    decodeUtf8,
    memoryLimit: () => 2 ** 30,
    reportError: (error) => reported.push(error),
  }
}

/**
 * A hub for tests: time stands still, and clients are called `1.1`, `1.2` and so on: `2.1` with the option `node: 2`.
 *
 * @example
 * ```ts
 * const { hub, clock, connect } = testHub()
 * const { client, conn } = connect()
 * await hub.subscribe(client, 'orders')
 * hub.broadcast('orders', 'hello')
 * clock.turn()
 * conn.received // ['hello']
 * ```
 */
export function testHub(options: HubOptions = {}): TestHub {
  const clock = new ManualClock()
  const reported: unknown[] = []
  const { node = 1 } = options
  let last = 0
  const hub = new Hub({
    clientId: () => `${String(node)}.${String(++last)}`,
    node,
    ...options,
    platform: { ...testPlatform(clock, reported), ...options.platform },
  })
  return {
    hub,
    clock,
    reported,
    connect: ({ highWater, ...added } = {}) => {
      const conn = new MemoryConn(highWater)
      const client = hub.add(conn, added)
      conn.attach(client.session)
      return { client, conn }
    },
  }
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return decodeURIComponent(Array.from(bytes, percent).join(''))
  } catch {
    return '\u{fffd}'
  }
}

function percent(byte: number): string {
  return `%${byte.toString(16).padStart(2, '0')}`
}
