// Who is in which channel, and where each message goes: the same in every process and in every run.

/** Channels that there are. */
export const CHANNELS = 200
/** Channels that every client is in. */
export const PER_CLIENT = 20

/** @param {number} channel - its number */
export function nameOf(channel) {
  return `channel-${channel}`
}

/**
 * The channel of a message. The first {@link CHANNELS} messages go to one channel each, in order; the others anywhere.
 *
 * @param {number} message - its number
 */
export function channelOf(message) {
  return message < CHANNELS ? message : mixed(message) % CHANNELS
}

/**
 * The numbers of a client's channels, ascending.
 *
 * @param {number} client - its number
 */
export function channelsOf(client) {
  const left = Array.from({ length: CHANNELS }, (_, channel) => channel)
  const chosen = Array.from({ length: PER_CLIENT }, (_, at) => {
    const [channel = 0] = left.splice(mixed((client + 1) * 4_096 + at) % left.length, 1)
    return channel
  })
  return chosen.toSorted((a, b) => a - b)
}

/**
 * How many of the first so many clients are in each channel.
 *
 * @param {number} clients
 */
export function sizes(clients) {
  const size = new Array(CHANNELS).fill(0)
  for (let client = 0; client < clients; client++) {
    for (const channel of channelsOf(client)) size[channel]++
  }
  return size
}

/** A whole number as another that looks random (the finalizer of MurmurHash3). @param {number} number */
function mixed(number) {
  let bits = number ^ (number >>> 16)
  bits = Math.imul(bits, 0x85ebca6b)
  bits ^= bits >>> 13
  bits = Math.imul(bits, 0xc2b2ae35)
  return (bits ^ (bits >>> 16)) >>> 0
}
