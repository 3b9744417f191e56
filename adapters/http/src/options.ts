import { OptionError } from '@fanfare/core'
import { knownOptions, mountPath, wholeFrom } from '@fanfare/core/adapter'

/** How a gateway is mounted on plain HTTP. */
export interface HttpAdapterOptions {
  /**
   * Where it is mounted. The paths of its protocols lie below, and what is behind them says the transport: `/sse` or
   * `/poll`. @defaultValue `'/'`
   */
  readonly path?: string | undefined
  /**
   * How long the answer to a poll waits for more messages after the first one, in milliseconds: more latency, fewer
   * requests. Answers to what the client asked do not wait. 0 answers at once. @defaultValue `500`
   */
  readonly pollTimeMs?: number | undefined
  /** How long a client that polls may be without a request before it is gone, in milliseconds. @defaultValue `30_000` */
  readonly sessionTimeoutMs?: number | undefined
  /**
   * Whether pages of other origins, where `allowedOrigins` lets them connect, may send cookies. @defaultValue `false`
   */
  readonly credentials?: boolean | undefined
}

/** The options, checked and complete. */
export type HttpSettings = {
  readonly [Name in keyof HttpAdapterOptions]-?: NonNullable<HttpAdapterOptions[Name]>
}

export const HTTP_OPTIONS = ['path', 'pollTimeMs', 'sessionTimeoutMs', 'credentials'] as const

/** @throws OptionError when an option is unknown or has a wrong value */
export function httpSettings(options: HttpAdapterOptions): HttpSettings {
  knownOptions('httpAdapter', options, HTTP_OPTIONS)
  const { path = '/', pollTimeMs = 500, sessionTimeoutMs = 30_000, credentials = false } = options
  wholeFrom('pollTimeMs', pollTimeMs, 0, 60_000)
  wholeFrom('sessionTimeoutMs', sessionTimeoutMs, 1_000, 3_600_000)
  if (typeof credentials !== 'boolean') throw new OptionError('credentials', 'true or false', credentials)
  return { path: mountPath(path), pollTimeMs, sessionTimeoutMs, credentials }
}
