import { Redis, type RedisOptions as Settings } from 'ioredis'

import { cleaned, isForbidden, isLoading } from './reply.ts'

/** How long to wait before asking a server again that reads its data from disk. */
const LOADING_MS = 50

/** No connection mends itself, queues, or sends again: all of that is done above, for the wire as a whole. */
const OURS = {
  lazyConnect: true,
  retryStrategy: () => null,
  sentinelRetryStrategy: () => null,
  reconnectOnError: null,
  enableOfflineQueue: false,
  autoResubscribe: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: null,
  maxLoadingRetryTime: LOADING_MS,
  // To be cut is to be gone: a peer that does not answer is not waited for.
  disconnectTimeout: 0,
  // What would change our commands or their answers.
  keyPrefix: '',
  readOnly: false,
  monitor: false,
  stringNumbers: false,
  replyMapping: 'legacy',
  enableAutoPipelining: false,
  scripts: undefined,
  himportFieldsets: undefined,
} as const satisfies Settings

/** The connections of one wire, or of an attempt to make one: all of them can be cut at once. */
export class Pool {
  readonly #timeoutMs: number
  readonly #onLost: (error: Error) => void
  readonly #connections = new Set<Redis>()
  readonly #children = new Set<Pool>()
  readonly #faults = new WeakMap<Redis, Error>()
  #ended = false

  /**
   * @param timeoutMs - how long connecting may take
   * @param onLost - called when a connection that is watched ends by itself
   */
  constructor(timeoutMs: number, onLost: (error: Error) => void) {
    this.#timeoutMs = timeoutMs
    this.#onLost = onLost
  }

  /** Resolves with a connection to a server that takes commands; rejects when there is none. */
  async open(settings: Settings): Promise<Redis> {
    if (this.#ended) throw new Error('given up')
    const connection = new Redis({
      ...settings,
      ...OURS,
      connectTimeout: this.#timeoutMs,
      sentinelCommandTimeout: settings.sentinelCommandTimeout ?? this.#timeoutMs,
      // Sees to it that a sentinel's answer is still true. Otherwise we look ourselves: it complains on the console
      // where the user may not ask INFO.
      enableReadyCheck: Array.isArray(settings.sentinels),
      // A planned failover is heard of at once.
      failoverDetector: settings.failoverDetector ?? Array.isArray(settings.sentinels),
    })
    this.#connections.add(connection)
    connection.on('error', (error: unknown) => this.#faults.set(connection, cleaned(error)))
    hearErrors(connection)
    try {
      await connection.connect()
      await loaded(connection)
    } catch (error) {
      this.drop(connection)
      const cause = this.#faults.get(connection) ?? cleaned(error)
      throw new Error(`cannot connect to ${nameOf(settings)}: ${cause.message}`, { cause })
    }
    return connection
  }

  /** From now on its end is reported. @throws Error when it has ended already */
  watch(connection: Redis): void {
    if (connection.status !== 'ready') throw this.#faultOf(connection)
    connection.on('end', () => this.#onLost(this.#faultOf(connection)))
  }

  /** Closes one connection without a report. */
  drop(connection: Redis): void {
    this.#connections.delete(connection)
    // Not those of the library, and not the one that swallows errors: an error without a listener would be printed.
    for (const event of ['end', 'message', 'smessage', 'moved']) connection.removeAllListeners(event)
    hearErrors(connection)
    connection.disconnect()
  }

  /** A pool that ends with this one, and may end before. */
  child(): Pool {
    const child = new Pool(this.#timeoutMs, () => {})
    if (this.#ended) child.cut()
    this.#children.add(child)
    return child
  }

  /** Closes every connection without a report, and those that are being opened. Idempotent. */
  cut(): void {
    this.#ended = true
    for (const child of this.#children) child.cut()
    for (const connection of [...this.#connections]) this.drop(connection)
  }

  #faultOf(connection: Redis): Error {
    return (
      this.#faults.get(connection) ?? new Error(`the connection to ${nameOf(connection.options)} was closed`)
    )
  }
}

/**
 * The library hears one error of a socket, and a socket with TLS that is dropped in its handshake has a second one. An error
 * that nobody hears ends the process.
 */
function hearErrors(connection: Redis): void {
  const hear = (): void => {
    // Not there before the connection is being made, whatever the types say.
    const { stream } = connection as Partial<Redis>
    if (stream && !stream.listeners('error').includes(heard)) stream.on('error', heard)
  }
  hear()
  // The library makes the socket in a later microtask, and what happens to it comes after this.
  setImmediate(hear)
}

function heard(): void {}

/** Waits for a server that is starting; the attempt's end, which cuts the connection, ends it. */
async function loaded(connection: Redis): Promise<void> {
  for (;;) {
    try {
      await connection.ping()
      return
    } catch (error) {
      if (isForbidden(error)) return
      if (!isLoading(error)) throw error
    }
    await new Promise((resolve) => setTimeout(resolve, LOADING_MS))
  }
}

function nameOf({ path, sentinels, name, host, port }: Settings): string {
  if (sentinels) return `the master ${name ?? ''} of the sentinels`
  return path ?? `${host ?? 'localhost'}:${String(port ?? 6379)}`
}
