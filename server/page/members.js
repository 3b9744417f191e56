import { avatar, make } from './dom.js'

/** @import { Person } from './roster.js' */

/** The list of people in the room. */
export class MembersView {
  #list
  #counts

  /**
   * @param {HTMLElement} list
   * @param {readonly HTMLElement[]} counts - where their number stands
   */
  constructor(list, counts) {
    this.#list = list
    this.#counts = counts
  }

  /**
   * @param {readonly Person[]} people
   * @param {string | undefined} me - the id of the one who looks
   */
  show(people, me) {
    // Those who stay keep their element, so that a screen reader or a text selection is not thrown out of it.
    const known = new Map([...this.#list.children].map((item) => [item.getAttribute('data-id'), item]))
    this.#list.replaceChildren(
      ...people.map((person) => {
        const before = known.get(person.id)
        const stays = before?.getAttribute('data-node') === (person.node ?? '')
        return before && stays ? before : item(person, person.id === me)
      }),
    )
    for (const count of this.#counts) count.textContent = String(people.length)
  }
}

/**
 * @param {Person} person
 * @param {boolean} isMe
 */
function item(person, isMe) {
  const name = make('span', 'person-name', person.name)
  name.dir = 'auto'
  const element = make('li', 'person', avatar(person), name)
  if (person.node !== undefined) element.append(make('span', 'person-node', person.node))
  if (isMe) element.append(make('span', 'you', 'you'))
  element.dataset.id = person.id
  element.dataset.node = person.node ?? ''
  return element
}
