import type { Member } from '../contract/message.ts'
import type { MemberText, RosterView } from '../contract/protocol.ts'
import { Payload } from '../ground/payload.ts'

/** One member of a presence channel, with the number of its connections. */
export class RosterEntry {
  readonly member: Member
  /** As protocols write it. */
  readonly text: MemberText
  connections = 0

  /** @throws TypeError when the id is neither text nor number, or the info cannot be written as JSON */
  constructor(member: Member) {
    const { id } = member
    if (typeof id !== 'string' && !Number.isFinite(id))
      throw new TypeError('a member id is a string or a number')
    this.member = member
    const info = infoText(member.info)
    this.text = info === undefined ? { id: member.id } : { id: member.id, info }
  }
}

/** The roster at one moment; its texts are made once, for everybody who asks before it changes. */
class Snapshot implements RosterView {
  readonly members: readonly MemberText[]
  readonly #texts = new Map<string, string>()

  constructor(members: readonly MemberText[]) {
    this.members = members
  }

  text(shape: string, make: (members: readonly MemberText[]) => string): string {
    let text = this.#texts.get(shape)
    if (text === undefined) this.#texts.set(shape, (text = make(this.members)))
    return text
  }
}

/** Who is in a presence channel, keyed by member id: two tabs are one member. Joining and leaving are O(1). */
export class Roster {
  readonly #entries = new Map<string, RosterEntry>()
  #view: Snapshot | undefined

  /** Counts one connection more. Returns the member's entry: `joining` itself when it was not here before. */
  join(joining: RosterEntry): RosterEntry {
    const key = String(joining.member.id)
    const entry = this.#entries.get(key) ?? joining
    if (entry === joining) {
      this.#entries.set(key, entry)
      this.#view = undefined
    }
    entry.connections++
    return entry
  }

  /** Counts one connection less. Returns whether it was the member's last. */
  leave(entry: RosterEntry): boolean {
    if (--entry.connections > 0) return false
    this.#entries.delete(String(entry.member.id))
    this.#view = undefined
    return true
  }

  /** The roster as it stands, frozen; the same object until it changes. */
  view(): RosterView {
    return (this.#view ??= new Snapshot(Array.from(this.#entries.values(), (entry) => entry.text)))
  }

  /** The members as the authorizer gave them, in a new list. */
  list(): Member[] {
    return Array.from(this.#entries.values(), (entry) => ({ ...entry.member }))
  }
}

/** JSON text of a member's info: a string that is JSON as it is, another string quoted, any other value printed. */
function infoText(info: unknown): string | undefined {
  if (info === undefined) return undefined
  if (typeof info === 'string') return info === '' ? undefined : new Payload(info).json
  return JSON.stringify(info)
}
