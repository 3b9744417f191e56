// What it costs that the hub copies bytes when it takes them: the same hub with the copy, and without.
import { register } from 'node:module'

import { inRounds, over, ratio } from '../lib/rounds.mjs'
import { count, figure, table } from '../lib/table.mjs'
import { target, targetLines } from '../lib/targets.mjs'

const CHANNEL = 'bench'
const SIZES = [128, 16_384, 262_144]
const STANDARD = { subscribers: [1, 100], rounds: 12, budgetMs: 2_000 }
/** One figure takes about so long, in milliseconds of CPU. */
const SLICE_MS = 8
/** What 128 bytes for 100 clients may take with the copy, before any socket is written to. */
const MOST = 1.5

/** @typedef {typeof import('@fanfare/core')} Core */
/** @typedef {{ size: number, subscribers: number, copied: number, kept: number, ratio: number, rounds: number }} Result */

/** A hub with subscribers that only count. */
class Room {
  #hub
  /** @type {(() => void) | undefined} */
  #ending

  /** @param {Core} core @param {number} subscribers */
  constructor({ Hub, hostPlatform }, subscribers) {
    this.subscribers = subscribers
    const { scheduler } = hostPlatform()
    const turn = (/** @type {() => void} */ end) => (this.#ending = end)
    this.#hub = new Hub({ platform: { scheduler: { ...scheduler, turn } } })
  }

  async fill() {
    const conn = { bufferedBytes: 0, write: () => true, close: () => {}, terminate: () => {} }
    for (let left = this.subscribers; left > 0; left--)
      await this.#hub.subscribe(this.#hub.add({ ...conn }), CHANNEL)
    return this
  }

  /** Nanoseconds of CPU per message. @param {Uint8Array} bytes */
  run(bytes) {
    let messages = 0
    const before = process.cpuUsage()
    for (;;) {
      for (let left = 16; left > 0; left--) this.#message(bytes)
      messages += 16
      const { user, system } = process.cpuUsage(before)
      if (user + system >= SLICE_MS * 1_000) return ((user + system) * 1_000) / messages
    }
  }

  /** @param {Uint8Array} bytes */
  #message(bytes) {
    this.#hub.broadcast(CHANNEL, bytes)
    for (let end = this.#ending; end; end = this.#ending) {
      this.#ending = undefined
      end()
    }
  }
}

/** @type {import('../fan-out/fan-out.mjs').Benchmark} */
export async function bytes(options, progress) {
  const plan = {
    rounds: options.rounds ?? STANDARD.rounds,
    deadline: performance.now() + (options.budgetMs ?? STANDARD.budgetMs),
  }
  register('./uncopied-hooks.mjs', import.meta.url)
  const cores = {
    copied: await import('@fanfare/core'),
    kept: /** @type {Core} */ (await import(`${import.meta.resolve('@fanfare/core')}?uncopied`)),
  }
  const sizes = options.subscribers === undefined ? STANDARD.subscribers : [options.subscribers]
  const cases = sizes.flatMap((subscribers) => SIZES.map((size) => ({ subscribers, size })))
  const rooms = await Promise.all(
    cases.map(async ({ subscribers }) => ({
      copied: await new Room(cores.copied, subscribers).fill(),
      kept: await new Room(cores.kept, subscribers).fill(),
    })),
  )
  const results = await measured(cases, rooms, plan, progress)
  const targets = results.flatMap(targetOf)
  return {
    text: [report(results), targetLines(targets)].join('\n\n'),
    results: { unit: 'ns of CPU per message', results, targets },
  }
}

/**
 * @param {readonly { subscribers: number, size: number }[]} cases
 * @param {readonly { copied: Room, kept: Room }[]} rooms - one for each case
 * @param {{ rounds: number, deadline: number }} plan
 * @param {(what: string) => void} progress
 */
async function measured(cases, rooms, plan, progress) {
  const payloads = cases.map(({ size }) => new Uint8Array(size).fill(7))
  const each = (/** @type {'copied' | 'kept'} */ name) =>
    rooms.map((room, at) => room[name].run(payloads[at] ?? new Uint8Array()))
  for (const name of /** @type {const} */ (['copied', 'kept'])) each(name)
  const names = ['copied', 'kept']
  const rows = await inRounds(
    { ...plan, names },
    (name) => each(name === 'kept' ? 'kept' : 'copied'),
    progress,
  )
  return cases.map((one, at) => {
    const pick = (/** @type {number[]} */ figures) => figures[at] ?? Number.NaN
    return {
      ...one,
      copied: over(rows, 'copied', pick).median,
      kept: over(rows, 'kept', pick).median,
      ratio: ratio(rows, ['copied', 'kept'], pick).median,
      rounds: rows.length,
    }
  })
}

/** @param {Result} result */
function targetOf({ size, subscribers, ratio: is }) {
  if (size !== 128 || subscribers !== 100) return []
  const work = 'bytes, 128 of them to 100 clients'
  return [target({ work, ours: 'a copy', against: 'none', unit: 'CPU', most: MOST, is })]
}

/** @param {readonly Result[]} results */
function report(results) {
  const rows = results.map(({ size, subscribers, copied, kept, ratio: times }) => [
    `${count(size)} bytes to ${count(subscribers)}`,
    ...[copied, kept, Math.max(0, copied - kept), times].map(figure),
  ])
  const head = ['ns of CPU per message', 'copied', 'kept as they come', 'the copy', 'times']
  const rounds = String(results[0]?.rounds ?? 0)
  return `bytes: what it costs to copy them once, the hub alone, median of ${rounds} rounds\n\n${table([head, ...rows])}`
}
