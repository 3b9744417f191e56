// The subscribers, all in one process of their own: its CPU time is nobody's.
import { contestant } from '../fan-out/contestants.mjs'
import { payload } from '../fan-out/payload.mjs'
import { obey, tellParent } from '../lib/commands.mjs'
import { SseSubscriber } from './sse-subscriber.mjs'
import { Stream } from './stream.mjs'
import { Subscriber } from './subscriber.mjs'

/** Handshakes at once: fewer than a listening socket queues. */
const AT_ONCE = 100

const { wire, ...kind } = contestant(process.argv[2] ?? '')
/** @type {(Subscriber | SseSubscriber)[]} */
const subscribers = []
/** @type {Stream | undefined} */
let stream
/** @type {Promise<unknown>} */
let joined = Promise.resolve()
let failed = false

/** Only the first failure counts: the others follow from it. @param {Error} error */
function fail(error) {
  if (!failed) tellParent({ failure: error.message })
  failed = true
}

async function open({ port, many }) {
  while (subscribers.length < many) {
    const batch = Array.from({ length: Math.min(AT_ONCE, many - subscribers.length) }, () => {
      const Client = kind.speaks === 'sse' ? SseSubscriber : Subscriber
      return new Client(port, { ...kind, wire }, fail)
    })
    subscribers.push(...batch)
    await Promise.all(batch.map((subscriber) => subscriber.open()))
  }
}

obey({
  open,
  await: ({ first }) => {
    joined = Promise.all(subscribers.map((subscriber) => subscriber.joined(payload(first))))
  },
  joined: () => joined.then(() => undefined),
  expect: (plan) => {
    const next = new Stream({ ...plan, subscribers: subscribers.length }, wire, (turns) =>
      tellParent({ turns }),
    )
    stream = next
    for (const subscriber of subscribers) subscriber.expect(next)
  },
  finished: () => stream?.finished ?? 0,
  exit: () => {
    for (const subscriber of subscribers) subscriber.leave()
    process.exit(0)
  },
})
