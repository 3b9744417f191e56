/** Into so many parts the names on a bus are divided. The same for ever: nodes of two releases have to agree. */
export const PARTITIONS = 128

/**
 * What follows the number of each partition in its tag. Redis Cluster hashes what stands between braces alone (CRC16, 16,384
 * slots): each of these was chosen so that the tag of partition p falls into slots 128 p to 128 p + 127, near their middle.
 */
const SUFFIXES = [
  'ai cd zn xc dc yv pe bq kx vm kn ic px bl nd li',
  'pl bx xp ee hb jo se np na ll uf hs bs pg if kk',
  'vu tx gh ee lg qr kz iw nz lw je hh kp ve oo mb',
  're op vq kd bf pr lc qv de fh cx au lr qg hm ux',
  'cd ai xc zn pn rc dc yv le nh ma ol io kb qj sg',
  'oz mw ke ih jp we no lb ek gf qf ls zi xd kt iy',
  'tg vj lb no fg dj bx pl oe bi tb fv lv qc gc en',
  'ir tg xo zb lx nu ke vp gf ek cy at bl px fs tg',
]
  .join(' ')
  .split(' ')

const OFFSET_BASIS = 0x811c_9dc5
const PRIME = 0x0100_0193

/**
 * The partition of a channel, or of whatever else has a name on the bus: FNV-1a of 32 bits over the characters of the name,
 * folded to 7 bits as its authors advise, `(hash >> 7 ^ hash) & 127`. The same for a name for ever, on every bus.
 *
 * @param name - ASCII, as channel names and inboxes are
 * @returns 0 to 127
 */
export function partitionOf(name: string): number {
  let hash = OFFSET_BASIS
  for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), PRIME)
  return ((hash >>> 7) ^ hash) & (PARTITIONS - 1)
}

/**
 * What stands for a partition in names: its number and two letters, such as `17bx`.
 *
 * @param partition - 0 to 127
 */
export function partitionTag(partition: number): string {
  return `${String(partition)}${SUFFIXES[partition] ?? ''}`
}

/**
 * The name on the bus under which events of a channel travel: `fanfare:{17bx}:c:orders`. All channels of a partition are in
 * one slot of a Redis Cluster, so one command subscribes to all of them.
 *
 * @param prefix - as in the options of the driver
 * @param channel - a channel's name, or a node's inbox
 */
export function nameOnBus(prefix: string, channel: string): string {
  return `${prefix}:{${partitionTag(partitionOf(channel))}}:c:${channel}`
}
