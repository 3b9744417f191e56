import type { Figures } from './figures.ts'
import type { Ledger } from './ledger.ts'
import { type Packet, writePacket } from './packet.ts'
import type { Stream } from './tally.ts'

/** What all parts of one run share. */
export interface Run {
  /** Tells its messages from those of others. */
  readonly id: string
  readonly ledger: Ledger
  readonly figures: Figures
  /** Size of the data of a message. */
  readonly bytes: number
}

/** A message that is about to be sent. */
export interface Outgoing {
  readonly stream: Stream
  readonly seq: number
  /** JSON. */
  readonly data: string
}

/** The next message of a stream. From now on it is expected. */
export function nextMessage({ id, figures, bytes }: Run, stream: Stream): Outgoing {
  const seq = stream.next++
  figures.messages.sent++
  const packet: Packet = {
    ...{ run: id, publisher: stream.publisher, stream: stream.id, seq },
    at: performance.now(),
  }
  return { stream, seq, data: writePacket(packet, bytes) }
}

/** A message has an outcome: an error's word, or none. What is not certain to be published, nobody need have got. */
export function settleMessage(
  { figures }: Run,
  { stream, seq }: Outgoing,
  refusal: string | undefined,
): void {
  figures.settle(refusal)
  if (refusal !== undefined) stream.void.add(seq)
}
