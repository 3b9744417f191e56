// The clients of one server. Argument: the kind of texts.
import { obey, tellParent } from '../lib/commands.mjs'
import { openAll } from '../load/open-all.mjs'
import { textsOf } from '../load/texts.mjs'
import { Reader } from './reader.mjs'

/** One client in so many inflates what comes, and compares it. */
const SAMPLE_EVERY = 50

const { text } = textsOf(/** @type {import('../load/texts.mjs').TextKind} */ (process.argv[2]))
/** @type {Reader[]} */
let readers = []
let failed = false

/** Only the first failure counts: the others follow from it. @param {Error} error */
function fail(error) {
  if (!failed) tellParent({ failure: error.message })
  failed = true
}

/** The server is told whenever everybody has one message more. @param {{ first: number, messages: number }} plan */
function expect({ first, messages }) {
  const came = new Uint32Array(messages)
  const one = (/** @type {number} */ number) => {
    const at = number - first
    const by = (came[at] ?? 0) + 1
    if (at >= messages) fail(new Error(`message ${number} was not to come`))
    came[at] = by
    if (by === readers.length) tellParent({ turns: at + 1 })
  }
  for (const reader of readers) reader.expect(first, one)
}

obey({
  open: async ({ port, many }) => {
    readers = await openAll(many, (at) => new Reader(port, { checks: at % SAMPLE_EVERY === 0, text }, fail))
  },
  expect,
  bytes: () => readers.reduce((sum, reader) => sum + reader.bytes, 0),
})
