import type { Event } from '@fanfare/broadcasting'
import type { BusDriver } from '@fanfare/broadcasting/driver'
import type { Hub, Member } from '@fanfare/core'

import { isRoom } from './remark.ts'

/** Where servers tell each other who is in their rooms. Clients are let into rooms only, so none can listen or talk here. */
const CHANNEL = 'private-demo.rosters'
/** How often a server says again who is in a room, and how long that is believed when it is not said again. */
const BEAT_MS = 4_000
const BELIEVED_MS = 14_000
/** Changes are told together, so long after the first of them. */
const GATHER_MS = 100
/** The most members of a room that a server tells of. */
const MOST = 500

/** What a server says: who is in one of its rooms now, or that it wants to be told everything. */
interface Notice {
  /** The number of its hub. */
  readonly from: string
  readonly channel?: string
  readonly members?: readonly Member[]
}

/** What another server said of a room, and when. */
interface Roster {
  readonly channel: string
  readonly members: readonly Member[]
  readonly heardAt: number
}

/**
 * Who is in the rooms of the other servers. A hub knows the members on its own node; here each server tells the others of its
 * own, and what is not said again is forgotten.
 */
export class Elsewhere {
  readonly #hub: Hub
  readonly #driver: BusDriver
  readonly #changed: (channel: string) => void
  /** By server and channel. */
  readonly #rosters = new Map<string, Roster>()
  readonly #untold = new Set<string>()
  #cancelTell: (() => void) | undefined
  #cancelBeat: (() => void) | undefined
  #closed = false

  /** @param changed - called when others came or went in a room elsewhere */
  constructor(hub: Hub, driver: BusDriver, changed: (channel: string) => void) {
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
    const here = [...this.#rosters.values()].filter((roster) => roster.channel === channel)
    return here.flatMap(({ members }) => members)
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
      const members = (this.#hub.closed ? [] : (this.#hub.presence(channel) ?? [])).slice(0, MOST)
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
    const now = this.#now()
    for (const [key, { channel, heardAt }] of this.#rosters) {
      if (now - heardAt < BELIEVED_MS) continue
      this.#rosters.delete(key)
      this.#changed(channel)
    }
  }

  #publish(notice: Notice): void {
    // What is lost is said again with the next beat.
    this.#driver.publish({ channel: CHANNEL, payload: JSON.stringify(notice) }).catch(() => {})
  }

  #hear({ payload }: Event): void {
    const { from, channel, members } = JSON.parse(String(payload)) as Notice
    if (from === this.#hub.node || this.#closed) return
    if (channel === undefined || members === undefined) {
      this.#tellAll()
      return
    }
    const key = `${from} ${channel}`
    const before = JSON.stringify(this.#rosters.get(key)?.members ?? [])
    if (members.length > 0) this.#rosters.set(key, { channel, members, heardAt: this.#now() })
    else this.#rosters.delete(key)
    if (JSON.stringify(members) !== before) this.#changed(channel)
  }

  #now(): number {
    return this.#hub.platform.clock.monotonic()
  }
}
