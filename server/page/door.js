import * as identity from './identity.js'

/** @typedef {{ room: string, name: string }} Place */

const MAX_NAME_LENGTH = 40
const ROOM = /^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/

/** The form at the entrance. The server checks everything again; this is here to say early what is missing. */
export class Door {
  #form
  #name
  #room
  #error
  #note

  /**
   * @param {{ form: HTMLElement, name: HTMLInputElement, room: HTMLInputElement, error: HTMLElement, note: HTMLElement }} parts
   * @param {(place: Place) => void} enter
   */
  constructor({ form, name, room, error, note }, enter) {
    this.#form = form
    this.#name = name
    this.#room = room
    this.#error = error
    this.#note = note
    name.value = identity.name()
    room.value = roomInAddress() ?? room.value
    form.addEventListener('submit', (event) => {
      event.preventDefault()
      const place = this.#read()
      if (place) enter(place)
    })
  }

  /** @param {string} [why] - why somebody is back here who wanted to be inside */
  show(why = '') {
    this.#form.hidden = false
    this.#complain(why)
    this.focus()
  }

  hide() {
    this.#form.hidden = true
    this.#complain('')
  }

  /** @param {string} what - nothing is wrong, but it takes a while */
  tell(what) {
    this.#complain('')
    this.#note.textContent = what
  }

  focus() {
    ;(this.#name.value === '' ? this.#name : this.#room).focus()
  }

  /** @returns {Place | undefined} */
  #read() {
    const name = this.#name.value.trim().replace(/\s+/g, ' ')
    const room = this.#room.value.trim().toLowerCase().replace(/\s+/g, '-')
    this.#room.value = room
    if (name === '') return this.#complain('Give a name, so that the others know who you are.', this.#name)
    if (name.length > MAX_NAME_LENGTH) {
      return this.#complain(`A name has at most ${MAX_NAME_LENGTH} characters.`, this.#name)
    }
    if (!ROOM.test(room)) {
      return this.#complain(
        'The name of a room has letters a to z, digits and dashes, 40 at most.',
        this.#room,
      )
    }
    this.#complain('')
    return { room, name }
  }

  /**
   * @param {string} what - empty: nothing any more
   * @param {HTMLInputElement} [where]
   * @returns {undefined}
   */
  #complain(what, where) {
    this.#error.textContent = what
    this.#note.textContent = ''
    for (const input of [this.#name, this.#room]) {
      if (input === where) input.setAttribute('aria-invalid', 'true')
      else input.removeAttribute('aria-invalid')
    }
    where?.focus()
  }
}

/** An invitation names the room: `/?room=lobby`. */
function roomInAddress() {
  const room = new URLSearchParams(location.search).get('room')
  return room !== null && ROOM.test(room) ? room : undefined
}

/** @param {string} room */
export function invitation(room) {
  return new URL(`?room=${room}`, location.href).href
}
