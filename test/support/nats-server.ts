import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { freePort } from './free-port.ts'
import { Program, programPath } from './program.ts'

const NEED = { command: 'nats-server', variable: 'NATS_SERVER_PATH', package: 'nats-server' }
const PATIENCE_MS = 10_000
const KNOCK_MS = 1_000

export interface NatsServerOptions {
  /** @defaultValue a free one */
  readonly port?: number
  /** More arguments of the program. */
  readonly args?: readonly string[]
  /** With JetStream, stored in a directory of its own. */
  readonly jetstream?: boolean
}

/** A real `nats-server`. End it with `stop`. */
export class NatsServer {
  readonly port: number
  readonly #args: readonly string[]
  readonly #directory: string
  #program: Program

  private constructor(port: number, args: readonly string[], directory: string) {
    this.port = port
    this.#args = args
    this.#directory = directory
    this.#program = this.#started()
  }

  static async start({ port, args = [], jetstream = false }: NatsServerOptions = {}): Promise<NatsServer> {
    programPath(NEED)
    const directory = await mkdtemp(join(tmpdir(), 'fanfare-nats-'))
    const store = jetstream ? ['--jetstream', '--store_dir', directory] : []
    const server = new NatsServer(port ?? (await freePort()), [...store, ...args], directory)
    try {
      await server.#ready()
    } catch (error) {
      await server.stop()
      throw error
    }
    return server
  }

  get url(): string {
    return `nats://127.0.0.1:${String(this.port)}`
  }

  get pid(): number | undefined {
    return this.#program.pid
  }

  /** Gone at once, as in a crash. */
  kill(): Promise<void> {
    return this.#program.kill()
  }

  /** Gone, if it is not already, and back on the same port. */
  async restart(): Promise<void> {
    await this.#program.kill()
    this.#program = this.#started()
    await this.#ready()
  }

  /** Once it resolves, the server is silent; the kernel still accepts connections for it. */
  pause(): Promise<void> {
    return this.#program.pause()
  }

  resume(): void {
    this.#program.signal('SIGCONT')
  }

  /** Makes it read its configuration file again. */
  reload(): void {
    this.#program.signal('SIGHUP')
  }

  async stop(): Promise<void> {
    await this.#program.kill()
    await rm(this.#directory, { recursive: true, force: true })
  }

  #started(): Program {
    return Program.start(programPath(NEED), ['-a', '127.0.0.1', '-p', String(this.port), ...this.#args])
  }

  async #ready(): Promise<void> {
    const end = performance.now() + PATIENCE_MS
    while (!(await answers(this.port))) {
      if (this.#program.dead) throw new Error(`nats-server ended: ${this.#program.output}`)
      if (performance.now() > end) throw new Error(`nats-server does not answer: ${this.#program.output}`)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }
}

/** Whether a server says INFO, and then answers a PING, be it by asking for a password. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    let heard = ''
    socket.setTimeout(KNOCK_MS, () => socket.destroy())
    socket.on('error', () => {})
    socket.on('close', () => resolve(false))
    socket.on('data', (chunk) => {
      const greeted = heard.includes('INFO')
      heard += chunk.toString()
      if (!greeted && heard.includes('INFO')) socket.write('CONNECT {"verbose":false}\r\nPING\r\n')
      if (!/PONG\r\n|-ERR|"tls_required":true/.test(heard)) return
      resolve(true)
      socket.destroy()
    })
  })
}
