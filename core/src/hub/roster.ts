import type { Member } from '../contract/message.ts'
import type { MemberText, RosterView } from '../contract/protocol.ts'
import type { SharedText } from '../contract/shared-text.ts'
import { Payload } from '../ground/payload.ts'
import { GrowingText } from './growing-text.ts'

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

/** The members in one shape, between commas. */
class ShapedList {
  readonly text: GrowingText
  readonly #each: (member: MemberText) => string

  constructor(each: (member: MemberText) => string, size: (text: string) => number) {
    this.text = new GrowingText(size)
    this.#each = each
  }

  add(member: MemberText): void {
    const text = this.#each(member)
    this.text.add(this.text.pieces.length === 0 ? text : `,${text}`)
  }
}

/** Members in the order of joining, until one leaves: only ever added to. */
class Sequence {
  readonly members: MemberText[]
  readonly #lists = new Map<string, ShapedList>()
  readonly #size: (text: string) => number

  constructor(members: MemberText[], size: (text: string) => number) {
    this.members = members
    this.#size = size
  }

  add(member: MemberText): void {
    for (const list of this.#lists.values()) list.add(member)
    this.members.push(member)
  }

  list(shape: string, each: (member: MemberText) => string): GrowingText {
    let list = this.#lists.get(shape)
    if (!list) {
      this.#lists.set(shape, (list = new ShapedList(each, this.#size)))
      for (const member of this.members) list.add(member)
    }
    return list.text
  }
}

/** The roster at one moment; its texts are made once, for everybody who asks before it changes. */
class Snapshot implements RosterView {
  readonly #sequence: Sequence
  readonly #count: number
  #texts: Map<string, string> | undefined

  constructor(sequence: Sequence) {
    this.#sequence = sequence
    this.#count = sequence.members.length
  }

  get members(): readonly MemberText[] {
    return this.#sequence.members.slice(0, this.#count)
  }

  text(shape: string, make: (members: readonly MemberText[]) => string): string {
    this.#texts ??= new Map()
    let text = this.#texts.get(shape)
    if (text === undefined) this.#texts.set(shape, (text = make(this.members)))
    return text
  }

  list(shape: string, each: (member: MemberText) => string): SharedText {
    return this.#sequence.list(shape, each).beginning(this.#count)
  }
}

/** Who is in a presence channel, keyed by member id: two tabs are one member. Joining and leaving are O(1). */
export class Roster {
  readonly #entries = new Map<string, RosterEntry>()
  readonly #size: (text: string) => number
  /** Not while somebody has left since it was last asked for. */
  #sequence: Sequence | undefined
  #view: Snapshot | undefined

  /** @param size - of text in UTF-8, in bytes */
  constructor(size: (text: string) => number) {
    this.#size = size
  }

  /** Counts one connection more. Returns the member's entry: `joining` itself when it was not here before. */
  join(joining: RosterEntry): RosterEntry {
    const key = String(joining.member.id)
    const entry = this.#entries.get(key) ?? joining
    if (entry === joining) {
      this.#entries.set(key, entry)
      this.#append(entry.text)
    }
    entry.connections++
    return entry
  }

  /** Counts one connection less. Returns whether it was the member's last. */
  leave(entry: RosterEntry): boolean {
    if (--entry.connections > 0) return false
    this.#entries.delete(String(entry.member.id))
    this.#sequence = undefined
    this.#view = undefined
    return true
  }

  /** The roster as it stands, frozen; the same object until it changes. */
  view(): RosterView {
    this.#sequence ??= new Sequence(
      Array.from(this.#entries.values(), (entry) => entry.text),
      this.#size,
    )
    return (this.#view ??= new Snapshot(this.#sequence))
  }

  /** The members as the authorizer gave them, in a new list. */
  list(): Member[] {
    return Array.from(this.#entries.values(), (entry) => ({ ...entry.member }))
  }

  /** Whoever joins stands last: in a crowd that comes at once, each newcomer needs the whole list. */
  #append(member: MemberText): void {
    this.#view = undefined
    this.#sequence?.add(member)
  }
}

/** JSON text of a member's info: a string that is JSON as it is, another string quoted, any other value printed. */
function infoText(info: unknown): string | undefined {
  if (info === undefined) return undefined
  if (typeof info === 'string') return info === '' ? undefined : new Payload(info).json
  return JSON.stringify(info)
}
