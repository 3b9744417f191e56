// A hub with subscribers that only count, and with as many other channels as it is told: the argument is how many channels
// each of the subscribers is in besides.
import { hostPlatform, Hub } from '@fanfare/core'
import { payload } from '../fan-out/payload.mjs'
import { obey } from '../lib/commands.mjs'

const CHANNEL = 'bench'

const others = Number(process.argv[2] ?? 0)
/** @type {(() => void)[]} */
const turns = []
let delivered = 0
let subscribers = 0

const { scheduler } = hostPlatform()
const turn = (/** @type {() => void} */ end) => void turns.push(end)
const hub = new Hub({
  maxChannelsPerClient: others + 1,
  platform: { scheduler: { ...scheduler, turn } },
})

const conn = {
  bufferedBytes: 0,
  write: (/** @type {import('@fanfare/core').Batch} */ batch) => {
    delivered += batch.frames.length
    return true
  },
  close: () => {},
  terminate: () => {},
}

/** A hub that has much to write does it in several turns. */
function endTurn() {
  for (let end = turns.shift(); end; end = turns.shift()) end()
}

/** @returns {Promise<number>} how many channels there are */
async function fill({ many }) {
  subscribers = many
  for (let client = 0; client < many; client++) {
    const added = hub.add({ ...conn })
    await hub.subscribe(added, CHANNEL)
    for (let other = 0; other < others; other++) await hub.subscribe(added, `other.${client}.${other}`)
  }
  endTurn()
  return hub.channels().length
}

/** @returns {number} ns of CPU per delivery */
function run({ perTurn, turns: many }) {
  delivered = 0
  const before = process.cpuUsage()
  for (let done = 0; done < many; done++) {
    for (let message = 0; message < perTurn; message++) hub.broadcast(CHANNEL, payload(message))
    endTurn()
  }
  const { user, system } = process.cpuUsage(before)
  const expected = many * perTurn * subscribers
  if (delivered !== expected) throw new Error(`${delivered} deliveries instead of ${expected}`)
  return ((user + system) * 1000) / expected
}

obey({ fill, run, exit: () => process.exit(0) })
