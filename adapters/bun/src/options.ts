import { OptionError } from '@fanfare/core'
import { knownOptions, mountPath, wholeFrom } from '@fanfare/core/adapter'

/** How messages are compressed (permessage-deflate, RFC 7692). */
export interface CompressionOptions {
  /** Smaller messages go out as they are. @defaultValue `1_024` bytes */
  readonly threshold?: number | undefined
}

/** How a gateway is mounted on Bun.serve. */
export interface BunAdapterOptions {
  /** Where it is mounted; the paths of its protocols lie below. @defaultValue `'/'` */
  readonly path?: string | undefined
  /** Compression of messages, for clients that offer it. @defaultValue `false` */
  readonly compression?: boolean | CompressionOptions | undefined
}

/** The options, checked and complete. */
export interface BunSettings {
  readonly path: string
  /** Messages of so many bytes and more are compressed; `Infinity`: none. */
  readonly compressFrom: number
}

export const BUN_OPTIONS = ['path', 'compression'] as const

/** @throws OptionError when an option is unknown or has a wrong value */
export function bunSettings(options: BunAdapterOptions): BunSettings {
  knownOptions('bunAdapter', options, BUN_OPTIONS)
  const { path = '/', compression = false } = options
  return { path: mountPath(path), compressFrom: compression === false ? Infinity : thresholdOf(compression) }
}

function thresholdOf(compression: true | CompressionOptions): number {
  const given: unknown = compression === true ? {} : compression
  if (typeof given !== 'object' || given === null) {
    throw new OptionError('compression', 'true, false, or { threshold }', given)
  }
  knownOptions('compression', given, ['threshold'])
  const { threshold = 1_024 } = given as CompressionOptions
  wholeFrom('compression.threshold', threshold, 0, Number.MAX_SAFE_INTEGER)
  return threshold
}
