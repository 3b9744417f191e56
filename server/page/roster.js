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

/** Who is in the room. */
export class Roster {
  /** @type {Map<string, Person>} */
  #people = new Map()

  get size() {
    return this.#people.size
  }

  /** @param {unknown} members - a whole list, in place of what was known */
  replace(members) {
    const people = Array.isArray(members) ? members.map(personOf) : []
    this.#people = new Map(people.map((person) => [person.id, person]))
  }

  /**
   * @param {Person} person
   * @returns {boolean} whether that is news
   */
  join(person) {
    const news = !this.#people.has(person.id)
    this.#people.set(person.id, person)
    return news
  }

  /**
   * @param {Person} person
   * @returns {Person | undefined} who left, as known before
   */
  leave({ id }) {
    const known = this.#people.get(id)
    this.#people.delete(id)
    return known
  }

  /**
   * @param {string | undefined} first - the id of whoever is to come first
   * @returns {Person[]} the others by name
   */
  list(first) {
    const rank = (/** @type {Person} */ { id }) => (id === first ? 0 : 1)
    return [...this.#people.values()].sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name))
  }
}
