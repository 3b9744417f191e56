/** What a message says of itself, so that whoever gets it knows what is missing before it. */
export interface Packet {
  /** Of which run it is: others may be at work in the same channels. */
  readonly run: string
  readonly publisher: number
  /** One publisher in one channel. */
  readonly stream: number
  /** Counts from 0 in its stream. */
  readonly seq: number
  /** When it was sent, in milliseconds by the clock of this process. */
  readonly at: number
}

/** The event that messages are published as. */
export const EVENT = 'bench'

/** The data of a message: JSON of so many bytes, or of as many as it takes. */
export function writePacket({ run, publisher, stream, seq, at }: Packet, bytes: number): string {
  const bare = JSON.stringify({ run, publisher, stream, seq, at: Number(at.toFixed(3)), pad: '' })
  // Everything in it is ASCII.
  return `${bare.slice(0, -2)}${'x'.repeat(Math.max(0, bytes - bare.length))}"}`
}

/** What the data of a message says; `undefined` when it is none of ours. */
export function readPacket(data: unknown): Packet | undefined {
  if (typeof data !== 'object' || data === null) return undefined
  const { run, publisher, stream, seq, at } = data as Partial<Record<keyof Packet, unknown>>
  if (typeof run !== 'string' || typeof at !== 'number') return undefined
  if (!isCount(publisher) || !isCount(stream) || !isCount(seq)) return undefined
  return { run, publisher, stream, seq, at }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}
