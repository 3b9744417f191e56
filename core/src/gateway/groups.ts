import type { Client } from '../hub/client.ts'

/**
 * Named sets of clients that the server alone fills: no client can join one by itself. They have nothing to do with
 * channels, even of the same name.
 */
export class Groups {
  readonly #members = new Map<string, Set<Client>>()
  readonly #groupsOf = new Map<Client, Set<string>>()

  /** Nothing happens when the client is in the group already, or gone. */
  add(group: string, client: Client): void {
    if (!client.connected) return
    entry(this.#members, group).add(client)
    entry(this.#groupsOf, client).add(group)
  }

  remove(group: string, client: Client): void {
    drop(this.#members, group, client)
    drop(this.#groupsOf, client, group)
  }

  /** Takes a client out of all its groups. */
  removeFromAll(client: Client): void {
    for (const group of this.#groupsOf.get(client) ?? []) drop(this.#members, group, client)
    this.#groupsOf.delete(client)
  }

  has(group: string, client: Client): boolean {
    return this.#members.get(group)?.has(client) ?? false
  }

  /** The members of a group, in a new list. */
  members(group: string): Client[] {
    return [...(this.#members.get(group) ?? [])]
  }

  count(group: string): number {
    return this.#members.get(group)?.size ?? 0
  }

  /** The names of the groups that have members, in a new list. */
  names(): string[] {
    return [...this.#members.keys()]
  }

  /** The groups a client is in, in a new list. */
  of(client: Client): string[] {
    return [...(this.#groupsOf.get(client) ?? [])]
  }
}

function entry<Key, Value>(map: Map<Key, Set<Value>>, key: Key): Set<Value> {
  let set = map.get(key)
  if (!set) map.set(key, (set = new Set()))
  return set
}

/** A set without values is not kept. */
function drop<Key, Value>(map: Map<Key, Set<Value>>, key: Key, value: Value): void {
  const set = map.get(key)
  if (set?.delete(value) && set.size === 0) map.delete(key)
}
