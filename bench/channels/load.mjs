// The clients, each with channels of its own, all in one process: its CPU time is nobody's.
import { payload } from '../fan-out/payload.mjs'
import { obey, tellParent } from '../lib/commands.mjs'
import { textFrame } from '../load/frames.mjs'
import { Subscriber } from '../load/subscriber.mjs'
import { channelOf, channelsOf, CHANNELS } from './assignment.mjs'
import { contestant } from './contestants.mjs'
import { MemberStream, Turns } from './member-stream.mjs'

/** Handshakes at once: fewer than a listening socket queues. */
const AT_ONCE = 100

const kind = contestant(process.argv[2] ?? '')
/** @type {{ subscriber: Subscriber, channels: number[] }[]} */
const members = []
/** @type {Turns | undefined} */
let turns
/** @type {Promise<unknown>} */
let joined = Promise.resolve()
let failed = false

/** Only the first failure counts: the others follow from it. @param {Error} error */
function fail(error) {
  if (!failed) tellParent({ failure: error.message })
  failed = true
}

/** @param {number} client - its number @param {number} port */
function member(client, port) {
  const path = `${kind.path}${kind.path.endsWith('?') ? '' : '&'}client=${client}`
  return { subscriber: new Subscriber(port, { ...kind, path }, fail), channels: channelsOf(client) }
}

async function open({ port, many }) {
  while (members.length < many) {
    const size = Math.min(AT_ONCE, many - members.length)
    const batch = Array.from({ length: size }, (_, at) => member(members.length + at, port))
    members.push(...batch)
    await Promise.all(batch.map(({ subscriber }) => subscriber.open()))
  }
}

/** Who has the message of the last of its channels has those of the others. @param {{ first: number }} plan */
function awaitMarks({ first }) {
  const last = (/** @type {number[]} */ channels) => payload(first + (channels.at(-1) ?? 0))
  joined = Promise.all(members.map(({ subscriber, channels }) => subscriber.joined(last(channels))))
}

/** @param {{ first: number, perTurn: number, turns: number }} plan */
function expect({ first, perTurn, turns: many }) {
  /** @type {{ turn: number, number: number, frame: Buffer }[][]} */
  const byChannel = Array.from({ length: CHANNELS }, () => [])
  for (let at = 0; at < perTurn * many; at++) {
    const number = first + at
    const frame = textFrame(kind.wire(payload(number)))
    byChannel[channelOf(number)]?.push({ turn: Math.floor(at / perTurn), number, frame })
  }
  const { length: frame } = textFrame(kind.wire(payload(first)))
  const counter = new Turns(many, members.length, (done) => tellParent({ turns: done }))
  turns = counter
  for (const { subscriber, channels } of members) {
    const messages = channels.flatMap((channel) => byChannel[channel] ?? [])
    const inOrder = messages.toSorted((a, b) => a.number - b.number)
    const stream = new MemberStream(inOrder, { frame, many, turns: counter })
    subscriber.expect(stream)
    stream.begin()
  }
}

obey({
  open,
  await: awaitMarks,
  joined: () => joined.then(() => undefined),
  expect,
  finished: () => turns?.finished ?? 0,
  exit: () => {
    for (const { subscriber } of members) subscriber.leave()
    process.exit(0)
  },
})
