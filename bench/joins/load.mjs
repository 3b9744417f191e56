// The clients of one server. Argument: whether a sample of them reads what comes, or all of them only count.
import { now } from '../lib/clock.mjs'
import { obey, tellParent } from '../lib/commands.mjs'
import { openAll } from '../load/open-all.mjs'
import { Joiner } from './joiner.mjs'
import { CheckedMembers, CountedMembers } from './seen.mjs'

/** One client in so many reads everything. */
const SAMPLE_EVERY = 500

const checking = process.argv[2] === 'check'
/** @type {Joiner[]} */
let joiners = []
let failed = false

/** Only the first failure counts: the others follow from it. @param {Error} error */
function fail(error) {
  if (!failed) tellParent({ failure: error.message })
  failed = true
}

/**
 * The first so many clients join at once. Resolves when each of them knows of so many members.
 *
 * @param {{ channel: string, many: number, wanted: number }} plan
 * @returns {Promise<{ wallMs: number, bytes: number }>}
 */
function join({ channel, many, wanted }) {
  const some = joiners.slice(0, many)
  return new Promise((resolve) => {
    const beganAt = now()
    let left = many
    const done = () => {
      if (--left > 0) return
      resolve({ wallMs: now() - beganAt, bytes: some.reduce((sum, { bytes }) => sum + bytes, 0) })
    }
    for (const joiner of some) joiner.join(channel, wanted, done)
  })
}

obey({
  open: async ({ port, many }) => {
    joiners = await openAll(many, (index) => {
      const Kind = checking && index % SAMPLE_EVERY === 0 ? CheckedMembers : CountedMembers
      return new Joiner(port, index, Kind, fail)
    })
  },
  join,
})
