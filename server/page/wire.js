import { make } from './dom.js'
import { Follower } from './follower.js'
import { coloured } from './syntax.js'

/** How many frames are kept, and how much of each is shown. */
const KEPT = 200
const SHOWN = 1_200

const TIME = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hour12: false,
})
const ARROWS = { in: '↓', out: '↑', note: '·' }
const WORDS = { in: 'received', out: 'sent', note: 'note' }

/** @typedef {{ direction: 'in' | 'out' | 'note', text: string, at: number }} Entry */

/** The frames as they go by. */
export class WireView {
  #list
  #counters
  #follower
  /** @type {Entry[]} */
  #entries = []
  #counts = { in: 0, out: 0, note: 0 }
  #paused = false

  /**
   * @param {HTMLElement} list
   * @param {{ in: HTMLElement, out: HTMLElement }} counters - where their numbers stand
   */
  constructor(list, counters) {
    this.#list = list
    this.#counters = counters
    this.#follower = new Follower(list)
  }

  /**
   * @param {Entry['direction']} direction
   * @param {string} text
   */
  add(direction, text) {
    const entry = { direction, text: direction === 'out' ? withoutKey(text) : text, at: Date.now() }
    this.#entries.push(entry)
    if (this.#entries.length > KEPT) this.#entries.shift()
    this.#counts[direction]++
    if (direction !== 'note') this.#counters[direction].textContent = String(this.#counts[direction])
    if (!this.#paused) this.#append(entry)
  }

  /** While paused, frames are kept but the list stands still. */
  togglePause() {
    this.#paused = !this.#paused
    if (!this.#paused) {
      this.#list.replaceChildren(...this.#entries.map(line))
      this.#follower.toEnd()
    }
    return this.#paused
  }

  clear() {
    this.#entries = []
    this.#list.replaceChildren()
  }

  /** @param {Entry} entry */
  #append(entry) {
    this.#list.append(line(entry))
    if (this.#list.childElementCount > KEPT) this.#list.firstElementChild?.remove()
    this.#follower.catchUp()
  }
}

/** @param {Entry} entry */
function line({ direction, text, at }) {
  const arrow = make('span', 'frame-arrow', ARROWS[direction])
  arrow.setAttribute('aria-hidden', 'true')
  const word = make('span', 'hidden-visually', `${WORDS[direction]} `)
  const time = make('time', 'frame-time', TIME.format(at))
  const shown = text.length > SHOWN ? `${text.slice(0, SHOWN)}… (${text.length} characters)` : text
  const code = make('code', 'frame-text', ...(direction === 'note' ? [text] : coloured(shown)))
  return make('li', `frame frame-${direction}`, time, arrow, word, code)
}

/**
 * The key of this browser is nobody's business who looks over a shoulder or at a screenshot.
 *
 * @param {string} text
 */
function withoutKey(text) {
  return text.replace(/"key":"[\w-]+"/, '"key":"•••"')
}
