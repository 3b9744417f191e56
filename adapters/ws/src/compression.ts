import type { IncomingMessage } from 'node:http'
import { constants, deflateRawSync } from 'node:zlib'

import { type Frame, OptionError } from '@fanfare/core'

/** How messages are compressed (permessage-deflate, RFC 7692). */
export interface CompressionOptions {
  /** Smaller messages go out as they are. @defaultValue `1_024` bytes */
  readonly threshold?: number | undefined
  /** From 1, fast, to 9, small. @defaultValue `6` */
  readonly level?: number | undefined
  /** Whether this connection may compress. @defaultValue every one may */
  readonly when?: ((request: IncomingMessage) => boolean) | undefined
}

/** The compressed bytes of a frame; `undefined` when it is not worth it. */
export type Deflate = (frame: Frame) => Buffer | undefined

/** A compressor for frames. Each is compressed without context, so that everybody can be sent the same bytes. */
export function deflater({ threshold = 1_024, level = 6 }: CompressionOptions): Deflate {
  if (!Number.isSafeInteger(threshold) || threshold < 0) {
    throw new OptionError('compression.threshold', 'a number of bytes, 0 or more', threshold)
  }
  if (!Number.isSafeInteger(level) || level < 1 || level > 9) {
    throw new OptionError('compression.level', 'a whole number from 1 to 9', level)
  }
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
  return /\bpermessage-deflate\b/.test(offered) && !/\bserver_max_window_bits\b/.test(offered)
}
