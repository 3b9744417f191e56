// A process of ours that is asked for something, one bounded wait each, and does not outlive this one.
import { fork } from 'node:child_process'
import { once } from 'node:events'

export class Child {
  #process
  #nextId = 1
  /** @type {Map<number, { resolve(result: any): void, reject(error: Error): void }>} */
  #asked = new Map()

  /** @param {URL} script */
  constructor(script) {
    this.#process = fork(script, { serialization: 'advanced' })
    this.#process.on('message', (/** @type {any} */ { id, result, error }) => {
      const asked = this.#asked.get(id)
      this.#asked.delete(id)
      if (error === undefined) asked?.resolve(result)
      else asked?.reject(new Error(error))
    })
    this.#process.on('exit', () => {
      for (const { reject } of this.#asked.values()) reject(new Error(`${script.pathname} ended by itself`))
    })
  }

  /**
   * @param {string} command
   * @param {unknown} [options]
   * @param {number} [patienceMs]
   * @returns {Promise<any>}
   */
  ask(command, options, patienceMs = 60_000) {
    const id = this.#nextId++
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`no answer to "${command}"`)), patienceMs)
      const settled = (how) => (value) => {
        clearTimeout(late)
        how(value)
      }
      this.#asked.set(id, { resolve: settled(resolve), reject: settled(reject) })
      this.#process.send({ id, command, options })
    })
  }

  async kill() {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    this.#asked.clear()
    const gone = once(this.#process, 'exit')
    this.#process.kill('SIGKILL')
    await gone
  }
}
