import type { Dial, DialAttempt } from '@fanfare/broadcasting/driver'
import {
  connect,
  type NatsConnection,
  type NodeConnectionOptions,
  type TlsOptions,
} from '@nats-io/transport-node'

import { DialSockets } from './dial-sockets.ts'
import { NatsWire } from './nats-wire.ts'
import type { NatsClientOptions } from './options.ts'
import type { Servers } from './servers.ts'
import { watch } from './statuses.ts'

/** Makes a connection for every wire. */
export function dialServers(servers: Servers, client: NatsClientOptions): Dial {
  return async (events, attempt) => {
    const sockets = new DialSockets()
    const options = connectOptions(servers, client, attempt.timeoutMs, sockets.signal)
    const abandoned = abandonment(attempt)
    const connecting = sockets.run(() => connect(options))
    try {
      const connection = await Promise.race([connecting, abandoned.promise])
      if (!abandoned.called()) return new NatsWire(connection, events, { cut: () => cut(connection) })
    } catch (error) {
      giveUp(connecting, sockets)
      throw error
    }
    giveUp(connecting, sockets)
    throw givenUp()
  }
}

/** Makes every wire out of one connection, which the library reconnects. */
export function dialConnection(connection: NatsConnection): Dial {
  return async (events, attempt) => {
    const abandoned = abandonment(attempt)
    await Promise.race([connected(connection, abandoned), abandoned.promise])
    if (abandoned.called()) throw givenUp()
    return new NatsWire(connection, events, 'shared')
  }
}

function connectOptions(
  { hosts, credentials, tls }: Servers,
  client: NatsClientOptions,
  timeoutMs: number,
  signal: AbortSignal,
): NodeConnectionOptions {
  return {
    ...('authenticator' in client || 'user' in client || 'token' in client ? {} : credentials),
    ...client,
    ...withSignal(client.tls ?? (tls ? {} : undefined), signal),
    servers: [...hosts],
    // Each server gets its share: one that is silent must not take all the time.
    timeout: Math.ceil(timeoutMs / hosts.length),
    reconnect: false,
    waitOnFirstConnect: false,
    noEcho: false,
  }
}

/** What the library hands on to `tls.connect`, which destroys its socket when the signal is aborted. */
function withSignal(tls: TlsOptions | null | undefined, signal: AbortSignal): { tls?: TlsOptions | null } {
  if (!tls) return tls === null ? { tls } : {}
  return { tls: { ...tls, signal } as TlsOptions }
}

/**
 * Destroys the socket, and waits for no server. Not in this very moment: `close` takes away the listeners of the socket first,
 * and an error that a write met just now, on a socket that the server has ended, would be heard by nobody and end the process.
 */
function cut(connection: NatsConnection): void {
  setImmediate(() => {
    connection.close().catch(() => {})
  })
}

function giveUp(connecting: Promise<NatsConnection>, sockets: DialSockets): void {
  sockets.destroy()
  connecting.then(
    (connection) => cut(connection),
    () => {},
  )
}

interface Abandonment {
  /** Rejects when the attempt is given up. */
  readonly promise: Promise<never>
  readonly called: () => boolean
}

function abandonment(attempt: DialAttempt): Abandonment {
  let called = false
  const promise = new Promise<never>((_, reject) => {
    attempt.onAbandoned(() => {
      called = true
      reject(givenUp())
    })
  })
  promise.catch(() => {})
  return { promise, called: () => called }
}

function givenUp(): Error {
  return new Error('the attempt to connect to NATS was given up')
}

/** Resolves when the connection is up, and the server answers. */
async function connected(connection: NatsConnection, abandoned: Abandonment): Promise<void> {
  while (!abandoned.called()) {
    const change = statusChange(connection)
    abandoned.promise.catch(change.stop)
    try {
      // It rejects at once while the connection is down.
      await connection.rtt()
      return
    } catch (cause) {
      if (connection.isClosed()) throw new Error('the connection to NATS is closed', { cause })
      await change.promise
    } finally {
      change.stop()
    }
  }
}

interface StatusChange {
  /** Resolves when the connection is up again, or closed, or when `stop` was called. */
  readonly promise: Promise<void>
  readonly stop: () => void
}

function statusChange(connection: NatsConnection): StatusChange {
  let stop = (): void => {}
  const promise = new Promise<void>((resolve) => {
    const unwatch = watch(connection, ({ type }) => {
      if (type === 'reconnect' || type === 'close') resolve()
    })
    stop = () => {
      unwatch()
      resolve()
    }
  })
  return { promise, stop: () => stop() }
}
