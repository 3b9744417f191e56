import type { Driver, Event } from '@fanfare/broadcasting'
import type { Hub, Member } from '@fanfare/core'

import { isObject } from './is-object.ts'
import { isRoom } from './remark.ts'
import { MOST_MEMBERS, Rosters } from './rosters.ts'

/** Where servers tell each other who is in their rooms. Clients are let into rooms only, so none can listen or talk here. */
const CHANNEL = 'private-demo.rosters'
/** How often a server says again who is in a room, and how long that is believed when it is not said again. */
const BEAT_MS = 4_000
const BELIEVED_MS = 14_000
/** Changes are told together, so long after the first of them. */
const GATHER_MS = 100
/** The longest name of a server: the number of its hub, and some. */
const MOST_NAME = 64

/** What a server says: who is in one of its rooms now, or that it wants to be told everything. */
interface Notice {
  /** The number of its hub. */
  readonly from: string
  readonly channel?: string
  readonly members?: readonly unknown[]
}

/**
 * Who is in the rooms of the other servers. A hub knows the members on its own node; here each server tells the others of its
 * own, and what is not said again is forgotten.
 */
export class Elsewhere {
  readonly #hub: Hub
  readonly #driver: Driver
  readonly #changed: (channel: string) => void
  readonly #rosters = new Rosters()
  readonly #untold = new Set<string>()
  #cancelTell: (() => void) | undefined
  #cancelBeat: (() => void) | undefined
  #closed = false

  /** @param changed - called when others came or went in a room elsewhere */
  constructor(hub: Hub, driver: Driver, changed: (channel: string) => void) {
    this.#hub = hub
    this.#driver = driver
    this.#changed = changed
    hub.on('presence', ({ channel }) => this.#tellSoon(channel))
    this.#beat()
    const ask = (): void => this.#publish({ from: hub.node })
    // Waits for the bus; rejects when there is never one.
    driver
      .subscribe(CHANNEL, (event) => this.#hear(event), { gap: ask })
      .then(ask)
      .catch(() => {})
  }

  /** The members of a room on all other servers; in two of them, somebody is there twice. */
  members(channel: string): Member[] {
    return this.#rosters.members(channel)
  }

  /** Tells the others what they do not know yet, and nothing more. */
  close(): void {
    this.#closed = true
    this.#cancelBeat?.()
    this.#cancelTell?.()
    this.#tell()
  }

  #tellSoon(channel: string): void {
    if (this.#closed) return
    this.#untold.add(channel)
    this.#cancelTell ??= this.#hub.wheel.after(GATHER_MS, () => this.#tell())
  }

  #tell(): void {
    this.#cancelTell = undefined
    for (const channel of this.#untold) {
      const members = (this.#hub.closed ? [] : (this.#hub.presence(channel) ?? [])).slice(0, MOST_MEMBERS)
      this.#publish({ from: this.#hub.node, channel, members })
    }
    this.#untold.clear()
  }

  #tellAll(): void {
    for (const channel of this.#hub.channels()) if (isRoom(channel)) this.#tellSoon(channel)
  }

  #beat(): void {
    this.#cancelBeat = this.#hub.wheel.after(BEAT_MS, () => this.#beat())
    this.#tellAll()
    for (const channel of this.#rosters.expire(this.#now() - BELIEVED_MS)) this.#changed(channel)
  }

  #publish(notice: Notice): void {
    // What is lost is said again with the next beat.
    this.#driver.publish({ channel: CHANNEL, payload: JSON.stringify(notice) }).catch(() => {})
  }

  #hear({ payload }: Event): void {
    const notice = noticeOf(String(payload))
    if (!notice || notice.from === this.#hub.node || this.#closed) return
    const { from, channel, members } = notice
    if (channel === undefined || members === undefined) this.#tellAll()
    else if (this.#rosters.hear(from, channel, members, this.#now())) this.#changed(channel)
  }

  #now(): number {
    return this.#hub.platform.clock.monotonic()
  }
}

/** What a text on the bus says; `undefined` when it is no notice of a server. */
function noticeOf(text: string): Notice | undefined {
  let said: unknown
  try {
    said = JSON.parse(text)
  } catch {
    return undefined
  }
  if (!isObject(said)) return undefined
  const { from, channel, members } = said
  if (typeof from !== 'string' || from.length > MOST_NAME) return undefined
  if (channel === undefined && members === undefined) return { from }
  const right = typeof channel === 'string' && isRoom(channel) && Array.isArray(members)
  return right ? { from, channel, members } : undefined
}
