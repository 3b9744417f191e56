import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

interface Answer {
  readonly ref: number
  readonly result?: unknown
  readonly error?: string
}

const SCRIPT = fileURLToPath(new URL('node.mjs', import.meta.url))

/** One node of a cluster in a process of its own. */
export class NodeProcess {
  /** Where its clients connect. */
  readonly url: string
  /** What the ids of its clients begin with. */
  readonly node: string
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, (answer: Answer) => void>()
  #refs = 0

  private constructor(child: ChildProcess, url: string, node: string) {
    this.#child = child
    this.url = url
    this.node = node
    child.on('message', (answer: Answer) => this.#waiting.get(answer.ref)?.(answer))
  }

  static async start(busUrl: string): Promise<NodeProcess> {
    const child = fork(SCRIPT, [busUrl], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    const failed = once(child, 'exit').then(([code]) => {
      throw new Error(`the node ended with ${String(code)} before it was ready`)
    })
    const [{ ready, node }] = (await Promise.race([once(child, 'message'), failed])) as [
      { ready: string; node: string },
    ]
    failed.catch(() => {})
    return new NodeProcess(child, ready, node)
  }

  /** Has it do something. Rejects with an Error whose message is the code of its error. */
  async order(order: string, parts: object = {}): Promise<unknown> {
    const ref = ++this.#refs
    const answered = new Promise<Answer>((resolve) => this.#waiting.set(ref, resolve))
    this.#child.send({ ref, order, ...parts })
    const { result, error } = await answered
    if (error !== undefined) throw new Error(error)
    return result
  }

  /** Without a goodbye. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    this.#child.kill('SIGKILL')
    await once(this.#child, 'exit')
  }

  /** In good order. */
  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const gone = once(this.#child, 'exit')
    await this.order('end')
    await gone
  }
}
