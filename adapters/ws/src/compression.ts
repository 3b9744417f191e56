import type { IncomingMessage } from 'node:http'
import { constants, deflateRawSync } from 'node:zlib'

import { type Frame, OptionError } from '@fanfare/core'
import { knownOptions, wholeFrom } from '@fanfare/core/adapter'

/** How messages are compressed (permessage-deflate, RFC 7692). */
export interface CompressionOptions {
  /** Smaller messages go out as they are. @defaultValue `1_024` bytes */
  readonly threshold?: number | undefined
  /** From 1, fast, to 9, small. @defaultValue `6` */
  readonly level?: number | undefined
  /** Whether this connection may compress. Asked only if it offers to. @defaultValue every one may */
  readonly when?: ((request: IncomingMessage) => boolean) | undefined
}

/** The compressed bytes of a frame; `undefined` when it is not worth it. */
export type Deflate = (frame: Frame) => Buffer | undefined

/** Compression as a mount needs it. */
export interface Compression {
  readonly deflate: Deflate
  readonly when: (request: IncomingMessage) => boolean
}

/** @throws OptionError when a part of it is unknown or has a wrong value */
export function compressionOf(option: boolean | CompressionOptions): Compression | undefined {
  if (option === false) return undefined
  const given: unknown = option === true ? {} : option
  if (typeof given !== 'object' || given === null) {
    throw new OptionError('compression', 'true, false, or { threshold, level, when }', given)
  }
  knownOptions('compression', given, ['threshold', 'level', 'when'])
  const { threshold = 1_024, level = 6, when = everyOne } = given as CompressionOptions
  wholeFrom('compression.threshold', threshold, 0, Number.MAX_SAFE_INTEGER)
  wholeFrom('compression.level', level, 1, 9)
  if (typeof when !== 'function') throw new OptionError('compression.when', 'a function', when)
  return { deflate: deflater(threshold, level), when }
}

function everyOne(): boolean {
  return true
}

/** A compressor for frames. Each is compressed without context, so that everybody can be sent the same bytes. */
export function deflater(threshold: number, level: number): Deflate {
  return (frame) => {
    if (frame.bytes < threshold) return undefined
    const flushed = deflateRawSync(frame.data, { level, finishFlush: constants.Z_SYNC_FLUSH })
    // RFC 7692, 7.2.1: the four bytes at the end of a sync flush are left out.
    const deflated = flushed.subarray(0, flushed.length - 4)
    return deflated.length < frame.bytes ? deflated : undefined
  }
}

/**
 * Whether the client offers permessage-deflate in a form that shared bytes fit: everybody is sent what was compressed
 * with a window of 15 bits, so a client that asks for a smaller one gets no compression.
 */
export function offersDeflate(request: IncomingMessage): boolean {
  const offered = request.headers['sec-websocket-extensions'] ?? ''
  return offered.includes('permessage-deflate') && !offered.includes('server_max_window_bits')
}
