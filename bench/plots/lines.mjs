import { figure } from '../lib/table.mjs'
import { element, picture, text } from './svg.mjs'

const WIDTH = 680
const HEIGHT = 340
const LEFT = 64
const RIGHT = WIDTH - 170
const TOP = 76
const BOTTOM = HEIGHT - 44
/** Between two labels beside the ends of lines. */
const LABEL = 15

/** @typedef {{ label: string, ours: boolean, dashed: boolean, values: readonly number[] }} Series */

/**
 * Lines over a few values of x, at equal distances, on a logarithmic scale.
 *
 * @param {object} chart
 * @param {string} chart.title
 * @param {string} chart.subtitle
 * @param {readonly string[]} chart.ticks - what is written below, one per value
 * @param {readonly Series[]} chart.series - values above 0
 * @returns {string} SVG
 */
export function lineChart({ title, subtitle, ticks, series }) {
  const values = series.flatMap((one) => one.values)
  const low = Math.floor(Math.log10(Math.min(...values)))
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))))
  const y = (/** @type {number} */ value) =>
    BOTTOM - ((Math.log10(value) - low) / (high - low)) * (BOTTOM - TOP)
  const inset = 50
  const x = (/** @type {number} */ at) =>
    LEFT + inset + (at / Math.max(1, ticks.length - 1)) * (RIGHT - LEFT - 2 * inset)
  const powers = Array.from({ length: high - low + 1 }, (_, at) => 10 ** (low + at))
  const grid = powers.flatMap((power) => [
    element('line', { class: 'grid', x1: LEFT, x2: RIGHT, y1: y(power), y2: y(power) }),
    text(String(Number(power.toPrecision(1))), {
      class: 'muted',
      ...{ x: LEFT - 8, y: y(power) + 4, 'text-anchor': 'end' },
    }),
  ])
  const below = ticks.map((tick, at) =>
    text(tick, { class: 'muted', x: x(at), y: BOTTOM + 22, 'text-anchor': 'middle' }),
  )
  const lines = series.flatMap((one) => line(one, x, y))
  return picture({ width: WIDTH, height: HEIGHT, title, subtitle }, [
    ...grid,
    ...below,
    ...lines,
    ...ends(series, y),
  ])
}

/** @param {Series} series @param {(at: number) => number} x @param {(value: number) => number} y */
function line({ ours, dashed, values }, x, y) {
  const side = ours ? 'ours' : 'other'
  const points = values.map((value, at) => `${x(at).toFixed(1)},${y(value).toFixed(1)}`).join(' ')
  return [
    element('polyline', { class: `line ${side}${dashed ? ' dashed' : ''}`, points }),
    ...values.map((value, at) =>
      element('circle', { class: `dot ${side}`, cx: x(at), cy: y(value), r: 3.5 }),
    ),
  ]
}

/** A label with the last figure beside the end of each line, moved down where two would meet. @param {readonly Series[]} series @param {(value: number) => number} y */
function ends(series, y) {
  const last = ({ values }) => values.at(-1) ?? Number.NaN
  let free = -Infinity
  return series
    .toSorted((a, b) => last(b) - last(a))
    .map((one) => {
      const at = Math.max(y(last(one)) + 4, free)
      free = at + LABEL
      return text(`${one.label}: ${figure(last(one))}`, { x: RIGHT + 6, y: at })
    })
}
