// Child processes that are asked questions, one bounded wait each, and that never outlive the benchmark.
import { fork } from 'node:child_process'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'

/** How long an answer may take before the run is given up, if the question does not say. */
const PATIENCE_MS = 30_000

const BUN = fileURLToPath(new URL('../../node_modules/.bin/bun', import.meta.url))

/** @type {Set<Child>} */
const alive = new Set()

export class Child {
  #process
  #name
  #nextId = 1
  /** @type {Map<number, { resolve(result: any): void, reject(error: Error): void }>} */
  #asked = new Map()
  /** @type {Error | undefined} */
  #failure
  /** Called with what the child says without being asked. @type {(note: any) => void} */
  onNote = () => {}

  /**
   * @param {URL} script
   * @param {string[]} args
   * @param {string[]} nodeOptions
   * @param {'bun'} [runtime] - when it is not Node
   */
  constructor(script, args = [], nodeOptions = [], runtime) {
    this.#name = [basename(script.pathname), ...args].join(' ')
    this.#process = fork(fileURLToPath(script), args, runtime ? { execPath: BUN } : { execArgv: nodeOptions })
    alive.add(this)
    this.#process.on('message', (message) => this.#hear(message))
    this.#process.on('error', (error) => this.#fail(error))
    this.#process.on('exit', (code, signal) => {
      alive.delete(this)
      this.#fail(new Error(`${this.#name} ended by itself (${signal ?? code})`))
    })
  }

  /**
   * @param {string} command
   * @param {unknown} [options]
   * @param {number} [patienceMs]
   * @returns {Promise<any>}
   */
  ask(command, options, patienceMs = PATIENCE_MS) {
    if (this.#failure) return Promise.reject(this.#failure)
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        this.#fail(new Error(`${this.#name}: no answer to "${command}" within ${patienceMs} ms`))
      }, patienceMs)
      const settled = (/** @type {(value: any) => void} */ how) => (/** @type {any} */ value) => {
        clearTimeout(late)
        this.#asked.delete(id)
        how(value)
      }
      this.#asked.set(id, { resolve: settled(resolve), reject: settled(reject) })
      this.tell({ id, command, options })
    })
  }

  /** Says something that needs no answer. @param {any} message */
  tell(message) {
    if (this.#process.connected) this.#process.send(message)
  }

  /** Resolves when the process is gone. `gently`: it is told to exit, so that it can write its profile. */
  async stop(gently = false) {
    if (!alive.has(this)) return
    const gone = new Promise((resolve) => this.#process.once('exit', resolve))
    if (gently) this.tell({ command: 'exit' })
    else this.kill()
    const stuck = setTimeout(() => this.kill(), 10_000)
    await gone
    clearTimeout(stuck)
  }

  kill() {
    this.#process.kill('SIGKILL')
  }

  #hear(message) {
    if (message.id === undefined) return this.onNote(message)
    const asked = this.#asked.get(message.id)
    if (message.error === undefined) asked?.resolve(message.result)
    else asked?.reject(new Error(`${this.#name}: ${message.error}`))
  }

  #fail(error) {
    this.#failure ??= error
    for (const { reject } of [...this.#asked.values()]) reject(error)
  }
}

/** Ends every child by its process id. */
export function killAll() {
  for (const child of alive) child.kill()
}

for (const [signal, code] of /** @type {const} */ ([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
])) {
  process.on(signal, () => {
    killAll()
    process.exit(code)
  })
}
process.on('exit', killAll)
