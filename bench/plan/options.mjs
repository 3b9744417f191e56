import { parseArgs } from 'node:util'
import { UsageError } from '../lib/options.mjs'

export const USAGE = `npm run plan [-- options]

How many nodes a load takes, and what happens when one is lost: on paper, from the figures in bench/results.

  --clients N       clients that are connected at the same time (1000000)
  --rate N          messages that a client gets a second, in all its channels (1)
  --channels N      channels that a client is in (1)
  --per-channel N   clients in a channel (1000)
  --bytes N         of the payload of a message (128)
  --per-turn N      messages that a client gets in one turn of the event loop (1: each is alone, which costs most)
  --spread N        nodes that the clients of a channel are on; left out: clients are on any node, by chance
  --cpu PERCENT     of the core of a node that may be busy (60)
  --memory GIB      that the connections of a node may take (4)
  --spare N         nodes more than that (1)
  --lost N|all      nodes that are lost at once; all: every connection is, and no node (1, if there is another)
  --own-us N        µs of CPU for a handshake beyond what is measured: TLS, your authenticate (0)
  --bus NAME        redis or nats (redis)
  --protocol NAME   native or plain (native)
  --seed N          of the random numbers of the simulation (1)
  --results FOLDER  figures of your own: npm run bench -- --results FOLDER
  --help`

/**
 * What is planned for.
 *
 * @typedef {object} Load
 * @property {number} clients
 * @property {number} rate - messages a second that a client gets
 * @property {number} channels - of a client
 * @property {number} perChannel - clients
 * @property {number} bytes - of a payload
 * @property {number} perTurn - messages of a client in one turn
 * @property {number | undefined} spread - nodes of a channel; `undefined`: as chance has it
 * @property {number} cpu - percent
 * @property {number} memory - GiB
 * @property {number} spare - nodes
 * @property {number | 'all' | undefined} lost - nodes; `undefined`: one, if there is another
 * @property {number} ownUs
 * @property {'redis' | 'nats'} bus
 * @property {'native' | 'plain'} protocol
 * @property {number} seed
 */

/** @typedef {(name: string, value: string) => any} Reader */

/** What each option takes, and what it is when left out. @type {Record<string, { read: Reader, preset?: unknown, as?: string }>} */
const OPTIONS = {
  clients: { read: whole(1, 100_000_000), preset: 1_000_000 },
  rate: { read: amount(1_000_000), preset: 1 },
  channels: { read: whole(1, 10_000), preset: 1 },
  'per-channel': { read: whole(1, 100_000_000), preset: 1_000, as: 'perChannel' },
  bytes: { read: whole(0, 16_777_216), preset: 128 },
  'per-turn': { read: whole(1, 10_000), preset: 1, as: 'perTurn' },
  spread: { read: whole(1, 1_000_000) },
  cpu: { read: whole(1, 100), preset: 60 },
  memory: { read: amount(100_000), preset: 4 },
  spare: { read: whole(0, 1_000_000), preset: 1 },
  lost: { read: (name, value) => (value === 'all' ? value : whole(1, 1_000_000)(name, value)) },
  'own-us': { read: whole(0, 10_000_000), preset: 0, as: 'ownUs' },
  bus: { read: oneOf('redis', 'nats'), preset: 'redis' },
  protocol: { read: oneOf('native', 'plain'), preset: 'native' },
  seed: { read: whole(0, 4_294_967_295), preset: 1 },
}

/** What is planned for when nothing is said. */
export const PRESET = planOptions([]).load

/**
 * @param {string[]} args
 * @returns {{ load: Load, help: boolean, results: string | undefined }}
 * @throws UsageError when an option is unknown or has a wrong value
 */
export function planOptions(args) {
  const { help = false, results, ...given } = parsed(args)
  const load = Object.entries(OPTIONS).map(([name, { read, preset, as = name }]) => {
    const value = given[name]
    return [as, value === undefined ? preset : read(name, String(value))]
  })
  return {
    load: /** @type {Load} */ (Object.fromEntries(load)),
    help: help === true,
    results: results === undefined ? undefined : String(results),
  }
}

/** @param {string[]} args @returns {Record<string, string | boolean | undefined>} */
function parsed(args) {
  const named = Object.keys(OPTIONS).map((name) => [name, { type: 'string' }])
  /** @type {Record<string, { type: 'string' | 'boolean', short?: string }>} */
  const options = {
    ...Object.fromEntries(named),
    results: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  }
  try {
    return parseArgs({ args, options }).values
  } catch (error) {
    // The first sentence says it; what follows is about how to quote.
    throw new UsageError(/** @type {Error} */ (error).message.split(/\. |\n/)[0])
  }
}

/** @param {number} least @param {number} most @returns {Reader} */
function whole(least, most) {
  return (name, value) => {
    const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN
    if (number >= least && number <= most) return number
    throw new UsageError(`--${name} takes a whole number from ${least} to ${most}, not ${value}`)
  }
}

/** @param {number} most @returns {Reader} */
function amount(most) {
  return (name, value) => {
    const number = /^\d{1,12}(\.\d{1,6})?$/.test(value) ? Number(value) : Number.NaN
    if (number > 0 && number <= most) return number
    throw new UsageError(`--${name} takes a number above 0, up to ${most}, not ${value}`)
  }
}

/** @param {...string} words @returns {Reader} */
function oneOf(...words) {
  return (name, value) => {
    if (words.includes(value)) return value
    throw new UsageError(`--${name} takes ${words.join(' or ')}, not ${value}`)
  }
}
