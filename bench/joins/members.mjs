// The members of the presence channel, and what the server says of them. All are equally long, so that a frame's length says
// how many stand in it.
const DIGITS = 5
const NAMES = ['Ada', 'Ben', 'Eve', 'Ian', 'Kim', 'Lea', 'Max', 'Zoe']

/** So many members fit into the numbers of their ids. */
export const MOST_MEMBERS = 10 ** DIGITS

/** @param {number} number */
export function member(number) {
  const digits = String(number).padStart(DIGITS, '0')
  return { id: `u${digits}`, info: { name: `${NAMES[number % NAMES.length]} ${digits}` } }
}

/** @param {number} round */
export function channelOf(round) {
  return `presence-bench-${String(round).padStart(3, '0')}`
}

/** What a client says to join. The server takes the member as the client's word. @param {string} channel @param {number} number */
export function subscribeText(channel, number) {
  return JSON.stringify({ op: 'sub', id: 1, channel, auth: number })
}

/** @param {string} channel @param {number} number */
export function joinText(channel, number) {
  return JSON.stringify({ op: 'join', channel, member: member(number) })
}

const NO_MEMBERS = 0
const ONE = JSON.stringify(member(0)).length
/** Without any member. */
const LENGTHS = {
  ok: (/** @type {string} */ channel) =>
    JSON.stringify({ op: 'ok', id: 1, channel, me: member(0), members: [] }).length,
  members: (/** @type {string} */ channel) => JSON.stringify({ op: 'members', channel, members: [] }).length,
}

/**
 * How many members stand in a frame of this length; 0 in an acknowledgement that has no list.
 *
 * @param {'ok' | 'members'} op
 * @param {string} channel
 * @param {number} length
 */
export function membersIn(op, channel, length) {
  const list = length - LENGTHS[op](channel)
  if (list < ONE) return NO_MEMBERS
  const many = (list + 1) / (ONE + 1)
  if (!Number.isInteger(many)) throw new Error(`a list of members of ${list} bytes`)
  return many
}
