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

/** What is made of each member, between commas: for all of them, or for the first so many. */
interface Texts {
  /** In the order of joining. Only ever added to. */
  readonly members: MemberText[]
  /** By shape: of all members, and how one more is written. */
  readonly lists: Map<string, { readonly each: (member: MemberText) => string; list: string }>
}

/** The roster at one moment; its texts are made once, for everybody who asks before it changes. */
class Snapshot implements RosterView {
  readonly #texts: Texts
  readonly #size: number
  readonly #made = new Map<string, string>()

  constructor(texts: Texts) {
    this.#texts = texts
    this.#size = texts.members.length
  }

  get members(): readonly MemberText[] {
    return this.#texts.members.slice(0, this.#size)
  }

  text(shape: string, make: (members: readonly MemberText[]) => string): string {
    return this.#once(shape, () => make(this.members))
  }

  list(shape: string, each: (member: MemberText) => string): string {
    return this.#once(`list ${shape}`, () => this.#list(shape, each))
  }

  #list(shape: string, each: (member: MemberText) => string): string {
    const { members, lists } = this.#texts
    // It has grown meanwhile.
    if (members.length > this.#size) return this.members.map(each).join(',')
    let all = lists.get(shape)
    if (!all) lists.set(shape, (all = { each, list: members.map(each).join(',') }))
    // Looking into it makes the engine write down in one piece what was put together of many, once instead of at each use.
    all.list.charCodeAt(0)
    return all.list
  }

  #once(key: string, make: () => string): string {
    let text = this.#made.get(key)
    if (text === undefined) this.#made.set(key, (text = make()))
    return text
  }
}

/** Who is in a presence channel, keyed by member id: two tabs are one member. Joining and leaving are O(1). */
export class Roster {
  readonly #entries = new Map<string, RosterEntry>()
  /** Not while somebody has left since it was last asked for. */
  #texts: Texts | undefined
  #view: Snapshot | undefined

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
    this.#texts = undefined
    this.#view = undefined
    return true
  }

  /** The roster as it stands, frozen; the same object until it changes. */
  view(): RosterView {
    this.#texts ??= {
      members: Array.from(this.#entries.values(), (entry) => entry.text),
      lists: new Map(),
    }
    return (this.#view ??= new Snapshot(this.#texts))
  }

  /** The members as the authorizer gave them, in a new list. */
  list(): Member[] {
    return Array.from(this.#entries.values(), (entry) => ({ ...entry.member }))
  }

  /** Whoever joins stands last. In a crowd that comes at once, each newcomer needs the whole list: only the new part is written. */
  #append(member: MemberText): void {
    this.#view = undefined
    if (!this.#texts) return
    const { members, lists } = this.#texts
    for (const all of lists.values()) all.list += `${members.length > 0 ? ',' : ''}${all.each(member)}`
    members.push(member)
  }
}

/** JSON text of a member's info: a string that is JSON as it is, another string quoted, any other value printed. */
function infoText(info: unknown): string | undefined {
  if (info === undefined) return undefined
  if (typeof info === 'string') return info === '' ? undefined : new Payload(info).json
  return JSON.stringify(info)
}
