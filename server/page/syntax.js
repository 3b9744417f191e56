import { make } from './dom.js'

/** A string with the colon that makes it a name, a string, a number or word, or what stands between them. */
const TOKENS = /("(?:[^"\\]|\\.)*")(:?)|([\w.+-]+)|([^"\w.+-]+|")/g

/**
 * JSON text in colours, of which every character is there as it came. Text that is no JSON comes out as it is.
 *
 * @param {string} text
 * @returns {(Node | string)[]}
 */
export function coloured(text) {
  /** @type {(Node | string)[]} */
  const parts = []
  let name = ''
  for (const [all, string, colon] of text.matchAll(TOKENS)) {
    if (string !== undefined && colon) parts.push(make('span', 'frame-name', all))
    else if (string !== undefined)
      parts.push(make('span', name === '"op"' ? 'frame-op' : 'frame-string', all))
    else parts.push(...punctuation(all))
    name = colon ? String(string) : ''
  }
  return parts
}

/**
 * A line may end after each comma, and need not end in the middle of a word.
 *
 * @param {string} text
 */
function punctuation(text) {
  return text.split(/(?<=,)/).flatMap((part) => (part.endsWith(',') ? [part, make('wbr', '')] : [part]))
}
