// Fanfare on ws, protocol native, with its defaults; everybody may join, as the member whose number it brought. What goes to
// the system calls is counted below everything else.
import { Socket } from 'node:net'
import { Gateway, Hub, native } from '@fanfare/core'
import { serve } from '@fanfare/ws'
import { member } from '../joins/members.mjs'
import { obey } from '../lib/commands.mjs'

let writes = 0
// The only places that every write to a socket comes through, and the price of a counter is none.
for (const method of /** @type {const} */ (['_write', '_writev'])) {
  const original = /** @type {(...args: unknown[]) => void} */ (Socket.prototype[method])
  Socket.prototype[method] = function (/** @type {unknown[]} */ ...args) {
    writes++
    original.apply(this, args)
  }
}

const hub = new Hub()
const gateway = new Gateway({
  hub,
  protocols: { '/': native() },
  maxConnections: 1_000_000,
  authorize: ({ credentials }) => ({ allowed: true, member: member(Number(credentials)) }),
})

obey({
  listen: async () => (await serve(gateway, { port: 0, host: '127.0.0.1' })).port,
  subscribers: () => hub.stats().clients,
  counted: () => {
    const { user, system } = process.cpuUsage()
    return { cpuMs: (user + system) / 1e3, frames: hub.stats().frames.written, writes }
  },
  exit: () => process.exit(0),
})
