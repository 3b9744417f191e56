// The clients of latency and stalled: subscribers that compare every byte, and note when it came.
import { payload } from '../fan-out/payload.mjs'
import { tellParent } from '../lib/commands.mjs'
import { Arrivals } from './arrivals.mjs'
import { openAll } from './open-all.mjs'
import { Subscriber } from './subscriber.mjs'
import { textsOf } from './texts.mjs'

/**
 * The commands of such a load.
 *
 * @param {import('./texts.mjs').TextKind} kind
 * @returns {Record<string, (options: any) => unknown>}
 */
export function clockedLoad(kind) {
  const { text } = textsOf(kind)
  const numberDigits = payload(0).search(/\D/)
  // Only the number matters of what stands for a message: the texts are made of it.
  const wire = (/** @type {string} */ short) => text(Number(short.slice(0, numberDigits)))
  const contestant = { title: kind, server: '', args: [], path: '/', wire, hello: [], pings: {} }
  /** @type {Subscriber[]} */
  let subscribers = []
  /** @type {Arrivals | undefined} */
  let arrivals
  /** @type {Promise<unknown>} */
  let joined = Promise.resolve()
  let failed = false

  /** Only the first failure counts: the others follow from it. @param {Error} error */
  function fail(error) {
    if (!failed) tellParent({ failure: error.message })
    failed = true
  }

  return {
    open: async ({ port, many }) => {
      subscribers = await openAll(many, () => new Subscriber(port, contestant, fail))
    },
    await: ({ first }) => {
      joined = Promise.all(subscribers.map((subscriber) => subscriber.joined(payload(first))))
    },
    joined: () => joined.then(() => undefined),
    expect: ({ first, messages }) => {
      const next = new Arrivals({ first, messages, subscribers: subscribers.length }, wire)
      arrivals = next
      for (const subscriber of subscribers) subscriber.expect(next)
    },
    have: ({ messages }) => arrivals?.have(messages),
    latency: ({ since }) => arrivals?.latency(since),
  }
}
