import type { Member } from '@fanfare/core'

import { isObject } from './is-object.ts'

/** The most members of a room that a server tells of, or is believed. */
export const MOST_MEMBERS = 500
/** How much is remembered of all servers together, in characters of JSON. */
const MOST_CHARS = 4 * 1_048_576
/** The longest id and the longest name that a server tells of: those of a guest, and of a server. */
const MOST_WORD = 160

/** What another server said of a room, and when. */
interface Roster {
  readonly channel: string
  readonly members: readonly Member[]
  /** The members as JSON. */
  readonly text: string
  readonly heardAt: number
}

/** Who is in the rooms of other servers, as they said it. Whatever they say, it takes a bounded amount of memory. */
export class Rosters {
  /** By server and channel, those that were heard last at the end. */
  readonly #rosters = new Map<string, Roster>()
  #chars = 0

  /** How much is remembered, in characters of JSON. */
  get chars(): number {
    return this.#chars
  }

  /** The members of a room on all other servers; in two of them, somebody is there twice. */
  members(channel: string): Member[] {
    const here = [...this.#rosters.values()].filter((roster) => roster.channel === channel)
    return here.flatMap(({ members }) => members)
  }

  /**
   * A server says who is in one of its rooms. When that is too much with all the rest, what was heard longest ago is
   * forgotten.
   *
   * @param said - what it says; comes from the bus
   * @param now - milliseconds of a clock that never goes back
   * @returns whether that is another roster than before
   */
  hear(server: string, channel: string, said: readonly unknown[], now: number): boolean {
    const key = `${server} ${channel}`
    const before = this.#rosters.get(key)?.text ?? '[]'
    this.#forget(key)
    const members = said.slice(0, MOST_MEMBERS).flatMap(memberOf)
    const text = JSON.stringify(members)
    if (members.length > 0) {
      this.#rosters.set(key, { channel, members, text, heardAt: now })
      this.#chars += key.length + text.length
    }
    for (const oldest of this.#rosters.keys()) {
      if (this.#chars <= MOST_CHARS) break
      this.#forget(oldest)
    }
    return text !== before
  }

  /** Forgets what was heard at that time or before it. Returns the channels. */
  expire(heardAt: number): string[] {
    const old = [...this.#rosters].filter(([, roster]) => roster.heardAt <= heardAt)
    for (const [key] of old) this.#forget(key)
    return old.map(([, { channel }]) => channel)
  }

  #forget(key: string): void {
    const roster = this.#rosters.get(key)
    if (!roster) return
    this.#chars -= key.length + roster.text.length
    this.#rosters.delete(key)
  }
}

/** What is shown of a member; nothing of what is none. */
function memberOf(said: unknown): Member[] {
  if (!isObject(said) || !isWord(said['id'])) return []
  const info = isObject(said['info']) ? said['info'] : {}
  const { name, node } = info
  if (!isWord(name)) return []
  return [{ id: said['id'], info: isWord(node) ? { name, node } : { name } }]
}

function isWord(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MOST_WORD
}
