// The clients of the server: those whose messages are clocked, and one bystander. Argument: the kind of texts.
import { obey } from '../lib/commands.mjs'
import { clockedLoad } from '../load/clocked-load.mjs'
import { Bystander } from './bystander.mjs'

/** @type {Bystander | undefined} */
let bystander

obey({
  ...clockedLoad(/** @type {import('../load/texts.mjs').TextKind} */ (process.argv[2])),
  admit: async ({ port, stalled }) => {
    const next = new Bystander(port, stalled, (error) => {
      throw error
    })
    bystander = next
    await next.open()
  },
  dismiss: () => bystander?.leave(),
})
