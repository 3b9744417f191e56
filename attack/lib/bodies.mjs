// Whole bodies, one after the other, on a few connections.
import { many, open, pollSession, pour, requestHead } from './wire.mjs'

/**
 * Six connections, each with a session of its own, post `body` again and again.
 *
 * @param {import('../attacks/index.mjs').Place} place
 * @param {string} body
 */
export async function postAgain(place, body) {
  const until = Date.now() + place.seconds * 1_000
  const posts = await many(6, async (index) => {
    const session = await pollSession(place, index)
    const target = `POST /poll?session=${session}`
    const head = requestHead(target, { host: 'localhost', 'content-length': Buffer.byteLength(body) })
    let posted = 0
    // A connection that is refused more is made anew.
    while (Date.now() < until) {
      const socket = await open(place, { index })
      posted += await pour(socket, until, () => head + body)
      socket.destroy()
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    return posted
  })
  return posts.reduce((sum, one) => sum + one, 0)
}

/** Half of the deliveries may be so late, in ms, beside what they are without an attack: the machine has other work. */
const LATE = { times: 20, ms: 250 }

/** What is read must not take the time of all others. @param {import('./verdict.mjs').Measured} measured */
export function half({ control, attacked }) {
  const ok = attacked.p50 <= Math.max(control.p50 * LATE.times, LATE.ms)
  return [{ what: 'p50', ok, said: `${attacked.p50.toFixed(1)} ms (${control.p50.toFixed(1)})` }]
}
