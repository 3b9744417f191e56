// What benchmarks measured, one JSON file each.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'

/** Where the committed ones are. */
export const RESULTS = new URL('../results/', import.meta.url)

/** @typedef {import('./targets.mjs').Target} Target */

/** @param {URL} folder - ends with a slash @param {string} name - of the benchmark @param {unknown} content */
export function saveResult(folder, name, content) {
  mkdirSync(folder, { recursive: true })
  writeFileSync(new URL(`${name}.json`, folder), `${JSON.stringify(content, null, 2)}\n`)
}

/**
 * @param {URL} folder - ends with a slash
 * @param {string} name - of the benchmark
 * @returns {any} `undefined` where there is none
 */
export function readResult(folder, name) {
  const file = new URL(`${name}.json`, folder)
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined
}

/**
 * The results that there are, in this order.
 *
 * @param {URL} folder - ends with a slash
 * @param {readonly string[]} names - of benchmarks
 * @returns {Record<string, any>} by benchmark
 */
export function readResults(folder, names) {
  const all = names.map((name) => [name, readResult(folder, name)])
  return Object.fromEntries(all.filter(([, result]) => result !== undefined))
}

/** The targets of a result; none where there are none. @param {any} result @returns {Target[]} */
export function targetsOf(result) {
  return (result?.targets ?? []).filter((/** @type {Partial<Target>} */ { work }) => work !== undefined)
}
