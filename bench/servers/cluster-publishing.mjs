// How a publisher publishes, whatever the bus: the same loops for all.
import { setTimeout as sleep } from 'node:timers/promises'
import { payload, payloads } from '../fan-out/payload.mjs'
import { now } from '../lib/clock.mjs'

/** Publishes between two looks at the answers of the bus, where nobody acknowledges. */
const SCATTER_AT_ONCE = 20

/**
 * Publishes a text on a channel. The promise is the bus' word that it has it, where a library passes that on.
 *
 * @typedef {(channel: string, text: string) => Promise<void>} Publish
 */

const endOfTurn = () => new Promise((resolve) => setImmediate(resolve))

/**
 * The commands of a publisher.
 *
 * @param {Publish} publish
 * @returns {Record<string, (options: any) => unknown>}
 */
export function publishing(publish) {
  let acknowledged = 0
  let wake = () => {}
  const news = () => new Promise((/** @type {(value?: unknown) => void} */ resolve) => (wake = resolve))

  /** Runs `loop` and tells what it took; done when the bus has everything and every subscriber too. */
  async function measured(turns, loop) {
    /** @type {Promise<void>[]} */
    const outcomes = []
    acknowledged = 0
    const cpuBefore = process.cpuUsage()
    const beganAt = now()
    await loop((channel, text) => outcomes.push(publish(channel, text)))
    while (acknowledged < turns) await news()
    const wallMs = now() - beganAt
    const cpu = process.cpuUsage(cpuBefore)
    await Promise.all(outcomes)
    return { cpuMs: (cpu.user + cpu.system) / 1e3, wallMs }
  }

  /** Never more than `ahead` turns ahead of the slowest subscriber. */
  const fast = ({ channel, first, perTurn, turns, ahead }) =>
    measured(turns, async (send) => {
      for (let turn = 0; turn < turns; turn++) {
        while (turn - acknowledged >= ahead) await news()
        for (const text of payloads(first + turn * perTurn, perTurn)) send(channel, text)
        await endOfTurn()
      }
    })

  /** So many a second, however the subscribers get along. */
  async function paced({ channel, first, turns, perSecond }) {
    /** @type {number[]} */
    const sentAt = []
    const taken = await measured(turns, async (send) => {
      const beganAt = now()
      for (let turn = 0; turn < turns; turn++) {
        const early = beganAt + (turn * 1000) / perSecond - now()
        if (early > 0) await sleep(early)
        const text = payload(first + turn)
        sentAt.push(now())
        send(channel, text)
      }
    })
    return { ...taken, sentAt }
  }

  /** On every channel in turn, `rounds` times; done when the bus has everything. */
  async function scatter({ channels, rounds }) {
    let number = 0
    for (let round = 0; round < rounds; round++) {
      for (let at = 0; at < channels.length; at += SCATTER_AT_ONCE) {
        const some = channels.slice(at, at + SCATTER_AT_ONCE)
        await Promise.all(some.map((/** @type {string} */ channel) => publish(channel, payload(number++))))
        await endOfTurn()
      }
    }
  }

  return {
    publish: async ({ channel, first }) => publish(channel, payload(first)),
    fast,
    paced,
    scatter,
    acknowledge: (turns) => {
      acknowledged = turns
      wake()
    },
    exit: () => process.exit(0),
  }
}
