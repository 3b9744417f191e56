/**
 * The element with this id. The page and its scripts come from one place, so one that is missing is a mistake here.
 *
 * @template {HTMLElement} Of
 * @param {string} id
 * @param {new () => Of} kind
 * @returns {Of}
 */
export function byId(id, kind) {
  const found = document.getElementById(id)
  if (found instanceof kind) return found
  throw new Error(`the page has no ${kind.name} with the id ${id}`)
}

/**
 * Makes an element. Text goes in as text: nothing that came over the network is ever read as HTML.
 *
 * @param {string} tag
 * @param {string} className
 * @param {...(string | Node)} content
 */
export function make(tag, className, ...content) {
  const element = document.createElement(tag)
  if (className) element.className = className
  element.append(...content)
  return element
}

/**
 * A round mark for somebody: first letter, and a colour of their own that comes from their id.
 *
 * @param {{ id: string, name: string }} person
 */
export function avatar({ id, name }) {
  const [letter = '?'] = new Intl.Segmenter().segment(name)[Symbol.iterator]().next().value?.segment ?? '?'
  const mark = make('span', 'avatar', letter.toUpperCase())
  mark.setAttribute('aria-hidden', 'true')
  mark.style.setProperty('--hue', String(hueOf(id)))
  return mark
}

/** @param {string} id */
function hueOf(id) {
  let hash = 7
  for (const character of id) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) >>> 0
  return (hash * 47) % 360
}
