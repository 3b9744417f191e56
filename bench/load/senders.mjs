// Clients that send, all in one process of their own: many messages in one write, the same bytes every time.
import { message } from '../inbound/message.mjs'
import { obey, tellParent } from '../lib/commands.mjs'
import { maskedText } from './masked.mjs'
import { upgraded } from './upgraded.mjs'

/** Any four bytes: the frames are made once. */
const MASK = 0x37_fa_21_3d

/** @type {import('node:net').Socket[]} */
let sockets = []
let block = Buffer.alloc(0)

/** @param {Error} error */
function fail(error) {
  tellParent({ failure: error.message })
}

obey({
  open: async ({ port, many, perWrite }) => {
    block = Buffer.concat(Array.from({ length: perWrite }, (_, number) => maskedText(message(number), MASK)))
    sockets = await Promise.all(Array.from({ length: many }, () => upgraded(port, fail)))
  },
  turn: () => {
    for (const socket of sockets) socket.write(block)
  },
})
