import { rounded, summary } from '../lib/statistics.mjs'
import { target } from '../lib/targets.mjs'
import { contestants, OURS, TWIN } from './measure.mjs'

/** @typedef {Awaited<ReturnType<typeof import('./measure.mjs').measureAll>>} Measured */
/** @typedef {import('./measure.mjs').Name} Name */
/** @typedef {import('./measure.mjs').Slice} Slice */

const MOST_CPU = 0.12
const MOST_MEMORY = 0.5
const MIB = 2 ** 20

/** @param {Measured} measured @param {{ names: Name[] }} plan */
export function evaluate({ rows, memory, frameBytes }, { names }) {
  const results = names.map((name) => {
    const slices = rows.flatMap((row) => row[name] ?? [])
    const { idle = Number.NaN, growth = Number.NaN } = memory[name] ?? {}
    return {
      name,
      title: contestants[name].title,
      messages: slices.reduce((sum, slice) => sum + slice.messages, 0),
      frameBytes: Math.round(frameBytes[name] ?? Number.NaN),
      cpu: summary(slices.map(({ cpu }) => cpu)),
      wall: summary(slices.map(({ wall }) => wall)),
      idleMiB: rounded(idle / MIB),
      growthMiB: rounded(growth / MIB),
    }
  })
  const ratio = (/** @type {(slice: Slice) => number} */ pick) =>
    summary(rows.flatMap(({ [OURS]: ours, [TWIN]: twin }) => (ours && twin ? [pick(ours) / pick(twin)] : [])))
  const [ours, twin] = [memory[OURS], memory[TWIN]]
  if (!ours || !twin) return { results, ratios: undefined, targets: [] }
  const ratios = {
    cpu: ratio(({ cpu }) => cpu),
    wall: ratio(({ wall }) => wall),
    // What is less than nothing was cleared away since: it is nothing.
    memory: rounded(Math.max(0, ours.growth) / twin.growth),
  }
  const who = { ours: OURS, against: TWIN }
  const targets = [
    target({ ...who, work: 'compressed messages', unit: 'CPU', most: MOST_CPU, is: ratios.cpu.median }),
    target({ ...who, work: 'compressed messages', unit: 'memory', most: MOST_MEMORY, is: ratios.memory }),
  ]
  return { results, ratios, targets }
}
