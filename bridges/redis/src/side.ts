import keySlot from 'cluster-key-slot'
import type { Redis } from 'ioredis'

import { type Primary, SLOTS } from './topology.ts'

/** Longer commands would keep the server from others for too long. */
const CHUNK = 1_000

/** Beyond this many tries no subject falls into a slot: far more than the slots there are. */
const TRIES = 64 * SLOTS

/** Subjects for one command, and the connection to send it over. */
export interface Batch {
  readonly connection: Redis
  readonly subjects: readonly string[]
}

/** The connections for publishing, or those for subscribing: one, or one to each primary of a cluster. */
export class Side {
  readonly connections: readonly Redis[]
  /** Whether a subject's slot says which connection is the one for it. */
  readonly clustered: boolean
  /** By slot, for a cluster; the only one for a server that is alone. */
  readonly #routes: readonly Redis[]

  private constructor(connections: readonly Redis[], routes: readonly Redis[], clustered: boolean) {
    this.connections = connections
    this.#routes = routes
    this.clustered = clustered
  }

  /** A server that is alone. */
  static single(connection: Redis): Side {
    return new Side([connection], [connection], false)
  }

  /** A cluster, all of whose slots are served. */
  static cluster(nodes: readonly { readonly primary: Primary; readonly connection: Redis }[]): Side {
    const routes = new Array<Redis>(SLOTS)
    for (const { primary, connection } of nodes) {
      for (const [first, last] of primary.ranges) routes.fill(connection, first, last + 1)
    }
    return new Side(
      nodes.map(({ connection }) => connection),
      routes,
      true,
    )
  }

  /** The connection for a subject. */
  of(subject: string): Redis {
    const connection = this.#routes[this.#slot(subject)]
    if (!connection) throw new Error(`no server has the slot of ${subject}`)
    return connection
  }

  /** The subjects, put together as one command takes them: in a cluster, those of one slot. */
  batches(subjects: readonly string[]): Batch[] {
    const groups = new Map<number, string[]>()
    for (const subject of subjects) {
      const slot = this.#slot(subject)
      const group = groups.get(slot)
      if (group) group.push(subject)
      else groups.set(slot, [subject])
    }
    return [...groups.values()].flatMap((group) =>
      chunks(group).map((chunk) => ({ connection: this.of(chunk[0] ?? ''), subjects: chunk })),
    )
  }

  /** For each connection the first subject that travels over it. */
  beatSubjects(subject: (n: number) => string): string[] {
    const missing = new Set(this.connections)
    const found: string[] = []
    for (let n = 0; missing.size > 0 && n < TRIES; n++) {
      const candidate = subject(n)
      if (missing.delete(this.of(candidate))) found.push(candidate)
    }
    return found
  }

  #slot(subject: string): number {
    return this.clustered ? keySlot(subject) : 0
  }
}

function chunks(subjects: readonly string[]): string[][] {
  const all: string[][] = []
  for (let at = 0; at < subjects.length; at += CHUNK) all.push(subjects.slice(at, at + CHUNK))
  return all
}
