import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

import { type Heard, Oracle, type Story } from './oracle.ts'

const SCRIPT = fileURLToPath(new URL('listener.mjs', import.meta.url))

/** What of a driver can be switched off. */
export type Mending = 'unread' | 'covering'

/** A node in a process of its own, which can be made to stand still. It listens on `orders`. */
export class ListenerProcess {
  readonly oracle = new Oracle()
  readonly #story: Story = this.oracle.story(0, 'orders')
  readonly #child: ChildProcess

  private constructor(child: ChildProcess) {
    this.#child = child
    child.on('message', (item: Heard | 'gap') => void this.#story.items.push(item))
  }

  /**
   * Resolves when it is subscribed. It runs the built packages.
   *
   * @param without - what of its driver is switched off
   */
  static async start(url: string, options: object, without?: Mending): Promise<ListenerProcess> {
    const args = [url, JSON.stringify(options), ...(without ? [without] : [])]
    const child = fork(SCRIPT, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    const failed = once(child, 'exit').then(([code]) => {
      throw new Error(`the listener ended with ${String(code)} before it was ready`)
    })
    await Promise.race([once(child, 'message'), failed])
    failed.catch(() => {})
    return new ListenerProcess(child)
  }

  get gaps(): number {
    return this.#story.items.filter((item) => item === 'gap').length
  }

  heard(publisher: number, number: number): boolean {
    return this.#story.items.some(
      (item) => item !== 'gap' && item.publisher === publisher && item.number === number,
    )
  }

  /** It runs no more, and its sockets stay open, until `goOn`. */
  standStill(): void {
    this.#child.kill('SIGSTOP')
  }

  goOn(): void {
    this.#child.kill('SIGCONT')
  }

  /** Ends it, also when it stands still. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const gone = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await gone
  }
}
