import { fields } from './fields.js'

/**
 * @typedef {object} Person
 * @property {string} id
 * @property {string} name
 */

/**
 * A member as the server tells of it. Other programs than this page may be in the room, with less to tell.
 *
 * @param {unknown} member
 * @returns {Person}
 */
export function personOf(member) {
  const { id, info } = fields(member)
  const { name } = fields(info)
  return { id: String(id), name: typeof name === 'string' && name !== '' ? name : 'Somebody' }
}

/**
 * Who is in the room, by name.
 *
 * @param {readonly unknown[]} members
 * @param {string | undefined} first - the id of whoever is to come first
 * @returns {Person[]}
 */
export function peopleOf(members, first) {
  const rank = (/** @type {Person} */ { id }) => (id === first ? 0 : 1)
  return members.map(personOf).sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name))
}
