/** A kind of value: what it takes, in words, and how it is read from text. */
export interface Kind<Value> {
  /** Completes a sentence: `--port takes …`. */
  readonly takes: string
  /** `undefined`: that is no such value. */
  readonly read: (text: string) => Value | undefined
  /** What of a wrong value may be said aloud, when it may hold a secret. @defaultValue all of it */
  readonly shown?: (text: string) => string
}

/** A whole number within bounds. */
export function whole(least: number, most: number): Kind<number> {
  return {
    takes: `a whole number from ${String(least)} to ${String(most)}`,
    read: (text) => {
      if (!/^\d{1,15}$/.test(text)) return undefined
      const value = Number(text)
      return value >= least && value <= most ? value : undefined
    },
  }
}

const UNITS: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
])

/** Timers hold no more than 24.8 days; nobody waits for a socket that long. */
const LONGEST_MS = 86_400_000

/**
 * A length of time, in milliseconds. The unit has to be written: `25` is a mistake for either 25 seconds or 25
 * milliseconds, and there is no telling which.
 *
 * @param off - whether 0 stands for never
 */
export function duration({ off }: { readonly off: boolean }): Kind<number> {
  return {
    takes: `a duration of at most 24h such as 25s, 500ms or 1m${off ? ', or 0 for never' : ''}`,
    read: (text) => {
      if (text === '0') return off ? 0 : undefined
      const [, number, unit] = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h)$/.exec(text) ?? []
      const factor = UNITS.get(unit ?? '')
      if (number === undefined || factor === undefined) return undefined
      const ms = Math.round(Number(number) * factor)
      return ms > LONGEST_MS || (ms === 0 && !off) ? undefined : ms
    },
  }
}

const SIZES: ReadonlyMap<string, number> = new Map([
  ['KiB', 2 ** 10],
  ['MiB', 2 ** 20],
  ['GiB', 2 ** 30],
])

/** Less than this is a mistake: no node does anything useful in it. */
const LEAST_MEMORY = 16 * 2 ** 20

/** An amount of memory, in bytes; 0 stands for what the runtime says. The unit has to be written. */
export const memory: Kind<number> = {
  takes: 'a size of at least 16MiB such as 256MiB or 1.5GiB, or 0 for what the runtime says',
  read: (text) => {
    if (text === '0') return 0
    const [, number, unit] = /^(\d{1,9}(?:\.\d{1,3})?)(KiB|MiB|GiB)$/.exec(text) ?? []
    const factor = SIZES.get(unit ?? '')
    if (number === undefined || factor === undefined) return undefined
    const bytes = Math.round(Number(number) * factor)
    return bytes < LEAST_MEMORY || bytes > 2 ** 50 ? undefined : bytes
  },
}

/** One of a few words. */
export function oneOf<Word extends string>(words: readonly Word[], remark = ''): Kind<Word> {
  return {
    takes: `${words.join(' or ')}${remark}`,
    read: (text) => words.find((word) => word === text),
  }
}

/** Yes or no. */
export const yesOrNo: Kind<boolean> = {
  takes: 'true or false',
  read: (text) =>
    text === 'true' || text === '1' ? true : text === 'false' || text === '0' ? false : undefined,
}

/** What to listen on: a name or an address, without a port. */
export const address: Kind<string> = {
  takes: 'a host name or an address without a port',
  read: (text) => {
    const bare = /^\[([^\]]*:[^\]]*)\]$/.exec(text)?.[1] ?? text
    if (bare.includes(':')) return /^[0-9a-f:.]+(%[\w.-]+)?$/i.test(bare) ? bare : undefined
    return /^[a-z0-9_]([a-z0-9._-]{0,252})$/i.test(bare) ? bare : undefined
  },
}

/** The path of a URL, written in one way only, so that it can be compared as it is. */
export const path: Kind<string> = {
  takes: 'a path such as /ws: letters, digits and . _ ~ - between slashes, none at the end',
  read: (text) => {
    const legal = text === '/' || (text.length <= 200 && /^(\/[A-Za-z0-9._~-]+)+$/.test(text))
    return legal && !/\/\.\.?(\/|$)/.test(text) ? text : undefined
  },
}

const ORIGIN = /^[a-z][a-z0-9+.-]*:\/\/(\[[0-9a-f:.]+\]|[^\s/:@?#[\]\\,]+)(:\d{1,5})?$/i

/** Which web pages may connect. */
export const origins: Kind<'same-origin' | readonly string[]> = {
  takes: 'same-origin, or a comma list of origins such as https://app.example.com, or *',
  read: (text) => {
    if (text === 'same-origin') return text
    const list = text.split(',').map((entry) => entry.trim())
    return list.every((entry) => entry === '*' || ORIGIN.test(entry)) ? list : undefined
  },
}
