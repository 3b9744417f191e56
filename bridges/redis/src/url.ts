import { OptionError } from '@fanfare/core/contract'
import type { RedisOptions as Settings } from 'ioredis'

const TAKES = 'redis:// or rediss://, as in rediss://user:password@host:6379/0'

/**
 * What a URL says of a server.
 *
 * @param option - names the option in errors
 * @throws OptionError, which shows nothing of the URL but its scheme: the rest may be a password
 */
export function urlSettings(option: string, url: unknown): Settings {
  const parsed = typeof url === 'string' ? parse(url) : undefined
  if (!parsed) throw new OptionError(option, TAKES, shown(url))
  if (parsed.search || parsed.hash) {
    throw new OptionError(option, `${TAKES}, and the rest as options`, 'a query')
  }
  const db = dbOf(parsed.pathname)
  if (db === undefined) throw new OptionError(option, `${TAKES}: a database is a number`, 'another path')
  return {
    host: parsed.hostname.replace(/^\[|\]$/g, ''),
    port: parsed.port === '' ? 6379 : Number(parsed.port),
    ...(parsed.username && { username: decodeURIComponent(parsed.username) }),
    ...(parsed.password && { password: decodeURIComponent(parsed.password) }),
    ...(db > 0 && { db }),
    ...(parsed.protocol === 'rediss:' && { tls: {} }),
  }
}

function parse(url: string): URL | undefined {
  try {
    const parsed = new URL(url)
    // Throws where a percent sign stands for itself.
    decodeURIComponent(parsed.username + parsed.password)
    return /^rediss?:$/.test(parsed.protocol) && parsed.hostname !== '' ? parsed : undefined
  } catch {
    return undefined
  }
}

function dbOf(path: string): number | undefined {
  if (path === '' || path === '/') return 0
  return /^\/\d{1,6}$/.test(path) ? Number(path.slice(1)) : undefined
}

function shown(url: unknown): unknown {
  if (typeof url !== 'string') return url
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(url)?.[0]
  return scheme === undefined ? 'another text' : `${scheme}…`
}
