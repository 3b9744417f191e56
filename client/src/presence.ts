import type { Member } from '@fanfare/core/contract'

/** What a fresh list of members changed. */
export interface RosterChange {
  readonly joined: readonly Member[]
  readonly left: readonly Member[]
}

const NOBODY: readonly Member[] = []

/** Who is in a presence channel, as far as the server told. The order is that of arrival. */
export class Roster {
  readonly #members = new Map<string | number, Member>()
  #list: readonly Member[] | undefined
  #known = false

  /** The members. The same list until something changes, and then a new one. */
  get list(): readonly Member[] {
    this.#list ??= Object.freeze([...this.#members.values()])
    return this.#list
  }

  /** Returns whether the member was not there before. */
  join(member: Member): boolean {
    const isNew = !this.#members.has(member.id)
    this.#members.set(member.id, member)
    this.#list = undefined
    return isNew
  }

  /** Returns the member as it was known; `undefined` when it was not. */
  leave({ id }: Member): Member | undefined {
    const member = this.#members.get(id)
    if (member && this.#members.delete(id)) this.#list = undefined
    return member
  }

  /** The list anew. Returns the difference; the first list is none. */
  replace(members: readonly Member[]): RosterChange {
    const before = new Map(this.#members)
    const isFirst = !this.#known
    this.forget()
    this.#known = true
    for (const member of members) this.#members.set(member.id, member)
    return {
      joined: isFirst ? NOBODY : this.list.filter(({ id }) => !before.has(id)),
      left: [...before.values()].filter(({ id }) => !this.#members.has(id)),
    }
  }

  /** Nobody is known, and the next list is the first. */
  forget(): void {
    this.#members.clear()
    this.#list = undefined
    this.#known = false
  }
}
