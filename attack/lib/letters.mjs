// Letters as they travel on the bus, written by somebody who is no server.
import { within } from './time.mjs'

const LONG_MS = 60_000

/** The subjects on which somebody listens, of channels that begin so. @param {import('ioredis').Redis} bus */
export async function channelsOn(bus, beginning) {
  const subjects = await bus.pubsub('CHANNELS', `*:c:${beginning}*`)
  return /** @type {string[]} */ (subjects)
}

/** The origin of the next letter on one of the subjects. @param {import('ioredis').Redis} bus @param {string[]} subjects */
export async function originOn(bus, subjects) {
  await bus.subscribe(...subjects)
  const origin = new Promise((resolve) => {
    bus.on('message', (_, text) => {
      const found = /"o":"([^"]+)"/.exec(text)?.[1]
      if (found !== undefined) resolve(found)
    })
  })
  const found = await within(10_000, origin)
  if (found === undefined) throw new Error('no letter came')
  return found
}

/** A letter. @param {{ origin: string, sequence: number, name?: string, payload: string }} letter */
export function forged({ origin, sequence, name, payload }) {
  const header = { o: origin, s: sequence, p: 0, d: Date.now() + LONG_MS, n: name }
  return `fanfare/1 ${JSON.stringify(header)}\n${payload}`
}
