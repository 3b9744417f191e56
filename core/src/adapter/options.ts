import { OptionError } from '../ground/errors.ts'

import { wholeFrom } from '../ground/options.ts'

export { knownOptions, wholeFrom } from '../ground/options.ts'

/** @throws OptionError unless `path` may be where a gateway is mounted */
export function mountPath(path: unknown): string {
  if (typeof path === 'string' && /^\/[^?#\s]*$/.test(path)) return path
  throw new OptionError('path', "a path that begins with '/'", path)
}

/** What every adapter's `serve` takes: where to listen. */
export interface ListenOptions {
  /** 0 picks a free one. @defaultValue `0` */
  readonly port?: number | undefined
  /** @defaultValue `'127.0.0.1'`: this machine alone */
  readonly host?: string | undefined
}

/** @throws OptionError when the port or the host has a wrong value */
export function listenOptions({ port = 0, host = '127.0.0.1' }: ListenOptions): {
  readonly port: number
  readonly host: string
} {
  wholeFrom('port', port, 0, 65_535)
  if (typeof host !== 'string' || host === '') throw new OptionError('host', 'a host name or address', host)
  return { port, host }
}
