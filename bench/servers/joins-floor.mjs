// The floor of joins: plain sockets, to which so many bytes go in so many writes as soon as something comes in.
import { once } from 'node:events'
import { createServer } from 'node:net'
import { obey } from '../lib/commands.mjs'
import { textFrame } from '../load/frames.mjs'
import { upgradeAnswer } from './upgrade-answer.mjs'

/** What every client is to get, piece by piece. @type {readonly Buffer[]} */
let pieces = []
/** Clients that have not got everything, and how many pieces they have. @type {Map<import('node:net').Socket, number>} */
const behind = new Map()
/** @type {Set<import('node:net').Socket>} */
const upgraded = new Set()
let writes = 0
let busy = false

/** One piece in a turn, for every client that has taken the one before. */
function turn() {
  for (const [socket, at] of behind) {
    const piece = pieces[at]
    if (!piece) behind.delete(socket)
    else if (!socket.writableNeedDrain) {
      socket.write(piece)
      behind.set(socket, at + 1)
      writes++
    }
  }
  busy = behind.size > 0
  if (busy) setImmediate(turn)
}

const server = createServer({ noDelay: true }, (socket) => {
  let request = ''
  socket.on('error', () => {})
  socket.on('close', () => upgraded.delete(socket))
  socket.on('data', (data) => {
    if (upgraded.has(socket)) {
      behind.set(socket, 0)
      if (!busy) setImmediate(turn)
      busy = true
      return
    }
    request += data.toString('latin1')
    const answer = upgradeAnswer(request)
    if (answer === undefined) return
    socket.write(answer)
    upgraded.add(socket)
  })
})

/** The same frame again and again, cut into equal pieces. @param {{ text: string, frames: number, writes: number }} plan */
function cut({ text, frames, writes: many }) {
  const frame = textFrame(text)
  const all = Buffer.alloc(frame.length * frames, frame)
  const from = (/** @type {number} */ piece) => Math.round((piece * all.length) / many)
  pieces = Array.from({ length: many }, (_, at) => all.subarray(from(at), from(at + 1)))
}

obey({
  listen: async () => {
    server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 })
    await once(server, 'listening')
    return /** @type {import('node:net').AddressInfo} */ (server.address()).port
  },
  subscribers: () => upgraded.size,
  plan: cut,
  counted: () => {
    const { user, system } = process.cpuUsage()
    return { cpuMs: (user + system) / 1e3, frames: 0, writes }
  },
  exit: () => process.exit(0),
})
