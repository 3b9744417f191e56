import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'

import { freePort } from './free-port.ts'

/** Far more than a server takes to start. */
const PATIENCE_MS = 15_000

/** A port may be taken by somebody else between being found free and being used. */
const TRIES = 5

/** How a server is started. */
export interface RedisServerOptions {
  /** @defaultValue a free one */
  readonly port?: number | undefined
  /** More of its command line: `['--maxmemory', '1mb']`. */
  readonly args?: readonly string[] | undefined
  /** Its directory, which is not removed then. @defaultValue one of its own, removed when it is stopped */
  readonly dir?: string | undefined
}

/** A real `redis-server` on 127.0.0.1 that saves nothing. */
export class RedisServer {
  readonly port: number
  readonly #args: readonly string[]
  readonly #dir: string
  readonly #ownDir: boolean
  readonly #killOnExit = (): void => void this.#process?.kill('SIGKILL')
  #process: ChildProcess | undefined

  private constructor(port: number, dir: string, options: RedisServerOptions) {
    this.port = port
    this.#dir = dir
    this.#ownDir = options.dir === undefined
    this.#args = options.args ?? []
    process.on('exit', this.#killOnExit)
  }

  /** Resolves when it answers. Rejects when there is no such program, or when it does not start. */
  static async start(options: RedisServerOptions = {}): Promise<RedisServer> {
    for (let tries = TRIES; ; tries--) {
      const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'fanfare-redis-')))
      const server = new RedisServer(options.port ?? (await freePort()), dir, options)
      try {
        await server.#spawn()
        return server
      } catch (error) {
        await server.stop()
        const taken = options.port === undefined && String(error).includes('Address already in use')
        if (!taken || tries <= 1) throw error
      }
    }
  }

  get url(): string {
    return `redis://127.0.0.1:${String(this.port)}`
  }

  /** Kills it without a warning; resolves when it is gone. */
  async kill(): Promise<void> {
    const victim = this.#process
    this.#process = undefined
    if (!victim || victim.exitCode !== null || victim.signalCode !== null) return
    const gone = once(victim, 'exit')
    victim.kill('SIGKILL')
    await gone
  }

  /** Kills it if it lives, and starts it again, empty, on the same port. */
  async restart(): Promise<void> {
    await this.kill()
    await this.#spawn()
  }

  /** It keeps its connections and does nothing, until `resume`. */
  pause(): void {
    this.#process?.kill('SIGSTOP')
  }

  resume(): void {
    this.#process?.kill('SIGCONT')
  }

  /** Ends it for good. Idempotent. */
  async stop(): Promise<void> {
    process.off('exit', this.#killOnExit)
    // Nothing is saved, so there is nothing to be ended in order.
    await this.kill()
    if (this.#ownDir) await rm(this.#dir, { recursive: true, force: true })
  }

  /** What it answers to a command, sent over a connection made for it: `command('CONFIG', 'SET', 'maxmemory', '1')`. */
  async command(name: string, ...args: (string | number)[]): Promise<unknown> {
    const connection = new Redis({
      port: this.port,
      host: '127.0.0.1',
      lazyConnect: true,
      enableReadyCheck: false,
      // Says hello without a word that could be refused.
      protocol: 2,
      disableClientInfo: true,
      disconnectTimeout: 0,
      retryStrategy: () => null,
    })
    connection.on('error', () => {})
    try {
      await connection.connect()
      return await connection.call(name, ...args)
    } finally {
      connection.disconnect()
    }
  }

  async #spawn(): Promise<void> {
    const child = spawn(process.env['REDIS_SERVER_PATH'] ?? 'redis-server', this.#commandLine(), {
      cwd: this.#dir,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#process = child
    let said = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4_000)))
    }
    const ended = new Promise<never>((_, reject) => {
      child.once('error', (error: NodeJS.ErrnoException) => reject(startFailure(error)))
      child.once('exit', () => reject(new Error(`redis-server ended: ${said}`)))
    })
    // Later it ends because it is to end.
    ended.catch(() => {})
    await Promise.race([this.#answering(() => said), ended])
  }

  #commandLine(): string[] {
    const port = ['--port', String(this.port), '--bind', '127.0.0.1']
    const nothingSaved = ['--save', '', '--appendonly', 'no', '--daemonize', 'no', '--dir', this.#dir]
    return [...port, ...nothingSaved, ...this.#args]
  }

  async #answering(said: () => string): Promise<void> {
    const end = performance.now() + PATIENCE_MS
    while (!(await this.#answers())) {
      if (performance.now() > end) throw new Error(`redis-server does not answer: ${said()}`)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }

  /** Whether it is this one that answers. Where nobody but a user with a password may ask, the answer is a no. */
  async #answers(): Promise<boolean> {
    try {
      const info = String(await this.command('INFO'))
      return info.includes(`process_id:${String(this.#process?.pid)}\r`) && info.includes('loading:0\r')
    } catch (error) {
      return /NOAUTH|NOPERM/.test(String(error))
    }
  }
}

function startFailure(error: NodeJS.ErrnoException): Error {
  if (error.code !== 'ENOENT') return error
  return new Error(
    'these tests need the program redis-server: install the package redis-server (Debian, Ubuntu) or redis ' +
      '(Alpine, Fedora, Homebrew), or set REDIS_SERVER_PATH to where it is',
    { cause: error },
  )
}
