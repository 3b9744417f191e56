// The attacks, by the row of what they are about.
import { attack as badNames } from './a-bad-names.mjs'
import { attack as closeReasons } from './a-close-reasons.mjs'
import { attack as keptSlices } from './a-kept-slices.mjs'
import { attack as longWords } from './a-long-words.mjs'
import { attack as velocityNames } from './a-velocity-names.mjs'
import { attack as unfinishedFragments } from './b-unfinished-fragments.mjs'
import { attack as unfinishedFrames } from './b-unfinished-frames.mjs'
import { attack as pollBodies } from './b-poll-bodies.mjs'
import { attack as streamBodies } from './b-stream-bodies.mjs'
import { attack as plainFrames } from './b-plain-frames.mjs'
import { attack as stalledFlood } from './c-stalled-flood.mjs'
import { attack as stalledPolls } from './c-stalled-polls.mjs'
import { attack as stalledSockets } from './c-stalled-sockets.mjs'
import { attack as stalledStreams } from './c-stalled-streams.mjs'
import { attack as deepBodies } from './d-deep-bodies.mjs'
import { attack as deepFrames } from './d-deep-frames.mjs'
import { attack as wideBodies } from './d-wide-bodies.mjs'
import { attack as fragments } from './e-fragments.mjs'
import { attack as chunks } from './e-chunks.mjs'
import { attack as unknownPaths } from './e-unknown-paths.mjs'
import { attack as badHost } from './f-bad-host.mjs'
import { attack as idleConnections } from './f-idle-connections.mjs'
import { attack as neverFinished } from './f-never-finished.mjs'
import { attack as pings } from './f-pings.mjs'
import { attack as pollHeaders } from './g-poll-headers.mjs'
import { attack as socketHeaders } from './g-socket-headers.mjs'
import { attack as streamHeaders } from './g-stream-headers.mjs'
import { attack as handshakes } from './h-handshakes.mjs'
import { attack as mute } from './h-mute-sockets.mjs'
import { attack as outage } from './i-bus-outage.mjs'
import { attack as forgedLetters } from './j-forged-letters.mjs'
import { attack as forgedRosters } from './j-forged-rosters.mjs'
import { attack as manyRooms } from './j-many-rooms.mjs'

/** What the server runs on. */
export const ADAPTERS = ['ws', 'fastify', 'bun']

/**
 * @typedef {object} Place
 * @property {number} port
 * @property {string} protocol
 * @property {string} adapter
 * @property {number} seconds - how long to attack
 * @property {boolean} short
 * @property {number} process - which of the attacking processes this is
 * @property {any} bus - where the bus is, for attacks that have one
 *
 * @typedef {object} Attack
 * @property {string} row
 * @property {string} name
 * @property {string} what
 * @property {(place: Place) => Promise<unknown>} attack - in a process of its own; resolves to what `judge` looks at
 * @property {string} [protocol] - what the server speaks; 'native' unless it is said
 * @property {readonly string[]} [adapters] - those that it makes sense on; all unless it is said
 * @property {readonly string[]} [flags] - more options of the server
 * @property {number} [openFiles] - how many files the server may have open
 * @property {number} [clients] - healthy ones; 100 unless it is said
 * @property {number} [processes] - that attack; 1 unless it is said
 * @property {number} [seconds]; 6 unless it is said
 * @property {number} [lateMs] - how late deliveries may be in it, whatever they are in the control
 * @property {number} [shortSeconds] - in the short form; 4, or less when the whole has less
 * @property {boolean} [newcomers] - new clients try to get in all the while
 * @property {boolean} [stays] - the attackers are there still when the server is told to end
 * @property {() => Promise<{ flags: string[], place?: object, end(): Promise<void> }>} [around] - what has to run beside it
 * @property {(measured: import('../lib/verdict.mjs').Measured) => import('../lib/verdict.mjs').Verdict[]} [judge]
 */

/** @type {readonly Attack[]} */
export const ATTACKS = [
  ...[badNames, longWords, keptSlices, closeReasons, velocityNames],
  ...[unfinishedFrames, unfinishedFragments, pollBodies, streamBodies, plainFrames],
  ...[stalledSockets, stalledFlood, stalledStreams, stalledPolls],
  ...[deepBodies, wideBodies, deepFrames],
  ...[fragments, chunks, unknownPaths],
  ...[idleConnections, badHost, neverFinished, pings],
  ...[socketHeaders, streamHeaders, pollHeaders],
  ...[mute, handshakes],
  outage,
  ...[forgedLetters, forgedRosters, manyRooms],
]
