import type { NatMap, Redis } from 'ioredis'

import { isReply } from './reply.ts'

/** How many slots every cluster has. */
export const SLOTS = 16_384

/** One node of a cluster. */
export interface ClusterAddress {
  readonly host: string
  readonly port: number
}

/** A node that has slots, and which. */
export interface Primary extends ClusterAddress {
  /** First and last, both included. */
  readonly ranges: readonly (readonly [number, number])[]
}

/** Whether the server belongs to a cluster. One that does not say is taken for a server that is alone. */
export async function isClustered(connection: Redis): Promise<boolean> {
  try {
    return /^cluster_enabled:1\r?$/m.test(String(await connection.call('INFO', 'cluster')))
  } catch (error) {
    if (isReply(error)) return false
    throw error
  }
}

/**
 * The primaries of a cluster, as one of its nodes knows them.
 *
 * @param natMap - replaces announced addresses
 * @throws Error when the cluster does not work, or not for every slot
 */
export async function primariesOf(connection: Redis, natMap: NatMap | null | undefined): Promise<Primary[]> {
  const [state, slots] = await Promise.all([stateOf(connection), connection.call('CLUSTER', 'SLOTS')])
  if (/^cluster_state:fail\r?$/m.test(state)) throw new Error('the cluster is down')
  const primaries = parseSlots(slots, connection.options.host ?? 'localhost', natMap)
  const covered = primaries
    .flatMap(({ ranges }) => ranges)
    .reduce((sum, [first, last]) => sum + last - first + 1, 0)
  if (covered < SLOTS) throw new Error(`the cluster serves ${String(covered)} of ${String(SLOTS)} slots`)
  return primaries
}

async function stateOf(connection: Redis): Promise<string> {
  try {
    return String(await connection.call('CLUSTER', 'INFO'))
  } catch (error) {
    // Not every user may ask; the slots are enough then.
    if (isReply(error)) return ''
    throw error
  }
}

/**
 * Reads the answer to `CLUSTER SLOTS`.
 *
 * @param asked - the host that answered: announced without a host is itself
 */
export function parseSlots(answer: unknown, asked: string, natMap?: NatMap | null): Primary[] {
  const primaries = new Map<string, ClusterAddress & { readonly ranges: [number, number][] }>()
  for (const row of listOf(answer)) {
    const [first, last, node] = listOf(row)
    const address = addressOf(listOf(node), asked, natMap)
    const key = `${address.host} ${String(address.port)}`
    const primary = primaries.get(key) ?? { ...address, ranges: [] }
    primary.ranges.push([Number(first), Number(last)])
    primaries.set(key, primary)
  }
  return [...primaries.values()]
}

function addressOf(node: readonly unknown[], asked: string, natMap?: NatMap | null): ClusterAddress {
  const [announced, announcedPort, , more] = node
  const host = hostOf(announced, more) ?? asked
  const port = Number(announcedPort)
  const key = `${host}:${String(port)}`
  const mapped = typeof natMap === 'function' ? natMap(key) : natMap?.[key]
  return mapped ?? { host, port }
}

/** `?`: the node should have a name and was given none; its address is among what else is said of it. */
function hostOf(announced: unknown, more: unknown): string | undefined {
  if (announced === '?') {
    const words = listOf(more)
    const ip = words[words.indexOf('ip') + 1]
    return words.includes('ip') && typeof ip === 'string' && ip !== '' ? ip : undefined
  }
  return typeof announced === 'string' && announced !== '' ? announced : undefined
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : []
}
