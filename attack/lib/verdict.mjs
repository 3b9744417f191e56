// What is asked of a server that was attacked, each as a sentence that holds or does not.

const MEBIBYTE = 1_048_576
/** A server that was under attack may hold so much more than before, for tables that grew, and code that was compiled. */
const MEMORY_SLACK = 24 * MEBIBYTE
/** How late the 99th percentile may be, in ms, beside what it was without an attack. */
const LATENESS = { times: 10, ms: 2_000 }
/** In its short form an attack runs beside other things: there only what is out of all proportion counts. */
const SHORT_LATENESS = { times: 50, ms: 6_000 }
const MOST_NEWCOMERS_FAILED = 0.1

/**
 * @typedef {object} Measured
 * @property {string | undefined} ended - how the server ended under attack, in words
 * @property {Phase} control
 * @property {Phase} attacked
 * @property {number | undefined} heldBefore - in bytes
 * @property {number | undefined} heldAfter
 * @property {boolean} entered - whether somebody new got in after it
 * @property {{ ended: string, ms: number }} end - of SIGTERM
 * @property {string} output - of the server
 * @property {any[]} results - of the attackers
 *
 * @typedef {object} Phase
 * @property {number} owed
 * @property {number} had
 * @property {Record<string, number>} closed
 * @property {Record<string, number>} refused
 * @property {{ tried: number, failed: number }} newcomers
 * @property {number} p50
 * @property {number} p99
 *
 * @typedef {{ what: string, ok: boolean, said: string }} Verdict
 */

/** @param {Measured} m @returns {Verdict} */
const up = ({ ended }) => ({ what: 'up', ok: ended === undefined, said: ended ?? 'up' })

/** @param {Measured} m @returns {Verdict} */
function deliveries({ attacked: { owed, had, closed, refused } }) {
  const harmed = [...Object.entries(closed), ...Object.entries(refused)].map(([word, n]) => `${n} × ${word}`)
  const ok = owed > 0 && had === owed && harmed.length === 0
  return { what: 'deliveries', ok, said: [`${had}/${owed}`, ...harmed].join(', ') }
}

/** @param {Measured} m @param {number} lateMs @param {boolean} short @returns {Verdict} */
function lateness({ control, attacked }, lateMs, short) {
  const { times, ms } = short ? SHORT_LATENESS : LATENESS
  const ok = attacked.p99 <= Math.max(control.p99 * times, ms, lateMs)
  return { what: 'p99', ok, said: `${round(attacked.p99)} ms (${round(control.p99)})` }
}

/** @param {Measured} m @returns {Verdict} */
function memory({ heldBefore, heldAfter }) {
  const said = `${mebibytes(heldBefore)} → ${mebibytes(heldAfter)}`
  const known = heldBefore !== undefined && heldAfter !== undefined
  return { what: 'memory', ok: known && heldAfter <= heldBefore + MEMORY_SLACK, said }
}

/** @param {Measured} m @param {boolean} knocked @returns {Verdict} */
function newcomers({ entered, attacked }, knocked) {
  const { tried, failed } = attacked.newcomers
  if (!knocked) return { what: 'newcomers', ok: entered, said: entered ? 'in' : 'out' }
  const ok = entered && tried > 0 && failed <= tried * MOST_NEWCOMERS_FAILED
  return { what: 'newcomers', ok, said: `${tried - failed}/${tried}` }
}

/** @param {Measured} m @returns {Verdict} */
function end({ end: { ended, ms } }) {
  return { what: 'SIGTERM', ok: ended === 'exit 0', said: `${ended}, ${(ms / 1_000).toFixed(1)} s` }
}

/**
 * All that is asked of a server in an attack.
 *
 * @param {Measured} measured
 * @param {{ newcomers?: boolean, lateMs?: number, judge?: (measured: Measured) => Verdict[] }} attack
 * @param {boolean} short
 */
export function verdicts(measured, attack, short) {
  const all = [
    up(measured),
    deliveries(measured),
    lateness(measured, attack.lateMs ?? 0, short),
    memory(measured),
  ]
  all.push(newcomers(measured, attack.newcomers === true), end(measured))
  return [...all, ...(attack.judge?.(measured) ?? [])]
}

const round = (ms) => (ms < 10 ? ms.toFixed(1) : ms.toFixed(0))
const mebibytes = (bytes) => (bytes === undefined ? '?' : `${(bytes / MEBIBYTE).toFixed(0)} MiB`)
