import { fields } from './fields.js'

/**
 * @typedef {object} Person
 * @property {string} id
 * @property {string} name
 * @property {string} [node] - the server they are connected to, or several; when there is more than one
 */

/**
 * A member as the server tells of it. Other programs than this page may be in the room, with less to tell.
 *
 * @param {unknown} member
 * @returns {Person}
 */
export function personOf(member) {
  const { id, info } = fields(member)
  const { name, node } = fields(info)
  const person = { id: String(id), name: typeof name === 'string' && name !== '' ? name : 'Somebody' }
  return typeof node === 'string' ? { ...person, node } : person
}

/**
 * Who is in the room, by name. Somebody who is there twice, on two servers, is one person.
 *
 * @param {readonly unknown[]} members
 * @param {string | undefined} first - the id of whoever is to come first
 * @returns {Person[]}
 */
export function peopleOf(members, first) {
  const rank = (/** @type {Person} */ { id }) => (id === first ? 0 : 1)
  /** @type {Map<string, Person>} */
  const people = new Map()
  for (const person of members.map(personOf)) {
    const known = people.get(person.id)
    people.set(person.id, known ? together(known, person) : person)
  }
  return [...people.values()].sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name))
}

/**
 * @param {Person} known
 * @param {Person} again
 * @returns {Person}
 */
function together(known, { node }) {
  if (node === undefined || known.node === undefined || known.node.split(', ').includes(node)) return known
  return { ...known, node: `${known.node}, ${node}` }
}
