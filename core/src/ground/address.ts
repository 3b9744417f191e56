/**
 * IP addresses as text, in one normal form: whatever way an address is written, it is compared and counted as one.
 *
 * @module
 */

const OCTET = '(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)'
const DOTTED = `${OCTET}(?:\\.${OCTET}){3}`
const IPV4 = new RegExp(`^(${DOTTED})(?::\\d{1,5})?$`)
/** In brackets, with a port behind them, with a zone: as proxies and sockets write it. */
const IPV6 = /^(?:\[([0-9a-f:.]+)(?:%[^\]]*)?\](?::\d{1,5})?|([0-9a-f:.]+)(?:%.*)?)$/i
const MAPPED_TAIL = new RegExp(`^(.*:)(${DOTTED})$`)
const GROUP = /^[0-9a-f]{1,4}$/i
const GROUPS = 8
const GROUP_BITS = 16
/** No address is longer. */
const MOST_CHARACTERS = 100

/**
 * The address in its normal form: without port, brackets or zone, IPv6 as RFC 5952 writes it, and IPv4 that is mapped into
 * IPv6 as IPv4. `undefined` when the text is no address.
 */
export function normalAddress(text: string): string | undefined {
  if (text.length > MOST_CHARACTERS) return undefined
  const ipv4 = IPV4.exec(text)?.[1]
  // Put together anew: a part of a header would keep all of the header in memory.
  if (ipv4 !== undefined) return ipv4.split('.').map(Number).join('.')
  const groups = groupsOf(text)
  return groups && (mappedIn(groups) ?? written(groups))
}

/**
 * The network that an address belongs to, for IPv6, of which everybody has whole networks: `2001:db8::/64`. Any other
 * text as it is.
 *
 * @param prefix - how many bits of an IPv6 address say whose it is
 */
export function networkOf(address: string, prefix: number): string {
  const groups = address.includes(':') ? groupsOf(address) : undefined
  if (!groups) return address
  const masked = groups.map((group, at) => {
    const bits = Math.min(GROUP_BITS, Math.max(0, prefix - at * GROUP_BITS))
    return group & ~(0xffff >> bits)
  })
  return `${written(masked)}/${String(prefix)}`
}

/** The eight groups of an IPv6 address. */
function groupsOf(text: string): number[] | undefined {
  const found = IPV6.exec(text)
  const address = found?.[1] ?? found?.[2]
  if (address?.includes(':') !== true) return undefined
  const [head = '', tail, more] = withoutDots(address).split('::')
  const [left, right] = [wordsOf(head), wordsOf(tail ?? '')]
  const words = [...left, ...right]
  const missing = GROUPS - words.length
  const fits = tail === undefined ? missing === 0 : missing > 0
  if (more !== undefined || !fits || !words.every((word) => GROUP.test(word))) return undefined
  const zeros = new Array<string>(missing).fill('0')
  return [...left, ...zeros, ...right].map((word) => Number.parseInt(word, 16))
}

function wordsOf(half: string): string[] {
  return half === '' ? [] : half.split(':')
}

/** The last two groups may be written as an IPv4 address. */
function withoutDots(address: string): string {
  const [, before, dotted] = MAPPED_TAIL.exec(address) ?? []
  if (before === undefined || dotted === undefined) return address
  const [a = 0, b = 0, c = 0, d = 0] = dotted.split('.').map(Number)
  return `${before}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
}

function mappedIn(groups: readonly number[]): string | undefined {
  const isMapped = groups.every((group, at) => at > 5 || group === (at === 5 ? 0xffff : 0))
  if (!isMapped) return undefined
  const [high = 0, low = 0] = groups.slice(6)
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.')
}

/** RFC 5952: lower case, and the first of the longest runs of at least two zeros is left out. */
function written(groups: readonly number[]): string {
  const { start, length } = longestZeros(groups)
  const words = groups.map((group) => group.toString(16))
  if (length < 2) return words.join(':')
  return `${words.slice(0, start).join(':')}::${words.slice(start + length).join(':')}`
}

function longestZeros(groups: readonly number[]): { readonly start: number; readonly length: number } {
  let longest = { start: 0, length: 0 }
  let length = 0
  for (const [at, group] of groups.entries()) {
    length = group === 0 ? length + 1 : 0
    if (length > longest.length) longest = { start: at - length + 1, length }
  }
  return longest
}
