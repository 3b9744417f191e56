// Readers that do not read, and somebody who writes to each of them.
import { sleep } from './time.mjs'
import { frame, many, webSocket } from './wire.mjs'

const READERS = 250
const EACH_BYTES = 3_000_000
const MESSAGE_BYTES = 60_000
/** Between two messages of one publisher. */
const EVERY_MS = 300

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
 * @param {number} [everyMs] - between two messages of one publisher
 */
export async function stallAll(place, reader, everyMs = EVERY_MS) {
  const data = 'x'.repeat(MESSAGE_BYTES)
  const until = Date.now() + place.seconds * 1_000
  await many(READERS, reader)
  const publishers = await many(READERS, async (index) => {
    const socket = await webSocket(place, { index: READERS + index })
    socket.write(frame(joining(index)))
    return socket
  })
  const said = publishers.map((_, index) =>
    frame(JSON.stringify({ op: 'pub', channel: `presence-stall-${index}`, event: 'e', data })),
  )
  for (let round = 0; round < EACH_BYTES / MESSAGE_BYTES && Date.now() < until; round++) {
    for (const [index, socket] of publishers.entries()) {
      if (!socket.destroyed && !socket.writableNeedDrain) socket.write(/** @type {Buffer} */ (said[index]))
      if (index % 25 === 24) await sleep(everyMs / 10)
    }
  }
}
