import type { Duplex } from 'node:stream'

import type { Batch, Frame } from '@fanfare/core'
import { inPieces } from '@fanfare/core/adapter'

import type { Deflate } from './compression.ts'

const FIN = 0x80
const RSV1 = 0x40
const TEXT = 0x1
const BINARY = 0x2
const MAX_7_BIT = 125
const MAX_16_BIT = 0xffff

/**
 * Turns frames into the bytes of whole, unmasked WebSocket frames (RFC 6455, section 5.2) and writes them: each frame is
 * encoded once, and a batch that several connections are owed once as a whole.
 */
export class Wire {
  readonly #deflate: Deflate | undefined
  readonly #frames = new WeakMap<Frame, Buffer>()
  readonly #batches = new WeakMap<Batch, Buffer>()
  readonly #pieces = new WeakMap<Batch, readonly Batch[]>()
  #lastBatch: Batch | undefined
  #lastBytes: Buffer | undefined

  /** @param deflate - compresses what is worth it, for connections that negotiated permessage-deflate */
  constructor(deflate?: Deflate) {
    this.#deflate = deflate
  }

  /** A batch that is too much for one write, cut up: the same pieces for everybody who is owed it. */
  pieces(batch: Batch): readonly Batch[] {
    let pieces = this.#pieces.get(batch)
    if (!pieces) this.#pieces.set(batch, (pieces = inPieces(batch)))
    return pieces
  }

  /** Writes the batch in one write: shared bytes where they are shared, else the frames in one `writev`. */
  write(socket: Duplex, batch: Batch): void {
    const [first] = batch.frames
    if (batch.frames.length === 1 && first) {
      socket.write(batch.readers > 1 ? this.#shared(first) : this.#bytes(first))
    } else if (batch.readers > 1) socket.write(this.#whole(batch))
    else {
      socket.cork()
      for (const frame of batch.frames) socket.write(this.#bytes(frame))
      socket.uncork()
    }
  }

  #whole(batch: Batch): Buffer {
    // Connections that share a batch mostly stand one behind the other.
    if (batch === this.#lastBatch && this.#lastBytes) return this.#lastBytes
    let bytes = this.#batches.get(batch)
    if (!bytes) this.#batches.set(batch, (bytes = this.#joined(batch)))
    this.#lastBatch = batch
    this.#lastBytes = bytes
    return bytes
  }

  #joined(batch: Batch): Buffer {
    if (this.#deflate) return Buffer.concat(batch.frames.map((frame) => this.#shared(frame)))
    let size = 0
    for (const frame of batch.frames) size += headSize(frame.bytes) + frame.bytes
    const bytes = Buffer.allocUnsafe(size)
    let at = 0
    for (const frame of batch.frames) at = putFrame(bytes, at, frame)
    return bytes
  }

  /** An answer goes to one connection; every other frame probably to more than one. */
  #bytes(frame: Frame): Buffer {
    return frame.lane === 'control' ? this.#encode(frame) : this.#shared(frame)
  }

  #shared(frame: Frame): Buffer {
    let bytes = this.#frames.get(frame)
    if (!bytes) this.#frames.set(frame, (bytes = this.#encode(frame)))
    return bytes
  }

  #encode(frame: Frame): Buffer {
    const deflated = this.#deflate?.(frame)
    if (deflated) return withHead(deflated, opcode(frame) | FIN | RSV1)
    const bytes = Buffer.allocUnsafe(headSize(frame.bytes) + frame.bytes)
    putFrame(bytes, 0, frame)
    return bytes
  }
}

function opcode(frame: Frame): number {
  return typeof frame.data === 'string' ? TEXT : BINARY
}

function headSize(bytes: number): number {
  if (bytes <= MAX_7_BIT) return 2
  return bytes <= MAX_16_BIT ? 4 : 10
}

/** Puts the frame at `at`. Returns where the next one begins. */
function putFrame(into: Buffer, at: number, frame: Frame): number {
  const from = putHead(into, at, opcode(frame) | FIN, frame.bytes)
  if (typeof frame.data === 'string') into.write(frame.data, from, 'utf8')
  else into.set(frame.data, from)
  return from + frame.bytes
}

function withHead(data: Buffer, first: number): Buffer {
  const bytes = Buffer.allocUnsafe(headSize(data.length) + data.length)
  data.copy(bytes, putHead(bytes, 0, first, data.length))
  return bytes
}

function putHead(into: Buffer, at: number, first: number, bytes: number): number {
  into[at] = first
  if (bytes <= MAX_7_BIT) {
    into[at + 1] = bytes
    return at + 2
  }
  if (bytes <= MAX_16_BIT) {
    into[at + 1] = 126
    into.writeUInt16BE(bytes, at + 2)
    return at + 4
  }
  into[at + 1] = 127
  into.writeUInt32BE(Math.floor(bytes / 0x1_0000_0000), at + 2)
  into.writeUInt32BE(bytes >>> 0, at + 6)
  return at + 10
}
