import { avatar, make } from './dom.js'
import { fields } from './fields.js'
import { Follower } from './follower.js'

/** @import { Person } from './roster.js' */

/** How many lines are kept. */
const KEPT = 400
/** What one person says within this time stands together. */
const TOGETHER_MS = 180_000

const TIME = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' })

/** @typedef {{ from: Person, text: string, at: number }} Message */

/**
 * What the server says somebody said; `undefined` when it is of another form, which another program may have published.
 *
 * @param {unknown} data
 * @returns {Message | undefined}
 */
export function messageOf(data) {
  const { text, at, from } = fields(data)
  const { id, name } = fields(from)
  if (typeof text !== 'string' || typeof at !== 'number' || typeof name !== 'string') return undefined
  return { from: { id: String(id), name }, text, at }
}

/** The conversation. */
export class ChatView {
  #list
  #jump
  #empty
  #follower
  /** @type {{ id: string, at: number } | undefined} */
  #last

  /**
   * @param {HTMLElement} list
   * @param {HTMLElement} empty - shown as long as nobody has said anything
   * @param {HTMLElement} jump - brings the end into view; shown when there is news below
   */
  constructor(list, empty, jump) {
    this.#list = list
    this.#empty = empty
    this.#jump = jump
    this.#follower = new Follower(list, () => {
      jump.hidden = true
    })
    jump.addEventListener('click', () => {
      this.#toEnd()
      list.focus()
    })
  }

  /**
   * @param {Message} message
   * @param {boolean} mine
   */
  message(message, mine) {
    const { from, at } = message
    const together = this.#last?.id === from.id && at - this.#last.at < TOGETHER_MS
    this.#last = { id: from.id, at }
    this.#empty.hidden = true
    this.#add(said(message, mine, together), mine)
  }

  /**
   * Something that happened.
   *
   * @param {'quiet' | 'line' | 'warn'} tone - how much it is set off
   * @param {...(string | Node)} content
   */
  note(tone, ...content) {
    this.#last = undefined
    this.#add(make('li', `note note-${tone}`, make('span', '', ...content)), false)
  }

  clear() {
    this.#last = undefined
    this.#list.replaceChildren()
    this.#empty.hidden = false
    this.#jump.hidden = true
  }

  #toEnd() {
    this.#follower.toEnd()
    this.#jump.hidden = true
  }

  /**
   * @param {HTMLElement} line
   * @param {boolean} mine
   */
  #add(line, mine) {
    this.#list.append(line)
    if (this.#list.childElementCount > KEPT) this.#list.firstElementChild?.remove()
    if (mine || this.#follower.following) this.#toEnd()
    else if (line.classList.contains('said')) this.#jump.hidden = false
  }
}

/**
 * @param {Message} message
 * @param {boolean} mine
 * @param {boolean} together - with the one before
 */
function said({ from, text, at }, mine, together) {
  const name = make('span', 'said-name', mine ? 'You' : from.name)
  name.dir = 'auto'
  const time = make('time', 'said-time', TIME.format(at))
  time.setAttribute('datetime', new Date(at).toISOString())
  const words = make('p', 'said-text', text)
  words.dir = 'auto'
  const line = make(
    'li',
    'said',
    avatar(from),
    make('div', 'said-body', make('div', 'said-head', name, time), words),
  )
  if (mine) line.classList.add('said-mine')
  if (together) line.classList.add('said-together')
  return line
}
