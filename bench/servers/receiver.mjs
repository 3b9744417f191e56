// What every server of inbound has in common: it counts what its handler gets, and says so now and then.
import { obey, tellParent } from '../lib/commands.mjs'

/**
 * @param {(handle: (number: number) => void) => Promise<number>} listen - on a free port of 127.0.0.1, with a handler for
 *   the number in every message; resolves to the port
 */
export function serveReceiver(listen) {
  let handled = 0
  let sum = 0
  let perTurn = Infinity
  let messages = Infinity
  let before = process.cpuUsage()
  let startedAt = 0n
  let done = () => {}

  const handle = (/** @type {number} */ number) => {
    handled++
    sum += number
    if (handled % perTurn !== 0) return
    if (handled >= messages) done()
    else tellParent({ turn: true })
  }

  obey({
    listen: () => listen(handle),
    prepare: (plan) => {
      ;({ perTurn, messages } = plan)
      handled = 0
      sum = 0
      before = process.cpuUsage()
      startedAt = process.hrtime.bigint()
    },
    finish: async () => {
      if (handled < messages) await new Promise((resolve) => (done = () => resolve(undefined)))
      const wallMs = Number(process.hrtime.bigint() - startedAt) / 1e6
      const { user, system } = process.cpuUsage(before)
      return { handled, sum, wallMs, cpuMs: (user + system) / 1e3 }
    },
    exit: () => process.exit(0),
  })
}
