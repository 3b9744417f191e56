/**
 * Lines up cells: the first column to the left, the others to the right.
 *
 * @param {readonly (readonly string[])[]} rows
 */
export function table(rows) {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const line = (/** @type {readonly string[]} */ row) =>
    row
      .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
      .join('   ')
  return rows.map((row) => `  ${line(row).trimEnd()}`).join('\n')
}

/** Three significant digits, as a person reads them. @param {number} value */
export function figure(value) {
  if (value >= 100) return value.toFixed(0)
  return value >= 10 ? value.toFixed(1) : value.toFixed(value >= 1 ? 2 : 3)
}

/** @param {number} value */
export function count(value) {
  return value.toLocaleString('en-US')
}
