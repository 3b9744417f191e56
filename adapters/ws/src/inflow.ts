import type { Socket } from 'node:net'

import type { Budget, Gateway } from '@fanfare/core'
import { ControlFrames, Deadlines } from '@fanfare/core/adapter'

import { FrameScan } from './frame-scan.ts'
import { type Speaker, Unfinished } from './unfinished.ts'

/** Pieces of one message: more of them than any client of good will needs. */
export const MAX_FRAGMENTS = 128

/** By this a socket knows whose it is: idle connections shall not be in a map more. */
const SPEAKER = Symbol('fanfare.ws.speaker')
type WatchedSocket = Socket & { [SPEAKER]?: Speaker }

/**
 * What comes in on the connections of one adapter, on its way to `ws`, which keeps a message until it is whole: how much
 * that is for all of them together, how long it may take, in how many pieces it may come, and how many pings come with it.
 */
export class Inflow {
  readonly #budget: Budget
  readonly #maxMessageBytes: number
  readonly #controls: ControlFrames<Speaker>
  readonly #deadlines: Deadlines<Speaker>
  readonly #unfinished = new Map<Speaker, Unfinished>()
  /** For those of whom nothing is unfinished. */
  #scan = new FrameScan()
  /** One for all sockets, which say themselves which of them it was. */
  readonly #came: (this: WatchedSocket, chunk: Uint8Array) => void

  constructor({ hub, wheel, limits }: Gateway) {
    this.#budget = hub.budgets.inbound
    this.#maxMessageBytes = limits.maxMessageBytes
    this.#controls = new ControlFrames(wheel, limits.maxControlFrames)
    this.#deadlines = new Deadlines(wheel, limits.messageTimeoutMs)
    const came = (speaker: Speaker, chunk: Uint8Array): void => this.#read(speaker, chunk)
    this.#came = function (chunk) {
      const speaker = this[SPEAKER]
      if (speaker) came(speaker, chunk)
    }
  }

  /** From now on, until {@link end}. `ws` listens already, and has dealt with a chunk before it is looked at here. */
  watch(socket: WatchedSocket, speaker: Speaker): void {
    socket[SPEAKER] = speaker
    socket.on('data', this.#came)
    if (speaker.deflates) this.#begin(speaker)
  }

  /** A message of somebody who {@link Speaker.deflates} was delivered. */
  delivered(speaker: Speaker): void {
    this.#unfinished.get(speaker)?.delivered()
  }

  /** The connection is over. */
  end(speaker: Speaker): void {
    this.#controls.forget(speaker)
    this.#deadlines.met(speaker)
    this.#unfinished.get(speaker)?.end()
    this.#unfinished.delete(speaker)
  }

  #begin(speaker: Speaker): Unfinished {
    const unfinished = new Unfinished(speaker, this.#scan, this.#budget, this.#maxMessageBytes)
    this.#scan = new FrameScan()
    this.#unfinished.set(speaker, unfinished)
    return unfinished
  }

  #read(speaker: Speaker, chunk: Uint8Array): void {
    const known = this.#unfinished.size > 0 ? this.#unfinished.get(speaker) : undefined
    const scan = known?.scan ?? this.#scan
    scan.read(chunk)
    const { controls } = scan
    if (known || !scan.atRest) this.#keep(speaker, known ?? this.#begin(speaker), chunk.length)
    if (controls > 0 && !this.#controls.count(speaker, controls)) speaker.cut('rate')
  }

  #keep(speaker: Speaker, unfinished: Unfinished, bytes: number): void {
    const { scan } = unfinished
    const isNew = !unfinished.begun || scan.finished > 0
    unfinished.came(bytes)
    if (scan.atRest) {
      this.#deadlines.met(speaker)
      if (!speaker.deflates) this.#unfinished.delete(speaker)
    } else if (isNew) this.#deadlines.start(speaker, cut)
    if (this.#breach(unfinished)) setImmediate(() => this.#refuse(speaker))
  }

  /** `ws` closes such connections by itself, if whoever made its server has set these limits; it does so a little later. */
  #refuse(speaker: Speaker): void {
    const unfinished = this.#unfinished.get(speaker)
    const why = unfinished && this.#breach(unfinished)
    if (why && !speaker.over) speaker.cut(why)
  }

  #breach({ scan }: Unfinished): 'rate' | 'too-large' | undefined {
    if (scan.fragments > MAX_FRAGMENTS) return 'rate'
    return scan.announced > this.#maxMessageBytes ? 'too-large' : undefined
  }
}

function cut(speaker: Speaker): void {
  speaker.cut('timeout')
}
