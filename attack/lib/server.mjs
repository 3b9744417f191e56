// The real server as a process, in so little memory that what is held for too long ends it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import { memoryCgroup } from './cgroup.mjs'
import { within } from './time.mjs'

const MEBIBYTE = 1_048_576
/** What the whole process may use. */
export const MEMORY_BYTES = 256 * MEBIBYTE
/** What the heap may use, in Node; and what the server is told that it has. */
const HEAP_MEBIBYTES = 192
const START_MS = 20_000
const WATCH_MS = 50

const PROBE = fileURLToPath(new URL('probe.mjs', import.meta.url))
const BUN = fileURLToPath(new URL('../../node_modules/.bin/bun', import.meta.url))
/** Joins the group and sets the limits before anything of the server runs. */
const START =
  'if [ -n "$1" ]; then echo $$ > "$1"; fi; if [ -n "$2" ]; then ulimit -n "$2"; fi; shift 2; exec "$@"'

export class Server {
  #process
  #cgroup
  #watch
  /** What it wrote, for those who look for what should not be there. */
  output = ''
  /** The largest resident memory seen, in bytes. */
  peak = 0
  /** How it ended, in words; `undefined` while it runs. @type {string | undefined} */
  ended
  port = 0

  /**
   * @param {{ cli: string, adapter: string, protocol?: string, flags?: string[], openFiles?: number | undefined }} how
   */
  constructor({ cli, adapter, protocol = 'native', flags = [], openFiles }) {
    this.#cgroup = memoryCgroup(MEMORY_BYTES)
    const limits = [this.#cgroup?.procs ?? '', openFiles === undefined ? '' : String(openFiles)]
    const runtime =
      adapter === 'bun'
        ? [BUN, '--preload', PROBE]
        : [process.execPath, `--max-old-space-size=${HEAP_MEBIBYTES}`, '--expose-gc', '--import', PROBE]
    const demo = protocol === 'native' ? ['--demo'] : []
    const serve = ['serve', '--port', '0', '--adapter', adapter, '--protocol', protocol, ...demo, ...flags]
    this.#process = spawn('sh', ['-c', START, 'sh', ...limits, ...runtime, cli, ...serve], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // By variable: those who do not know the setting go on without it.
      env: { ...process.env, FANFARE_MEMORY: `${HEAP_MEBIBYTES}MiB` },
    })
    for (const stream of [this.#process.stdout, this.#process.stderr]) {
      stream?.on('data', (chunk) => (this.output = (this.output + chunk).slice(-2 * MEBIBYTE)))
    }
    this.#process.once('exit', (code, signal) => {
      this.ended = signal === null ? `exit ${code}` : signal
      clearInterval(this.#watch)
      this.#cgroup?.remove()
    })
    this.#watch = setInterval(() => this.#look(), WATCH_MS)
  }

  /** Whether the kernel holds it to its memory; else its resident memory is watched. */
  get confined() {
    return this.#cgroup !== undefined
  }

  /** @param {ConstructorParameters<typeof Server>[0]} how */
  static async start(how) {
    const server = new Server(how)
    const until = Date.now() + START_MS
    while (server.ended === undefined && Date.now() < until) {
      const port = /listening on http:\/\/[^ ]*:(\d+)/.exec(server.output)?.[1]
      if (port !== undefined) {
        server.port = Number(port)
        return server
      }
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    await server.kill()
    throw new Error(`the server does not start: ${server.output}`)
  }

  #look() {
    const rss = residentOf(this.#process.pid)
    this.peak = Math.max(this.peak, rss)
    if (this.confined || rss <= MEMORY_BYTES) return
    this.#process.kill('SIGKILL')
  }

  /** What it holds, in bytes, once all garbage is gone. `undefined` when it does not answer. */
  async measure() {
    if (this.ended !== undefined || !this.#process.connected) return undefined
    const answer = once(this.#process, 'message')
    this.#process.send('measure', () => {})
    const [measured] = (await within(10_000, answer)) ?? []
    return measured
  }

  /** Tells it to end. Resolves to how it did, and how long that took. @param {number} patienceMs */
  async terminate(patienceMs) {
    const began = Date.now()
    if (this.ended === undefined) {
      const gone = once(this.#process, 'exit')
      this.#process.kill('SIGTERM')
      await within(patienceMs, gone)
    }
    const ended = this.ended ?? 'not at all'
    await this.kill()
    return { ended, ms: Date.now() - began }
  }

  async kill() {
    if (this.ended !== undefined) return
    const gone = once(this.#process, 'exit')
    this.#process.kill('SIGKILL')
    await gone
  }
}

/** In bytes; 0 where the system does not say. */
function residentOf(pid) {
  const file = `/proc/${pid}/statm`
  try {
    return existsSync(file) ? Number(readFileSync(file, 'utf8').split(' ')[1]) * 4_096 : 0
  } catch {
    return 0
  }
}
