import type { Batch, Frame } from '../contract/conn.ts'

/** A socket is handed so much at once, unless a single frame is larger. */
const PIECE_BYTES = 65_536

/**
 * Batches that wait for a socket, in pieces. A socket that was handed a megabyte at once seems to stand still until the
 * last byte of it is gone; in pieces one sees that a slow peer takes something.
 */
export class Backlog {
  #pieces: Batch[] = []
  #next = 0
  #bytes = 0

  get empty(): boolean {
    return this.#next === this.#pieces.length
  }

  /** Payload bytes that wait. */
  get bytes(): number {
    return this.#bytes
  }

  push(pieces: readonly Batch[]): void {
    for (const piece of pieces) {
      this.#pieces.push(piece)
      this.#bytes += piece.bytes
    }
  }

  /** Takes out the next pieces that are not more than so many bytes together, or a single larger one. */
  take(bytes: number): readonly Batch[] {
    const from = this.#next
    let taken = 0
    for (; this.#next < this.#pieces.length; this.#next++) {
      taken += this.#pieces[this.#next]?.bytes ?? 0
      if (taken > bytes && this.#next > from) break
    }
    const pieces = this.#pieces.slice(from, this.#next)
    for (const piece of pieces) this.#bytes -= piece.bytes
    if (this.empty) this.clear()
    return pieces
  }

  /** Takes out the next piece. */
  shift(): Batch | undefined {
    const piece = this.#pieces[this.#next++]
    if (piece) this.#bytes -= piece.bytes
    else this.clear()
    return piece
  }

  clear(): void {
    this.#pieces = []
    this.#next = this.#bytes = 0
  }
}

/** Whether {@link inPieces} leaves it as it is: it is small enough, or a single frame. */
export function isOnePiece(batch: Batch): boolean {
  return batch.bytes <= PIECE_BYTES || batch.frames.length === 1
}

/** Cuts a batch between its frames; one that is small enough stays as it is. */
export function inPieces(batch: Batch): readonly Batch[] {
  if (isOnePiece(batch)) return [batch]
  const pieces: Batch[] = []
  let frames: Frame[] = []
  let bytes = 0
  const cut = (): void => {
    pieces.push({ frames, bytes, readers: batch.readers })
    frames = []
    bytes = 0
  }
  for (const frame of batch.frames) {
    if (frames.length > 0 && bytes + frame.bytes > PIECE_BYTES) cut()
    frames.push(frame)
    bytes += frame.bytes
  }
  cut()
  return pieces
}
