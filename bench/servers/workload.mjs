// What the servers of latency, stalled and compressed have in common: one message at a time, as fast as it is acknowledged
// or so many a second.
import { setTimeout as sleep } from 'node:timers/promises'
import { obey } from '../lib/commands.mjs'
import { now } from '../lib/clock.mjs'
import { textsOf } from '../load/texts.mjs'

/**
 * @typedef {object} Subject
 * @property {() => Promise<number>} listen - on a free port of 127.0.0.1; resolves to the port
 * @property {() => number} subscribers
 * @property {(text: string) => void} broadcast - brings a text to all subscribers
 */

/**
 * When each message was due and when it was broadcast, in milliseconds by the clock of lib/clock.
 *
 * @typedef {{ dueAt: number[], calledAt: number[] }} Paced
 */

const endOfTurn = () => new Promise((resolve) => setImmediate(resolve))

/** Milliseconds of CPU so far, user and kernel, of all threads. */
function cpuMs() {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1e3
}

/**
 * Resident bytes when everything is cleared away that can be. What natives hold goes with the objects of a first
 * collection, so there are several.
 */
async function memory() {
  for (let left = 4; left > 0; left--) {
    globalThis.gc?.()
    await sleep(50)
  }
  return process.memoryUsage.rss()
}

/**
 * @param {Subject} subject
 * @param {import('../load/texts.mjs').TextKind} kind
 * @param {Record<string, (options: any) => unknown>} [more] - commands of this server alone
 */
export function serveWorkload(subject, kind, more = {}) {
  const { text } = textsOf(kind)
  let acknowledged = 0
  let wake = () => {}
  const news = () => new Promise((/** @type {(value?: unknown) => void} */ resolve) => (wake = resolve))

  /** Never more than `ahead` messages ahead of the slowest client; done when every client has everything. */
  async function go({ first, messages, ahead }) {
    acknowledged = 0
    const [cpuBefore, beganAt] = [cpuMs(), now()]
    for (let message = 0; message < messages; message++) {
      while (message - acknowledged >= ahead) await news()
      subject.broadcast(text(first + message))
      await endOfTurn()
    }
    while (acknowledged < messages) await news()
    return { cpuMs: cpuMs() - cpuBefore, wallMs: now() - beganAt }
  }

  /**
   * For so long, so many a second: a timer that fires, and then broadcasts all that is due by then, as a source does whose
   * messages came in meanwhile. What is due and cannot be called in time is left out.
   *
   * @returns {Promise<Paced>}
   */
  async function paced({ first, perSecond, forMs }) {
    /** @type {Paced} */
    const { dueAt, calledAt } = { dueAt: [], calledAt: [] }
    const beganAt = now()
    const most = Math.round((forMs * perSecond) / 1000)
    const due = (/** @type {number} */ message) => beganAt + (message * 1000) / perSecond
    while (calledAt.length < most && now() < beganAt + forMs) {
      const early = due(calledAt.length) - now()
      if (early > 0) await sleep(early)
      else await endOfTurn()
      const heapAt = now()
      while (calledAt.length < most && due(calledAt.length) <= heapAt && now() < beganAt + forMs) {
        const message = text(first + calledAt.length)
        dueAt.push(due(calledAt.length))
        calledAt.push(now())
        subject.broadcast(message)
      }
    }
    return { dueAt, calledAt }
  }

  obey({
    listen: () => subject.listen(),
    subscribers: () => subject.subscribers(),
    broadcast: ({ first }) => subject.broadcast(text(first)),
    go,
    paced,
    cpu: cpuMs,
    memory,
    acknowledge: (messages) => {
      acknowledged = messages
      wake()
    },
    exit: () => process.exit(0),
    ...more,
  })
}
