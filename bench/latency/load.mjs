// The clients of one server. Argument: the kind of texts.
import { obey } from '../lib/commands.mjs'
import { clockedLoad } from '../load/clocked-load.mjs'

obey(clockedLoad(/** @type {import('../load/texts.mjs').TextKind} */ (process.argv[2])))
