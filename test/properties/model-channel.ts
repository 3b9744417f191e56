import type { Dialect } from './dialects.ts'
import type { ModelClient } from './model-client.ts'

export interface ModelMember {
  readonly id: string | number
  readonly info?: unknown
  /** As JSON text. */
  readonly json: string
  connections: number
}

export interface Membership {
  readonly client: ModelClient
  readonly channel: ModelChannel
  member: ModelMember | undefined
  /** What the last grant was given for, and the last question that counts. */
  credentials: unknown
  question: object | undefined
  expiresAt: number | undefined
  cancelExpiry: () => void
}

/** Who is in a channel: by dialect, in the order in which they are told things; and, on a presence channel, as whom. */
export class ModelChannel {
  readonly name: string
  readonly groups = new Map<Dialect, ModelClient[]>()
  readonly members = new Map<string, ModelMember>()

  constructor(name: string) {
    this.name = name
  }

  get clients(): ModelClient[] {
    return [...this.groups.values()].flat()
  }

  get presence(): boolean {
    return this.name.startsWith('presence-')
  }

  /** The members as JSON, separated by commas. */
  get roster(): string {
    return Array.from(this.members.values(), ({ json }) => json).join(',')
  }

  add(client: ModelClient): void {
    const group = this.groups.get(client.dialect)
    if (group) group.push(client)
    else this.groups.set(client.dialect, [client])
  }

  /** The last of its group takes the place of the one that leaves. */
  remove(client: ModelClient): void {
    const group = this.groups.get(client.dialect) ?? []
    const last = group.pop()
    if (last && last !== client) group[group.indexOf(client)] = last
    if (group.length === 0) this.groups.delete(client.dialect)
  }

  /** One connection more of a member. Returns who it is, and whether it is new here. */
  join(joining: ModelMember): { member: ModelMember; isNew: boolean } {
    const known = this.members.get(String(joining.id))
    const member = known ?? joining
    member.connections++
    this.members.set(String(joining.id), member)
    return { member, isNew: !known }
  }

  /** Returns whether it was the member's last connection. */
  leave(member: ModelMember): boolean {
    member.connections--
    return member.connections === 0 && this.members.delete(String(member.id))
  }
}
