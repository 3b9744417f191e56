// One attack on one adapter, from a server that starts to one that has ended.
import { Child } from './child.mjs'
import { Server } from './server.mjs'
import { sleep, within } from './time.mjs'
import { verdicts } from './verdict.mjs'

const CROWD = new URL('crowd.mjs', import.meta.url)
const ATTACKER = new URL('attacker.mjs', import.meta.url)

/** An attack ends itself; one that does not is ended. */
const PATIENCE_MS = 20_000
/** So long memory may take to come back: the longest of the server's own deadlines, and some. */
const RECOVERY_MS = 15_000
const END_MS = 12_000

/**
 * @typedef {object} Play
 * @property {import('../attacks/index.mjs').Attack} attack
 * @property {string} adapter
 * @property {string} cli - the script of the server
 * @property {boolean} short
 * @property {number} [clients] - healthy ones
 */

/** @param {Play} play */
export async function play({ attack, adapter, cli, short, clients = 100 }) {
  const protocol = attack.protocol ?? 'native'
  const around = await attack.around?.()
  const flags = [...(attack.flags ?? []), ...(around?.flags ?? [])]
  const server = await Server.start({ cli, adapter, protocol, flags, openFiles: attack.openFiles })
  const place = {
    port: server.port,
    protocol,
    adapter,
    short,
    ...attackTime(attack, short),
    ...around?.place,
  }
  const crowd = new Child(CROWD)
  const attackers = Array.from({ length: attack.processes ?? 1 }, () => new Child(ATTACKER))
  try {
    await crowd.ask('connect', { place, count: attack.clients ?? clients })
    const measured = await measure({ attack, place, server, crowd, attackers, short })
    const all = verdicts(measured, attack, short)
    return { verdicts: all, peak: server.peak, confined: server.confined, output: server.output }
  } finally {
    for (const child of [crowd, ...attackers]) await child.kill()
    await server.kill()
    await around?.end()
  }
}

/** @param {Play['attack']} attack @param {boolean} short */
function attackTime({ seconds = 6, shortSeconds = Math.min(seconds, 4) }, short) {
  return { seconds: short ? shortSeconds : seconds }
}

async function measure({ attack, place, server, crowd, attackers, short }) {
  const heldBefore = (await server.measure())?.held
  let results = ['an attacker did not come to its end']
  const control = await phase(crowd, 'control', () => sleep(short ? 1_500 : 4_000))
  const attacked = await phase(crowd, 'attacked', async () => {
    if (attack.newcomers) await crowd.ask('knock')
    const hits = attackers.map((child, process) =>
      child.ask('attack', { name: attack.name, place: { ...place, process } }, 60_000),
    )
    results = (await within(place.seconds * 1_000 + PATIENCE_MS, Promise.all(hits))) ?? results
  })
  if (!attack.stays) for (const child of attackers) await child.kill()
  const ended = server.ended
  const heldAfter = await settled(server, heldBefore, attack.stays === true)
  const entered = await crowd.ask('enter')
  await crowd.ask('quiet')
  const output = server.output
  const end = await server.terminate(END_MS)
  return { ended, control, attacked, heldBefore, heldAfter, entered, end, output, results }
}

/** What the healthy clients see while something is done. */
async function phase(crowd, name, doing) {
  await crowd.ask('begin', { name })
  await doing()
  return crowd.ask('end')
}

/** What the server holds once it is back to what it held, or when that takes too long. */
async function settled(server, before = 0, attackersStay = false) {
  const until = Date.now() + RECOVERY_MS
  for (;;) {
    const held = (await server.measure())?.held
    if (held === undefined || attackersStay || held <= before + 12 * 1_048_576 || Date.now() > until)
      return held
    await sleep(500)
  }
}
