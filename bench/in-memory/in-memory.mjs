// The hub alone: connections that take everything and do nothing, and a turn of the event loop that ends when told to.
import { hostPlatform, Hub } from '@fanfare/core'
import { PAYLOAD_BYTES, payload } from '../fan-out/payload.mjs'
import { target, targetLines } from '../lib/targets.mjs'
import { summary } from '../lib/statistics.mjs'
import { count, figure, table } from '../lib/table.mjs'

const CHANNEL = 'bench'
const STANDARD = { subscribers: [1_000, 100_000], levels: [1, 10, 50], rounds: 9 }
/** Nanoseconds per delivery, by subscribers. @type {Readonly<Record<number, number>>} */
const MOST = { 1_000: 25, 100_000: 40 }
/** One figure: about so many deliveries. */
const DELIVERIES = 1_000_000
/** After so long no further round is begun, if the options do not say. */
const BUDGET_MS = 15_000

/** A hub with subscribers that only count. */
class Room {
  #hub
  /** @type {(() => void) | undefined} */
  #ending
  #delivered = 0

  /** @param {number} subscribers */
  constructor(subscribers) {
    this.subscribers = subscribers
    const { scheduler } = hostPlatform()
    const turn = (/** @type {() => void} */ end) => (this.#ending = end)
    this.#hub = new Hub({ platform: { scheduler: { ...scheduler, turn } } })
  }

  async fill() {
    const conn = {
      bufferedBytes: 0,
      write: (/** @type {import('@fanfare/core').Batch} */ batch) => {
        this.#delivered += batch.frames.length
        return true
      },
      close: () => {},
      terminate: () => {},
    }
    for (let left = this.subscribers; left > 0; left--)
      await this.#hub.subscribe(this.#hub.add({ ...conn }), CHANNEL)
    this.#endTurn()
  }

  /** A turn that writes a lot ends in several slices. */
  #endTurn() {
    for (let end = this.#ending; end; end = this.#ending) {
      this.#ending = undefined
      end()
    }
  }

  /** Nanoseconds of CPU per delivery. @param {number} perTurn @param {number} deliveries - at least so many */
  run(perTurn, deliveries) {
    const turns = Math.ceil(deliveries / (perTurn * this.subscribers))
    this.#delivered = 0
    const before = process.cpuUsage()
    for (let turn = 0; turn < turns; turn++) {
      for (let message = 0; message < perTurn; message++) this.#hub.broadcast(CHANNEL, payload(message))
      this.#endTurn()
    }
    const { user, system } = process.cpuUsage(before)
    const expected = turns * perTurn * this.subscribers
    if (this.#delivered !== expected) throw new Error(`${this.#delivered} deliveries instead of ${expected}`)
    return ((user + system) * 1000) / expected
  }
}

/**
 * @param {import('../lib/options.mjs').Options} options
 * @param {(what: string) => void} progress
 */
export async function inMemory(options, progress) {
  const deadline = performance.now() + (options.budgetMs ?? BUDGET_MS)
  const sizes = options.subscribers === undefined ? STANDARD.subscribers : [options.subscribers]
  const { levels, rounds } = {
    levels: options.levels ?? STANDARD.levels,
    rounds: options.rounds ?? STANDARD.rounds,
  }
  const rooms = sizes.map((size) => new Room(size))
  const cases = rooms.flatMap((room) =>
    levels.map((perTurn) => ({ room, perTurn, figures: /** @type {number[]} */ ([]) })),
  )
  progress('warm-up')
  for (const room of rooms) await room.fill()
  for (const { room, perTurn } of cases) room.run(perTurn, DELIVERIES)
  let round = 0
  while (round === 0 || (round < rounds && performance.now() < deadline)) {
    progress(`round ${++round} of ${rounds}`)
    for (const { room, perTurn, figures } of cases) figures.push(room.run(perTurn, DELIVERIES))
  }
  const results = cases.map(({ room, perTurn, figures }) => ({
    subscribers: room.subscribers,
    perTurn,
    cpu: summary(figures),
  }))
  const targets = results.flatMap(targetOf)
  return {
    text: [report(results, levels, round), targetLines(targets)].join('\n\n'),
    results: { payloadBytes: PAYLOAD_BYTES, rounds: round, unit: 'ns of CPU per delivery', results, targets },
  }
}

/** @param {{ subscribers: number, perTurn: number, cpu: { median: number } }} result */
function targetOf({ subscribers, perTurn, cpu }) {
  const most = perTurn === 10 ? MOST[subscribers] : undefined
  if (most === undefined) return []
  const work = `the hub alone, ${count(subscribers)} subscribers, 10 per turn`
  return [target({ work, ours: 'a delivery', against: 'nothing', unit: 'ns', most, is: cpu.median })]
}

/**
 * @param {{ subscribers: number, perTurn: number, cpu: { median: number } }[]} results
 * @param {number[]} levels
 * @param {number} rounds
 */
function report(results, levels, rounds) {
  const sizes = [...new Set(results.map(({ subscribers }) => subscribers))]
  const rows = sizes.map((size) => [
    `hub with ${count(size)} subscribers`,
    ...results.filter(({ subscribers }) => subscribers === size).map(({ cpu }) => figure(cpu.median)),
  ])
  const head = ['ns of CPU per delivery', ...levels.map((level) => `${count(level)} per turn`)]
  return `in-memory: the hub alone, ${PAYLOAD_BYTES} bytes of text, median of ${rounds} rounds\n\n${table([head, ...rows])}`
}
