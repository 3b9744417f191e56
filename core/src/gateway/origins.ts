import type { Handshake } from '../contract/conn.ts'
import { OptionError } from '../ground/errors.ts'

/**
 * Which web pages may connect.
 *
 * - `'same-origin'`: the page's host is the one the request was sent to (the Host header, never the request target).
 * - a list of origins such as `https://app.example.com`, compared exactly; `*` in the list allows every page.
 * - a function of the origin (as sent) and the handshake.
 */
export type AllowedOrigins =
  'same-origin' | readonly string[] | ((origin: string, handshake: Handshake) => boolean)

interface Origin {
  readonly scheme: string
  readonly host: string
  readonly port: string
}

const ORIGIN = /^([a-z][a-z0-9+.-]*):\/\/(\[[0-9a-f:.]+\]|[^\s/:@?#[\]\\]+)(?::(\d{1,5}))?$/
const HOST = /^(\[[0-9a-f:.]+\]|[^\s/:@?#[\]\\]+)(?::(\d{1,5}))?$/
const DEFAULT_PORTS: ReadonlyMap<string, string> = new Map([
  ['http', '80'],
  ['https', '443'],
])

/** Says of each handshake whether its page may connect. */
export type OriginCheck = (handshake: Handshake) => boolean

/**
 * @param required - whether a handshake without an Origin header is refused too. Programs and mobile SDKs send none.
 * @throws OptionError for an option of another form, or a list entry that is no origin
 */
export function originCheck(allowed: AllowedOrigins, required: boolean): OriginCheck {
  const mayConnect = byOption(allowed)
  return (handshake) => {
    const origin = handshake.header('origin')
    if (origin !== undefined) return mayConnect(origin, handshake)
    // Browsers leave the Origin out of a GET to the page's own server, and say so in another header.
    return !required || handshake.header('sec-fetch-site') === 'same-origin'
  }
}

function byOption(allowed: AllowedOrigins): (origin: string, handshake: Handshake) => boolean {
  if (typeof allowed === 'function') return allowed
  if (allowed === 'same-origin') return isSameOrigin
  if (!Array.isArray(allowed)) {
    throw new OptionError('allowedOrigins', "'same-origin', a list of origins, or a function", allowed)
  }
  if (allowed.includes('*')) return () => true
  const known = new Set(allowed.map(normalized))
  return (origin) => {
    const parsed = parseOrigin(origin)
    return parsed !== undefined && known.has(spelled(parsed))
  }
}

function normalized(entry: string): string {
  const parsed = parseOrigin(entry)
  if (!parsed) throw new OptionError('allowedOrigins', 'origins such as https://app.example.com, or *', entry)
  return spelled(parsed)
}

function spelled({ scheme, host, port }: Origin): string {
  return `${scheme}://${host}:${port}`
}

/** `null`, lists of origins and anything with a path, a user or a space in it are no origins. */
function parseOrigin(text: string): Origin | undefined {
  const [, scheme, host, port] = ORIGIN.exec(text.toLowerCase()) ?? []
  if (scheme === undefined || host === undefined) return undefined
  return { scheme, host, port: port ?? DEFAULT_PORTS.get(scheme) ?? '' }
}

/**
 * Behind a proxy that ends TLS nobody here knows the scheme: a Host without a port has the origin's default port. Pages of
 * other schemes, of extensions or of apps, came from somewhere else, whatever their host is called.
 */
function isSameOrigin(origin: string, handshake: Handshake): boolean {
  const page = parseOrigin(origin)
  const [, host, port] = HOST.exec((handshake.header('host') ?? '').toLowerCase()) ?? []
  const defaultPort = page && DEFAULT_PORTS.get(page.scheme)
  if (defaultPort === undefined || host === undefined) return false
  return page?.host === host && page.port === (port ?? defaultPort)
}
