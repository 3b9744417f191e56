import type { Cancel } from '@fanfare/core/contract'

import { type ClientPlatform, hostNow, hostStorage, type StorageLike } from './platform.ts'
import type { Link, LinkEvents, Transport } from './transport.ts'

/** How long a makeshift is kept before the better ones are tried again, in milliseconds: an hour. */
const KEPT_MS = 3_600_000
/** A transport that worked is tried so many times alone: when it fails it is more likely the server than the network. */
const ALONE = 3
const AFTER_MS = 5_000
/** The reason where nothing is served. */
const MISSING = 'not-found'

/** What is known about the way to a server. */
interface Known {
  /** The transport that worked. */
  readonly name: string
  /** Since when, in milliseconds since 1970. */
  readonly since: number
  /** How many more times it is tried alone. */
  alone: number
}

/** How one transport failed. */
type Failure = readonly [code: number, reason: string, status?: number | undefined]

/**
 * Makes one transport of several. They are tried in their order, one right after the other, until one brings a message;
 * that one goes first from then on.
 *
 * @param transports - best first
 * @param afterMs - how long one that is not the last may take. @defaultValue `5_000`
 */
export function fallback(transports: readonly Transport[], afterMs: number = AFTER_MS): Transport {
  return new Fallback(transports, afterMs)
}

class Fallback implements Transport {
  readonly name = 'auto'
  readonly #transports: readonly Transport[]
  readonly #afterMs: number
  readonly #known = new Map<string, Known>()
  /** Where more than this page load remembers. */
  #storage: StorageLike | null | undefined

  constructor(transports: readonly Transport[], afterMs: number) {
    this.#transports = transports
    this.#afterMs = afterMs
  }

  open(url: string, events: LinkEvents, platform: ClientPlatform): Link {
    const { clock, storage = hostStorage() } = platform
    this.#storage = storage
    // The query may hold a token, which is nobody's to keep.
    const [key = ''] = url.split('?')
    const now = clock.now?.() ?? hostNow()
    const round: Round = {
      transports: this.#inOrder(key, now),
      afterMs: this.#afterMs,
      worked: (name) => this.#remember(key, name, now),
      hung: () => {
        const known = this.#known.get(key)
        if (known) known.alone = 0
      },
      trusted: (name) => this.#known.get(key)?.name === name,
    }
    return new FallbackLink(round, url, events, platform)
  }

  forget(): void {
    for (const key of this.#known.keys()) this.#store(key, undefined)
    this.#known.clear()
  }

  #inOrder(key: string, now: number): readonly Transport[] {
    const known = this.#recall(key, now)
    const first = this.#transports.find(({ name }) => name === known?.name)
    if (!known || !first) return this.#transports
    if (known.alone-- > 0) return [first]
    return [first, ...this.#transports.filter((other) => other !== first)]
  }

  #recall(key: string, now: number): Known | undefined {
    const known = this.#known.get(key) ?? this.#stored(key)
    if (!known) return undefined
    // A clock that was set back proves nothing either.
    const fresh = known.since <= now && now - known.since < KEPT_MS
    if (fresh || known.name === this.#transports[0]?.name) {
      this.#known.set(key, known)
      return known
    }
    this.#known.delete(key)
    this.#store(key, undefined)
    return undefined
  }

  #remember(key: string, name: string, now: number): void {
    const known = this.#known.get(key)
    // What still works does not begin its hour anew: the better ones would never be tried again.
    const since = known?.name === name ? known.since : now
    this.#known.set(key, { name, since, alone: ALONE })
    this.#store(key, name === this.#transports[0]?.name ? undefined : `${name} ${String(since)}`)
  }

  #stored(key: string): Known | undefined {
    try {
      const [name = '', since] = this.#storage?.getItem(stored(key))?.split(' ') ?? []
      return since === undefined ? undefined : { name, since: Number(since), alone: 0 }
    } catch {
      return undefined
    }
  }

  #store(key: string, value: string | undefined): void {
    try {
      if (value === undefined) this.#storage?.removeItem(stored(key))
      else this.#storage?.setItem(stored(key), value)
    } catch {
      // Full, or forbidden: then it is found out anew.
    }
  }
}

