/**
 * How values are spread.
 *
 * @typedef {{ p50: number, p99: number, max: number }} Spread
 */

/** @param {Float64Array | readonly number[]} values @returns {Spread} */
export function spread(values) {
  const sorted = Float64Array.from(values).sort()
  const at = (/** @type {number} */ share) =>
    sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
  return { p50: at(0.5), p99: at(0.99), max: at(1) }
}
