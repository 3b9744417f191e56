import { parse } from './fields.js'

/**
 * Who this browser is. The key never leaves it but for the server, which shows the others a digest of it; without storage
 * (it may be turned off) it lasts as long as the page.
 */

const KEY = 'fanfare.key'
const NAME = 'fanfare.name'
const JOINED = 'fanfare.joined'

/** The same for all tabs of this browser. */
export function key() {
  const known = read('localStorage', KEY)
  if (known && /^[\w-]{22,64}$/.test(known)) return known
  const made = randomKey()
  write('localStorage', KEY, made)
  return made
}

/** The name that was given last. */
export function name() {
  return read('localStorage', NAME) ?? ''
}

/** @param {string} given */
export function rememberName(given) {
  write('localStorage', NAME, given)
}

/**
 * The room and name this very tab is in; it is back there after a reload.
 *
 * @returns {{ room: string, name: string } | undefined}
 */
export function joined() {
  const { room, name: given } = parse(read('sessionStorage', JOINED) ?? '')
  return typeof room === 'string' && typeof given === 'string' ? { room, name: given } : undefined
}

/** @param {{ room: string, name: string } | undefined} place */
export function rememberJoined(place) {
  write('sessionStorage', JOINED, JSON.stringify(place ?? null))
}

function randomKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
}

/**
 * @param {'localStorage' | 'sessionStorage'} where
 * @param {string} item
 */
function read(where, item) {
  try {
    return window[where].getItem(item)
  } catch {
    return null
  }
}

/**
 * @param {'localStorage' | 'sessionStorage'} where
 * @param {string} item
 * @param {string} value
 */
function write(where, item, value) {
  try {
    window[where].setItem(item, value)
  } catch {
    // Storage is off or full: everything works, and is forgotten with the page.
  }
}
