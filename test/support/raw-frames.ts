import { constants, inflateRawSync } from 'node:zlib'

export type Headers = Readonly<Record<string, string | undefined>>

/** One frame as it came. */
export interface RawFrame {
  /** FIN, the reserved bits and the opcode. */
  readonly first: number
  readonly payload: Buffer
}

/** An upgrade request. A header that is `undefined` is left out. */
export function upgradeRequest(target: string, headers: Headers = {}): string {
  const lines = Object.entries({
    host: 'localhost',
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    ...headers,
  }).filter(([, value]) => value !== undefined)
  return `GET ${target} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
}

/** A masked frame with this first byte. The mask is zero, so the payload stays as it is. */
export function rawFrame(first: number, payload: Uint8Array = new Uint8Array(0)): Buffer {
  const { length } = payload
  const head =
    length < 126
      ? Buffer.of(first, 0x80 | length)
      : length < 65_536
        ? Buffer.of(first, 0xfe, length >> 8, length & 0xff)
        : Buffer.of(
            first,
            0xff,
            0,
            0,
            0,
            0,
            length >>> 24,
            (length >> 16) & 0xff,
            (length >> 8) & 0xff,
            length & 0xff,
          )
  return Buffer.concat([head, Buffer.alloc(4), payload])
}

/** So many bytes of a text message of which the last is missing. */
export function begunFrame(bytes: number): Buffer {
  return rawFrame(0x81, Buffer.alloc(bytes + 1, 'x')).subarray(0, -1)
}

export function pingFrames(count: number): Buffer {
  return Buffer.concat(Array.from({ length: count }, () => rawFrame(0x89)))
}

/** The unmasked frames at the beginning of these bytes, and what is left behind them. */
export function parseFrames(bytes: Buffer): { readonly frames: RawFrame[]; readonly rest: Buffer } {
  const frames: RawFrame[] = []
  let at = 0
  while (at + 2 <= bytes.length) {
    const short = bytes[at + 1]!
    const head = short < 126 ? 2 : short === 126 ? 4 : 10
    if (at + head > bytes.length) break
    const length =
      head === 2 ? short : head === 4 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2))
    if (at + head + length > bytes.length) break
    frames.push({ first: bytes[at]!, payload: bytes.subarray(at + head, at + head + length) })
    at += head + length
  }
  return { frames, rest: bytes.subarray(at) }
}

/** Undoes what RSV1 says was done to a payload, without any context (RFC 7692, section 7.2.2). */
export function inflated(payload: Buffer): Buffer {
  const bytes = Buffer.concat([payload, Buffer.of(0, 0, 0xff, 0xff)])
  return inflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH })
}
