// As much of SVG as the plots need. No fonts and no scripts: a picture that stands alone, in the light and in the dark.

/** @typedef {Record<string, string | number>} Attributes */

/** The colours by class. A picture in a page follows the reader's system, so it brings its own background. */
const STYLE = `
  text { font: 12px system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif; fill: #1f2328 }
  .title { font-size: 15px; font-weight: 600 }
  .muted { fill: #59636e }
  .page { fill: #ffffff; stroke: #d1d9e0 }
  .ours { fill: #0969da }
  .other { fill: #9aa4af }
  .grid { stroke: #d1d9e0 }
  .line { fill: none; stroke-width: 2 }
  .line.ours, .dot.ours { stroke: #0969da }
  .line.other, .dot.other { stroke: #818b98 }
  .line.dashed { stroke-dasharray: 5 4 }
  .line.ours, .line.other { fill: none }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc }
    .muted { fill: #9198a1 }
    .page { fill: #0d1117; stroke: #3d444d }
    .ours { fill: #4493f8 }
    .other { fill: #656c76 }
    .grid { stroke: #3d444d }
    .line.ours, .dot.ours { stroke: #4493f8 }
    .line.other, .dot.other { stroke: #9198a1 }
  }
`

/**
 * A picture with a title, for the eye and for those who have it read to them.
 *
 * @param {{ width: number, height: number, title: string, subtitle: string }} page
 * @param {readonly string[]} parts - elements
 */
export function picture({ width, height, title, subtitle }, parts) {
  const page = element('rect', {
    class: 'page',
    ...{ x: 0.5, y: 0.5, width: width - 1, height: height - 1, rx: 6 },
  })
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    element('title', {}, title),
    `<style>${STYLE}</style>`,
    page,
    text(title, { class: 'title', x: 16, y: 28 }),
    text(subtitle, { class: 'muted', x: 16, y: 48 }),
    ...parts,
    '</svg>',
  ]
  return `${lines.join('\n')}\n`
}

/** @param {string} content @param {Attributes} attributes */
export function text(content, attributes) {
  return element('text', attributes, content)
}

/** @param {string} name @param {Attributes} attributes @param {string} [content] - text, not yet escaped */
export function element(name, attributes, content) {
  const all = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(shown(value))}"`)
  const opening = `<${name}${all.join('')}`
  return content === undefined ? `${opening}/>` : `${opening}>${escaped(content)}</${name}>`
}

/** A tenth of a pixel is enough. @param {string | number} value */
function shown(value) {
  return typeof value === 'number' ? String(Math.round(value * 10) / 10) : value
}

/** @param {string} content */
function escaped(content) {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
