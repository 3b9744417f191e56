// Messages in very many pieces, none of which is the last.
import { sleep } from './time.mjs'
import { many, pour, webSocket } from './wire.mjs'

/**
 * @param {import('../attacks/index.mjs').Place} place
 * @param {number} count - of sockets
 * @param {(socket: import('node:net').Socket) => Promise<unknown>} send
 */
export async function onMany(place, count, send) {
  const began = Date.now()
  const sockets = await many(count, (index) => webSocket(place, { index }))
  await Promise.all(sockets.map(send))
  await sleep(place.seconds * 1_000 - (Date.now() - began))
}

/** Sends each of the pieces by itself, as far as the network lets it be. */
export async function oneByOne(socket, pieces, until) {
  let next = 0
  await pour(socket, until, () => pieces[next++])
}
