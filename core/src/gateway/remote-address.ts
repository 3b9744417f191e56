import type { Handshake } from '../contract/conn.ts'

/**
 * The address a client connects from. `X-Forwarded-For` is believed only as far as the proxies in front are known: with
 * `hops` proxies, the entry that the outermost of them wrote; anything a client put there itself stands further left.
 *
 * @param hops - how many proxies there are; 0: the transport's peer is the client
 */
export function remoteAddress(handshake: Handshake, hops: number): string | undefined {
  if (hops === 0) return handshake.remoteAddress
  const forwarded = (handshake.header('x-forwarded-for') ?? '')
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
  // The last proxy's own address is the transport's peer; it appended the address of the one before it.
  return forwarded[forwarded.length - hops] ?? handshake.remoteAddress
}
