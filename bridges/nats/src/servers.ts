import { OptionError } from '@fanfare/core/contract'

/** Where to connect, and what the addresses said about how. */
export interface Servers {
  /** `host` or `host:port`, at least one. */
  readonly hosts: readonly string[]
  /** From the first address that has them. */
  readonly credentials: Credentials
  /** Whether one of the addresses begins with `tls://`. */
  readonly tls: boolean
}

/** As the client library takes them; empty where the addresses say nothing. */
export type Credentials = { user: string; pass: string } | { token: string } | Record<never, never>

const DEFAULT = 'nats://127.0.0.1:4222'
const TAKES = 'addresses such as nats://127.0.0.1:4222 or tls://user:password@nats.example.com'
const ADDRESS = /^(?:(nats|tls):\/\/)?(?:([^@/\s]*)@)?([^@/?#\s]+)\/?$/i

/**
 * Takes addresses apart. The client library would ignore the scheme and the credentials in them.
 *
 * @param servers - one address or several; `nats://127.0.0.1:4222` without any
 * @throws OptionError, in which there are no credentials
 */
export function serversOf(servers: unknown = DEFAULT): Servers {
  const list: readonly unknown[] = Array.isArray(servers) ? servers : [servers]
  if (list.length === 0) throw new OptionError('servers', `at least one of ${TAKES}`, list)
  const addresses = list.map(taken)
  return {
    hosts: addresses.map(({ host }) => host),
    credentials: credentialsOf(addresses.find(({ who }) => who !== undefined)?.who),
    tls: addresses.some(({ tls }) => tls),
  }
}

function taken(address: unknown): { host: string; who: string | undefined; tls: boolean } {
  const parts = typeof address === 'string' ? ADDRESS.exec(address.trim()) : null
  const [, scheme = 'nats', who, host] = parts ?? []
  if (host === undefined || !isHost(host)) throw new OptionError('servers', TAKES, shown(address))
  return { host, who, tls: scheme.toLowerCase() === 'tls' }
}

function isHost(host: string): boolean {
  // An IPv6 address without brackets is a host without a port to the library, and no URL.
  return URL.canParse(`http://${host}`) || URL.canParse(`http://[${host}]`)
}

function credentialsOf(who: string | undefined): Credentials {
  if (who === undefined || who === '') return {}
  const [user = '', ...rest] = who.split(':')
  if (rest.length === 0) return { token: decoded(user) }
  return { user: decoded(user), pass: decoded(rest.join(':')) }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function shown(address: unknown): unknown {
  if (typeof address !== 'string') return typeof address
  return address.replace(/^(.*:\/\/)?.*@/s, '$1***@')
}
