import type { Socket } from 'node:net'

import type { Counters } from './counters.ts'
import type { Framing } from './frames.ts'
import { type Disturbance, Mischief } from './mischief.ts'

/** `hold`: kept, and delivered on healing. `blackhole`: lost for ever. */
export type Fate = 'pass' | 'hold' | 'blackhole'

/** What happens to everything that goes in one direction, on all connections. */
export interface Toxics {
  fate: Fate
  delayMs: number
  disturbance: Disturbance | undefined
}

export function noToxics(): Toxics {
  return { fate: 'pass', delayMs: 0, disturbance: undefined }
}

/** More than this is not kept: the sender is not read until there is room. */
const MOST_BYTES = 1_048_576

type Item = { readonly due: number } & (
  | { readonly kind: 'bytes'; readonly bytes: Buffer }
  /** The sender sends no more, or is gone. */
  | { readonly kind: 'end' | 'closed' | 'reset' }
)

/** One direction of a connection, and how it is told about. */
export interface FlowOptions {
  readonly direction: 'up' | 'down'
  readonly toxics: Toxics
  readonly counters: Counters
  readonly framing?: Framing | undefined
  /** Ends the whole connection, after what was written. */
  readonly cut: () => void
}

/** One direction of one connection. */
export class Flow {
  readonly #source: Socket
  readonly #target: Socket
  readonly #options: FlowOptions
  readonly #mischief: Mischief | undefined
  readonly #queue: Item[] = []
  #bytes = 0
  #pumping = false
  #wake: (() => void) | undefined
  /** So many more bytes, and the connection is cut. */
  #left = Infinity
  #cut = false

  constructor(source: Socket, target: Socket, options: FlowOptions) {
    this.#source = source
    this.#target = target
    this.#options = options
    this.#mischief = options.framing && new Mischief(options.framing, options.counters)
    source.on('data', (chunk: Buffer) => this.#read(chunk))
    source.on('end', () => this.#finish('end'))
    source.on('error', () => {})
    source.on('close', (failed) => this.#finish(failed ? 'reset' : 'closed'))
    for (const event of ['drain', 'close'] as const) target.on(event, () => this.changed())
  }

  /** Cuts the connection after `bytes` more; `Infinity` for never. */
  cutAfter(bytes: number): void {
    this.#left = bytes
  }

  /** The toxics are other ones than before. */
  changed(): void {
    if (!this.#options.toxics.disturbance && this.#mischief) this.#enqueue(this.#mischief.late())
    this.#wake?.()
    this.#start()
  }

  #read(chunk: Buffer): void {
    this.#enqueue(this.#mischief ? this.#mischief.pass(chunk, this.#options.toxics.disturbance) : chunk)
    this.#start()
  }

  #finish(kind: 'end' | 'closed' | 'reset'): void {
    if (this.#mischief) this.#enqueue(this.#mischief.end())
    this.#queue.push({ kind, due: this.#due() })
    this.#start()
  }

  #enqueue(bytes: Buffer): void {
    if (bytes.length === 0) return
    this.#queue.push({ kind: 'bytes', bytes, due: this.#due() })
    this.#bytes += bytes.length
    if (this.#bytes > MOST_BYTES) this.#source.pause()
  }

  #due(): number {
    return performance.now() + this.#options.toxics.delayMs
  }

  #start(): void {
    if (this.#pumping) return
    this.#pumping = true
    void this.#pump()
  }

  async #pump(): Promise<void> {
    for (let item = this.#queue[0]; item; item = this.#queue[0]) {
      const early = item.due - performance.now()
      if (early > 0) await this.#pause(early)
      else if (this.#isStuck(item) || this.#target.writableNeedDrain) await this.#pause()
      else {
        this.#queue.shift()
        this.#deliver(item)
      }
    }
    this.#pumping = false
  }

  /** The end of a connection gets lost no more than it gets through: it is heard of on healing. */
  #isStuck({ kind }: Item): boolean {
    const { fate } = this.#options.toxics
    return fate === 'hold' || (fate === 'blackhole' && kind !== 'bytes')
  }

  /** Waits for the time, or for `changed`. */
  async #pause(ms?: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    await new Promise<void>((resolve) => {
      this.#wake = resolve
      if (ms !== undefined) timer = setTimeout(resolve, ms)
    })
    clearTimeout(timer)
  }

  #deliver(item: Item): void {
    if (item.kind === 'bytes') this.#deliverBytes(item.bytes)
    else if (item.kind === 'end') this.#target.end()
    else if (item.kind === 'closed') this.#target.destroySoon()
    else this.#target.resetAndDestroy()
  }

  #deliverBytes(bytes: Buffer): void {
    this.#bytes -= bytes.length
    if (this.#bytes <= MOST_BYTES / 2) this.#source.resume()
    if (this.#cut || !this.#target.writable || this.#isLost(bytes.length)) return
    if (bytes.length < this.#left) {
      this.#left -= bytes.length
      this.#target.write(bytes)
      return
    }
    const last = bytes.subarray(0, this.#left)
    this.#cut = true
    this.#target.write(last, () => this.#options.cut())
  }

  /** Counts the bytes; says whether they are swallowed. */
  #isLost(bytes: number): boolean {
    const { direction, counters, toxics } = this.#options
    const lost = toxics.fate === 'blackhole'
    const up = lost ? 'swallowedUp' : 'bytesUp'
    const down = lost ? 'swallowedDown' : 'bytesDown'
    counters[direction === 'up' ? up : down] += bytes
    return lost
  }
}
