import type { Duplex } from 'node:stream'

import type { Batch, Frame, SplicedText } from '@fanfare/core'
import { inPieces, isOnePiece } from '@fanfare/core/adapter'

import type { Deflate } from './compression.ts'
import { RunBytes } from './run-bytes.ts'
import { SharedBytes } from './shared-bytes.ts'

const FIN = 0x80
const RSV1 = 0x40
const TEXT = 0x1
const BINARY = 0x2
/** Up to so many bytes, copying them costs less than a piece more in a `writev`. */
const COPIED_BYTES = 16_384
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
  readonly #sharedBytes = new SharedBytes()
  readonly #runs = new RunBytes((frame) => (this.#deflate ? this.#shared(frame) : this.#encode(frame)))
  #lastBatch: Batch | undefined
  #lastBytes: Buffer | undefined

  /** @param deflate - compresses what is worth it, for connections that negotiated permessage-deflate */
  constructor(deflate?: Deflate) {
    this.#deflate = deflate
  }

  /** A batch that is too much for one write, cut up: the same pieces for everybody who is owed it. */
  pieces(batch: Batch): readonly Batch[] {
    if (batch.parts) return batch.parts.flatMap((part) => this.pieces(part))
    if (isOnePiece(batch)) return [batch]
    let pieces = this.#pieces.get(batch)
    if (!pieces) this.#pieces.set(batch, (pieces = inPieces(batch)))
    return pieces
  }

  /** Writes the batch in one write: shared bytes where they are shared, the others in one `writev`. */
  write(socket: Duplex, batch: Batch): void {
    const { parts } = batch
    if (!parts) return this.#write(socket, batch)
    socket.cork()
    for (const part of parts) this.#write(socket, part)
    socket.uncork()
  }

  #write(socket: Duplex, batch: Batch): void {
    if (batch.run) {
      socket.write(this.#runs.of(batch.run))
      return
    }
    const [first] = batch.frames
    if (batch.frames.length === 1 && first) {
      if (batch.readers > 1) socket.write(this.#shared(first))
      else this.#writeOne(socket, first)
    } else if (batch.readers > 1) socket.write(this.#whole(batch))
    else if (this.#deflate || batch.bytes > COPIED_BYTES) this.#writeEach(socket, batch.frames)
    else socket.write(joined(batch.frames))
  }

  /** In one `writev`; small frames that follow one another are one piece of it. */
  #writeEach(socket: Duplex, frames: readonly Frame[]): void {
    socket.cork()
    for (let at = 0; at < frames.length;) {
      const end = this.#deflate ? at : endOfSmall(frames, at)
      const frame = frames[at]
      if (end - at > 1) socket.write(joined(frames.slice(at, end)))
      else if (frame) this.#writeOne(socket, frame)
      at = Math.max(end, at + 1)
    }
    socket.uncork()
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

  #joined({ frames }: Batch): Buffer {
    return this.#deflate ? Buffer.concat(frames.map((frame) => this.#shared(frame))) : joined(frames)
  }

  /** An answer goes to one connection; every other frame probably to more than one. */
  #writeOne(socket: Duplex, frame: Frame): void {
    if (frame.spliced && !this.#deflate) this.#writeSpliced(socket, frame.bytes, frame.spliced)
    else socket.write(frame.lane === 'control' ? this.#encode(frame) : this.#shared(frame))
  }

  /** The long part of it in the same memory for all who are sent it. */
  #writeSpliced(socket: Duplex, bytes: number, { head, shared, tail }: SplicedText): void {
    const start = Buffer.allocUnsafe(headSize(bytes) + Buffer.byteLength(head))
    start.write(head, putHead(start, 0, TEXT | FIN, bytes))
    socket.cork()
    socket.write(start)
    socket.write(this.#sharedBytes.of(shared))
    socket.write(Buffer.from(tail))
    socket.uncork()
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

/** Where the frames from `at` on end that are not worth a piece of their own. */
function endOfSmall(frames: readonly Frame[], at: number): number {
  let end = at
  for (let bytes = 0; end < frames.length; end++) {
    bytes += frames[end]?.bytes ?? 0
    if (bytes > COPIED_BYTES) break
  }
  return end
}

/** The wire form of several frames, one behind the other. */
function joined(frames: readonly Frame[]): Buffer {
  let size = 0
  for (const frame of frames) size += headSize(frame.bytes) + frame.bytes
  const bytes = Buffer.allocUnsafe(size)
  let at = 0
  for (const frame of frames) at = putFrame(bytes, at, frame)
  return bytes
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
  // As many bytes as characters: it is ASCII, which is copied as it is.
  if (typeof frame.data === 'string')
    into.write(frame.data, from, frame.bytes === frame.data.length ? 'latin1' : 'utf8')
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
