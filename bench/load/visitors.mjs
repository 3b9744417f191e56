// Clients that come, subscribe if they have to, and stay; all in one process of their own.
import { once } from 'node:events'
import { connect } from 'node:net'
import { contestant } from '../door/contestants.mjs'
import { now } from '../lib/clock.mjs'
import { obey, tellParent } from '../lib/commands.mjs'
import { Subscriber } from './subscriber.mjs'

/** Handshakes at once: fewer than a listening socket queues. */
const AT_ONCE = 100

const { path, hello, answer, pings, title } = contestant(process.argv[2] ?? '')
const wire = (/** @type {string} */ text) => text
const speaks = { title, server: '', args: [], path: path ?? '', wire, hello, pings }
/** @type {{ leave(): void }[]} */
let inside = []
let failed = false

/** Only the first failure counts: the others follow from it. @param {Error} error */
function fail(error) {
  if (!failed) tellParent({ failure: error.message })
  failed = true
}

/** @param {number} port */
async function enter(port) {
  if (path === undefined) {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    await once(socket, 'connect')
    socket.on('error', fail)
    inside.push({ leave: () => socket.resetAndDestroy() })
    return
  }
  let left = false
  const subscriber = new Subscriber(port, speaks, (error) => {
    if (!left) fail(error)
  })
  inside.push({
    leave: () => {
      left = true
      subscriber.leave()
    },
  })
  await subscriber.open()
  // The next thing that is read comes after this.
  if (answer !== undefined) await subscriber.joined(answer)
}

/** As many as `many`, a hundred at any time; how long that took, in milliseconds. */
async function come({ port, many }) {
  const before = now()
  let left = many
  const door = async () => {
    while (left-- > 0) await enter(port)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, door))
  return now() - before
}

obey({
  come,
  exit: () => process.exit(0),
  leave: () => {
    for (const one of inside) one.leave()
    inside = []
  },
})
