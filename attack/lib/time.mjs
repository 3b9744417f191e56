/** @param {number} ms @returns {Promise<void>} */
export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** What `promise` resolves to; `undefined` when that takes longer. @template T @param {number} ms @param {Promise<T>} promise */
export function within(ms, promise) {
  let timer
  const late = new Promise((resolve) => (timer = setTimeout(() => resolve(undefined), ms)))
  return /** @type {Promise<T | undefined>} */ (
    Promise.race([promise, late]).finally(() => clearTimeout(timer))
  )
}

/** The value below which `part` of the sorted ones lie. @param {number[]} values */
export function percentile(values, part) {
  if (values.length === 0) return NaN
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]
}
