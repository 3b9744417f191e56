/**
 * The one file of core that looks at the host. Everything core needs of a runtime comes through {@link Platform},
 * described structurally, so that no runtime's types leak into core or into the programs of its users.
 *
 * @module
 */

/** Undoes something that was arranged. Calling it again does nothing. */
export type Cancel = () => void

/** Tells the time. Injected everywhere in core, so that tests never sleep. */
export interface Clock {
  /** Wall-clock time in milliseconds since 1970; used for expiry dates only. */
  now(): number
  /** Milliseconds since some fixed moment; never goes back. Used for every duration. */
  monotonic(): number
}

/** Arranges for something to happen later. */
export interface Scheduler {
  /** Calls back once, at the end of this turn of the event loop (`setImmediate`, not a timer and not a microtask). */
  turn(callback: () => void): void
  /** Calls back once after `ms` milliseconds. Does not keep a process alive by itself. */
  after(ms: number, callback: () => void): Cancel
}

/** What core needs of the host it runs on. Every part can be replaced by the user. */
export interface Platform {
  readonly clock: Clock
  readonly scheduler: Scheduler
  /** `count` bytes nobody can guess. */
  randomBytes(count: number): Uint8Array
  /** How many bytes `text` takes in UTF-8. */
  utf8Size(text: string): number
  /** UTF-8 to text; ill-formed input becomes U+FFFD. */
  decodeUtf8(bytes: Uint8Array): string
  /** How much memory the process may use, in bytes: what a node may hold for its clients is a part of it. */
  memoryLimit(): number
  /** Where an error goes that nobody listens for. */
  reportError(error: unknown): void
}

interface Timer {
  unref?(): unknown
}

/** The few globals core would like to find. All of them may be missing. */
interface Host {
  readonly setTimeout?: (callback: () => void, ms: number) => Timer | number
  readonly clearTimeout?: (timer: unknown) => void
  readonly setImmediate?: (callback: () => void) => unknown
  readonly performance?: { now(): number }
  readonly crypto?: { getRandomValues(bytes: Uint8Array): unknown }
  readonly Buffer?: { byteLength(text: string): number }
  readonly TextDecoder?: new () => { decode(bytes: Uint8Array): string }
  readonly reportError?: (error: unknown) => void
  readonly console?: { error(...values: unknown[]): void }
  readonly queueMicrotask?: (callback: () => void) => void
  readonly process?: {
    readonly versions?: { readonly bun?: string }
    getBuiltinModule?(name: string): { getHeapStatistics?(): { heap_size_limit: number } } | undefined
    constrainedMemory?(): number
  }
}

/** Where the host does not say how much memory there is, and at most this much where it has no limit for the heap. */
const USUAL_MEMORY = 2 ** 30

function missing(what: string, instead: string): never {
  throw new Error(`this runtime has no ${what}: give Fanfare its own with the option platform.${instead}`)
}

function hostClock(host: Host): Clock {
  return {
    now: () => Date.now(),
    monotonic: host.performance ? () => host.performance?.now() ?? 0 : () => Date.now(),
  }
}

function hostScheduler(host: Host): Scheduler {
  const after: Scheduler['after'] = (ms, callback) => {
    if (!host.setTimeout || !host.clearTimeout) return missing('setTimeout', 'scheduler')
    const timer = host.setTimeout(callback, ms)
    if (typeof timer === 'object') timer.unref?.()
    return () => host.clearTimeout?.(timer)
  }
  return {
    after,
    turn: (callback) => {
      if (host.setImmediate) host.setImmediate(callback)
      else if (host.setTimeout) host.setTimeout(callback, 0)
      else missing('setTimeout', 'scheduler')
    },
  }
}

/** Bytes of `text` in UTF-8, counted without encoding it. A lone surrogate counts as U+FFFD: three bytes. */
export function utf8Size(text: string): number {
  let size = text.length
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit < 0x80) continue
    if (unit < 0x800) size += 1
    else if (unit >= 0xd800 && unit < 0xdc00 && isLowSurrogate(text.charCodeAt(at + 1))) {
      size += 2
      at++
    } else size += 2
  }
  return size
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000
}

function hostReport(host: Host): (error: unknown) => void {
  if (host.reportError) return (error) => host.reportError?.(error)
  if (host.console) return (error) => host.console?.error('fanfare: an error that nobody listens for:', error)
  return () => {}
}

/** The smaller of the heap's limit and the container's. */
function hostMemoryLimit({ process }: Host): number {
  // Bun's heap has no limit; the figure that it gives for one follows what is used.
  const v8 = process?.versions?.bun === undefined ? process?.getBuiltinModule?.('node:v8') : undefined
  const heap = v8?.getHeapStatistics?.().heap_size_limit ?? USUAL_MEMORY
  // 0, or more than any machine has: there is no container.
  return Math.min(heap, process?.constrainedMemory?.() || heap)
}

/**
 * The platform core uses when the user gives none: whatever the host has of the usual globals. A part that the host
 * lacks throws when it is first used, naming the option that replaces it.
 */
export function hostPlatform(): Platform {
  const host = globalThis as unknown as Host
  return {
    clock: hostClock(host),
    scheduler: hostScheduler(host),
    randomBytes: (count) => {
      const bytes = new Uint8Array(count)
      if (!host.crypto) return missing('crypto.getRandomValues', 'randomBytes')
      host.crypto.getRandomValues(bytes)
      return bytes
    },
    utf8Size: host.Buffer ? (text) => host.Buffer?.byteLength(text) ?? utf8Size(text) : utf8Size,
    decodeUtf8: (bytes) =>
      host.TextDecoder ? new host.TextDecoder().decode(bytes) : missing('TextDecoder', 'decodeUtf8'),
    memoryLimit: () => hostMemoryLimit(host),
    reportError: hostReport(host),
  }
}
