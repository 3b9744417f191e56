// The subscribers of all nodes, in one process of their own: its CPU time is nobody's.
import { payload } from '../fan-out/payload.mjs'
import { obey, tellParent } from '../lib/commands.mjs'
import { Stream } from '../load/stream.mjs'
import { Subscriber } from '../load/subscriber.mjs'
import { clientOf } from './contestants.mjs'
import { TimedStream } from './timed-stream.mjs'

/** Handshakes at once: fewer than a listening socket queues. */
const AT_ONCE = 100

const client = clientOf(process.argv[2] ?? '')
/** @type {Subscriber[]} */
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

/** They take the ports in turns. @param {{ ports: number[], many: number }} options */
async function open({ ports, many }) {
  while (subscribers.length < many) {
    const batch = Array.from({ length: Math.min(AT_ONCE, many - subscribers.length) }, (_, index) => {
      const port = ports[(subscribers.length + index) % ports.length] ?? 0
      return new Subscriber(port, client, fail)
    })
    subscribers.push(...batch)
    await Promise.all(batch.map((subscriber) => subscriber.open()))
  }
}

/** @param {{ first: number, perTurn: number, turns: number, timed: boolean }} plan */
function expect(plan) {
  const { timed } = plan
  const Kind = timed ? TimedStream : Stream
  // An acknowledgement has its price too: where nobody waits for it, there is only the last one.
  const next = new Kind({ ...plan, subscribers: subscribers.length }, client.wire, (turns) => {
    if (!timed || turns === plan.turns) tellParent({ turns })
  })
  stream = next
  for (const subscriber of subscribers) subscriber.expect(next)
}

obey({
  open,
  await: ({ first }) => {
    joined = Promise.all(subscribers.map((subscriber) => subscriber.joined(payload(first))))
  },
  joined: () => joined.then(() => undefined),
  expect,
  finished: () => stream?.finished ?? 0,
  latency: ({ sentAt }) => (stream instanceof TimedStream ? stream.latency(sentAt) : undefined),
})
