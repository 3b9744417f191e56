// A process of healthy clients. They say little and read all; every delivery that one of them is owed is waited for.
import { WebSocket } from 'ws'

import { healthyAddress, newcomerAddress } from './addresses.mjs'
import { DIALECTS } from './dialects.mjs'
import { percentile, sleep, within } from './time.mjs'

/** Each client says something so often. */
const PACE_MS = 2_000
/** What is not there after so long is lost. */
const PATIENCE_MS = 8_000
const NEWCOMER_EVERY_MS = 500
const NEWCOMER_PATIENCE_MS = 4_000

class Crowd {
  #place
  #dialect
  /** @type {(WebSocket & { index?: number, asked?: string[] })[]} */
  #sockets = []
  /** What is owed still, by key. @type {Map<string, { left: number, at: number, phase: any }>} */
  #owed = new Map()
  #phase = phaseNamed('before')
  #said = 0
  #timer
  #newcomers = { tried: 0, failed: 0 }
  #ending = false

  constructor(place) {
    this.#place = place
    this.#dialect = DIALECTS[place.protocol]
  }

  async connect(count) {
    for (let index = 0; index < count; index++) {
      const socket = await this.#open(healthyAddress(index))
      if (!socket) throw new Error('a healthy client cannot connect to a server that nobody attacks')
      await this.#dialect.join(socket, index)
      this.#listen(socket, index)
    }
    this.#timer = setInterval(() => this.#sayNext(), PACE_MS / count)
  }

  /** A connection that was greeted; `undefined` when there is none to be had. */
  async #open(localAddress) {
    const socket = new WebSocket(`ws://127.0.0.1:${this.#place.port}/ws`, {
      localAddress,
      handshakeTimeout: NEWCOMER_PATIENCE_MS,
    })
    const opened = new Promise((resolve) => {
      socket.on('open', () => resolve(true))
      socket.on('error', () => resolve(false))
      socket.on('close', () => resolve(false))
    })
    return (await within(NEWCOMER_PATIENCE_MS + 1_000, opened)) === true ? socket : undefined
  }

  #listen(socket, index) {
    this.#sockets.push(Object.assign(socket, { index, asked: [] }))
    socket.on('message', (data) => this.#hear(socket, this.#dialect.heard(String(data))))
    if (this.#dialect.pongs) socket.on('pong', () => this.#hear(socket, { key: '' }))
    socket.on('close', (code) => {
      if (!this.#ending) this.#phase.closed.push(code)
    })
  }

  #sayNext() {
    const socket = this.#sockets[this.#said++ % this.#sockets.length]
    if (socket?.readyState !== WebSocket.OPEN) return
    const key = `m${this.#said}`
    this.#owed.set(key, { left: this.#dialect.deliveries, at: performance.now(), phase: this.#phase })
    this.#phase.owed += this.#dialect.deliveries
    socket.asked?.push(key)
    this.#dialect.say(socket, socket.index ?? 0, key)
  }

  #hear(socket, heard) {
    if (heard === undefined) return
    if (heard.refused !== undefined) {
      this.#phase.refused.push(heard.refused)
      return
    }
    // Pongs have no key: they come in the order of the pings.
    const key = heard.key === '' ? socket.asked.shift() : heard.key
    const owed = this.#owed.get(key)
    if (!owed) return
    owed.phase.delays.push(performance.now() - owed.at)
    owed.phase.had++
    if (--owed.left === 0) this.#owed.delete(key)
  }

  /** What follows counts for this phase. */
  begin(name) {
    this.#phase = phaseNamed(name)
  }

  /** Tries again and again to get in as a new client, until the phase ends. */
  async knock() {
    const phase = this.#phase
    for (let index = 0; this.#phase === phase; index++) {
      const began = Date.now()
      const ok = await this.enter(index)
      this.#newcomers.tried++
      if (!ok) this.#newcomers.failed++
      await sleep(Math.max(0, NEWCOMER_EVERY_MS - (Date.now() - began)))
    }
  }

  /** Whether a new client gets in. */
  async enter(index = 65_000) {
    const socket = await this.#open(newcomerAddress(index))
    socket?.terminate()
    return socket !== undefined
  }

  /** Waits for what is owed from the phase that runs, and says how it went. */
  async end() {
    const phase = this.#phase
    this.begin('between')
    const until = Date.now() + PATIENCE_MS
    while (phase.had < phase.owed && Date.now() < until) await sleep(20)
    const { owed, had, closed, refused, delays } = phase
    return {
      ...{ owed, had, closed: tally(closed), refused: tally(refused), newcomers: this.#newcomers },
      ...{ p50: percentile(delays, 0.5), p99: percentile(delays, 0.99) },
    }
  }

  /** Says nothing any more, and listens on. */
  quiet() {
    this.#ending = true
    clearInterval(this.#timer)
  }
}

function phaseNamed(name) {
  /** @type {number[]} */
  const closed = []
  /** @type {string[]} */
  const refused = []
  /** @type {number[]} */
  const delays = []
  return { name, owed: 0, had: 0, closed, refused, delays }
}

/** @param {readonly (string | number)[]} words */
function tally(words) {
  /** @type {Record<string, number>} */
  const counts = {}
  for (const word of words) counts[`${word}`] = (counts[`${word}`] ?? 0) + 1
  return counts
}

/** @type {Crowd} */
let crowd
const COMMANDS = {
  connect: async ({ place, count }) => {
    crowd = new Crowd(place)
    await crowd.connect(count)
  },
  begin: ({ name }) => crowd.begin(name),
  knock: () => void crowd.knock(),
  enter: () => crowd.enter(),
  end: () => crowd.end(),
  quiet: () => crowd.quiet(),
}

process.on('message', (message) => void obey(message))

/** @param {any} message */
async function obey({ id, command, options }) {
  try {
    process.send?.({ id, result: await COMMANDS[command](options) })
  } catch (error) {
    process.send?.({ id, error: String(error) })
  }
}
process.on('disconnect', () => process.exit())
