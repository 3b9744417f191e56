import { figure } from '../lib/table.mjs'
import { element, picture, text } from './svg.mjs'

const LABELS = 150
const PANEL = 230
const GAP = 16
const TOP = 92
const ROW = 26
const BAR = 16
const NARROWEST = 680
/** Room for the figure behind a bar. */
const FIGURE = 52

/**
 * Bars for the same contestants side by side, each panel with a scale of its own that begins at nothing.
 *
 * @param {object} chart
 * @param {string} chart.title
 * @param {string} chart.subtitle
 * @param {readonly { label: string, ours: boolean }[]} chart.rows
 * @param {readonly { title: string, values: readonly (number | undefined)[] }[]} chart.panels - a value per row
 * @returns {string} SVG
 */
export function barChart({ title, subtitle, rows, panels }) {
  const width = Math.max(LABELS + panels.length * (PANEL + GAP) + GAP, NARROWEST)
  const height = TOP + rows.length * ROW + GAP
  const labels = rows.map(({ label }, at) =>
    text(label, { x: LABELS - 10, y: middle(at) + 4, 'text-anchor': 'end' }),
  )
  const size = panels.length === 1 ? width - LABELS - 2 * GAP : PANEL
  const drawn = panels.flatMap(({ title: above, values }, at) =>
    panel({ above, values, rows, left: LABELS + at * (PANEL + GAP), size }),
  )
  return picture({ width, height, title, subtitle }, [...labels, ...drawn])
}

/**
 * @param {object} one
 * @param {string} one.above
 * @param {readonly (number | undefined)[]} one.values
 * @param {readonly { ours: boolean }[]} one.rows
 * @param {number} one.left
 * @param {number} one.size
 */
function panel({ above, values, rows, left, size }) {
  const most = Math.max(...values.map((value) => value ?? 0), Number.MIN_VALUE)
  const axis = element('line', {
    class: 'grid',
    ...{ x1: left, x2: left, y1: TOP - 4, y2: TOP + rows.length * ROW },
  })
  const bars = values.flatMap((value, at) => {
    if (value === undefined) return []
    const width = Math.max(1, (Math.max(value, 0) / most) * (size - FIGURE))
    const bar = { x: left, y: middle(at) - BAR / 2, width, height: BAR }
    return [
      element('rect', { class: rows[at]?.ours ? 'ours' : 'other', ...bar }),
      text(figure(value), { x: left + width + 6, y: middle(at) + 4 }),
    ]
  })
  return [text(above, { class: 'muted', x: left, y: TOP - 14 }), axis, ...bars]
}

/** @param {number} row */
function middle(row) {
  return TOP + (row + 0.5) * ROW
}
