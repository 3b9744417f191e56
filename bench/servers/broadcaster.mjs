// What every server under test has in common, so that they differ in nothing but how they bring a text to a client.
import { payloads } from '../fan-out/payload.mjs'
import { obey } from '../lib/commands.mjs'

/**
 * @typedef {object} Subject
 * @property {() => Promise<number>} listen - on a free port of 127.0.0.1; resolves to the port
 * @property {() => number} subscribers
 * @property {(texts: readonly string[], first: number) => void} broadcast - brings all texts of one turn to all who are to get them; `first` is the number of the first message
 */

const endOfTurn = () => new Promise((resolve) => setImmediate(resolve))

/**
 * Broadcasts turn after turn. Never more than `ahead` turns ahead of the slowest client, so that no server gains by
 * letting messages pile up in buffers; done when every client has everything.
 *
 * @param {Subject} subject
 */
export function serveBenchmark(subject) {
  let acknowledged = 0
  let wake = () => {}
  const news = () => new Promise((/** @type {(value?: unknown) => void} */ resolve) => (wake = resolve))

  async function go({ first, perTurn, turns, ahead }) {
    acknowledged = 0
    const cpuBefore = process.cpuUsage()
    const timeBefore = process.hrtime.bigint()
    for (let turn = 0; turn < turns; turn++) {
      while (turn - acknowledged >= ahead) await news()
      const number = first + turn * perTurn
      subject.broadcast(payloads(number, perTurn), number)
      await endOfTurn()
    }
    while (acknowledged < turns) await news()
    const wallMs = Number(process.hrtime.bigint() - timeBefore) / 1e6
    const cpu = process.cpuUsage(cpuBefore)
    return { userMs: cpu.user / 1e3, systemMs: cpu.system / 1e3, wallMs }
  }

  obey({
    listen: () => subject.listen(),
    subscribers: () => subject.subscribers(),
    broadcast: ({ first, many = 1 }) => subject.broadcast(payloads(first, many), first),
    go,
    acknowledge: (turns) => {
      acknowledged = turns
      wake()
    },
    exit: () => process.exit(0),
  })
}