function stored(key: string): string {
  return `fanfare:${key}`
}

/** One round through the transports. */
interface Round {
  readonly transports: readonly Transport[]
  readonly afterMs: number
  worked(name: string): void
  /** It was given up while a transport said nothing at all, which is more like a network than like a server. */
  hung(): void
  /** Whether a transport brought messages before. */
  trusted(name: string): boolean
}

class FallbackLink implements Link {
  readonly #round: Round
  readonly #url: string
  readonly #events: LinkEvents
  readonly #platform: ClientPlatform
  readonly #failures: Failure[] = []
  /** Which transport's turn it is; what comes from another is not heard. */
  #turn = 0
  #link: Link | undefined
  #won = false
  #over = false
  #cancelTimer: Cancel | undefined

  constructor(round: Round, url: string, events: LinkEvents, platform: ClientPlatform) {
    this.#round = round
    this.#url = url
    this.#events = events
    this.#platform = platform
    this.#try()
  }

  get bufferedBytes(): number {
    return this.#link?.bufferedBytes ?? 0
  }

  send(text: string): void {
    this.#link?.send(text)
  }

  close(cut?: boolean): void {
    if (!this.#won && !this.#over) this.#round.hung()
    this.#over = true
    this.#cancelTimer?.()
    this.#link?.close(cut)
  }

  #try(): void {
    const turn = this.#turn
    const { transports, afterMs } = this.#round
    const transport = transports[turn]
    if (!transport) return
    const mine = (): boolean => !this.#over && turn === this.#turn
    const { scheduler } = this.#platform
    if (turn + 1 < transports.length) {
      this.#cancelTimer = scheduler.after(afterMs, () => this.#failed([1006, '']))
    }
    try {
      this.#link = transport.open(
        this.#url,
        {
          message: (data) => {
            if (mine()) this.#message(transport.name, data)
          },
          closed: (code, reason, status) => {
            if (mine()) this.#closed(transport.name, [code, reason, status])
          },
        },
        this.#platform,
      )
    } catch {
      this.#cancelTimer?.()
      this.#cancelTimer = scheduler.after(0, () => this.#failed([1006, '']))
    }
  }

  #message(name: string, data: unknown): void {
    if (!this.#won) {
      this.#won = true
      this.#cancelTimer?.()
      this.#round.worked(name)
    }
    this.#events.message(data)
  }

  #closed(name: string, end: Failure): void {
    this.#cancelTimer?.()
    const [code, reason, status] = end
    const trusted = status !== undefined && this.#round.trusted(name)
    // What was served before is served again when the server is up again.
    if (trusted && reason === MISSING) this.#failed([1006, ''])
    else if (!this.#won && (code < 4000 || (status !== undefined && !trusted))) this.#failed(end)
    else {
      this.#over = true
      this.#events.closed(...end)
    }
  }

  #failed(end: Failure): void {
    this.#failures.push(end)
    this.#cancelTimer?.()
    this.#link?.close()
    this.#link = undefined
    if (++this.#turn < this.#round.transports.length) {
      this.#events.again?.()
      this.#try()
    } else {
      this.#over = true
      this.#events.closed(...verdict(this.#failures))
    }
  }
}

/**
 * What a round ends with in which every transport failed. A status is no proof: a server that knows WebSocket alone may be
 * down for a moment, and what is asked of it by HTTP be answered by another, such as a store of files that says 403 to
 * whatever it does not have. So it has the last word only where all of them had one.
 */
function verdict(failures: readonly Failure[]): Failure {
  const last = failures.at(-1) ?? [1006, '']
  if (failures.every(([, , status]) => status !== undefined)) return last
  const told = failures.find(([code, reason]) => code >= 4000 && reason !== MISSING)
  return told ? [4100, told[1]] : [1006, '']
}
