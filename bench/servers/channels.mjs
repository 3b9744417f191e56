// What the servers with many channels have in common.
import { channelOf, channelsOf, nameOf } from '../channels/assignment.mjs'
import { serveBenchmark } from './broadcaster.mjs'

/** The channels of the client that asks for this path. @param {string | undefined} client - its number */
export function namesFor(client) {
  return channelsOf(Number(client)).map(nameOf)
}

/** The number of the client in the path that it asks for. @param {string | undefined} path */
export function clientIn(path) {
  return /[?&]client=(\d+)/.exec(path ?? '')?.[1]
}

/**
 * @param {object} subject
 * @param {() => Promise<number>} subject.listen - on a free port of 127.0.0.1; resolves to the port
 * @param {() => number} subject.subscribers - clients that are in all their channels
 * @param {(channel: string, text: string) => void} subject.publish
 */
export function serveChannels({ listen, subscribers, publish }) {
  serveBenchmark({
    listen,
    subscribers,
    broadcast(texts, first) {
      for (const [at, text] of texts.entries()) publish(nameOf(channelOf(first + at)), text)
    },
  })
}
