import type { Handshake } from '../contract/conn.ts'
import { networkOf, normalAddress } from '../ground/address.ts'

/** An adapter may call anything an address. No more of it is kept. */
const MOST_CHARACTERS = 64

/**
 * The address a client connects from, in its normal form: `1.2.3.4` however it is written, be it with a port or mapped into
 * IPv6. `X-Forwarded-For` is believed only as far as the proxies in front are known: with `hops` proxies, the entry that the
 * outermost of them wrote; anything a client put there itself stands further left. What is no address counts as nothing.
 *
 * @param hops - how many proxies there are; 0: the transport's peer is the client
 */
export function remoteAddress(handshake: Handshake, hops: number): string | undefined {
  const peer = handshake.remoteAddress
  const client = hops === 0 ? undefined : forwarded(handshake.header('x-forwarded-for') ?? '', hops)
  return client ?? (peer === undefined ? undefined : (normalAddress(peer) ?? peer.slice(0, MOST_CHARACTERS)))
}

/** Whom handshakes are counted for: an IPv4 address, or a network of IPv6. */
export function countedAs(address: string | undefined, ipv6Prefix: number): string {
  return address === undefined ? '' : networkOf(address, ipv6Prefix)
}

function forwarded(header: string, hops: number): string | undefined {
  const entries = header
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '')
  // The last proxy's own address is the transport's peer; it appended the address of the one before it.
  const entry = entries[entries.length - hops]
  return entry === undefined ? undefined : normalAddress(entry)
}
