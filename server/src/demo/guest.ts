import { createHash } from 'node:crypto'

/** Somebody in a room of the demo. */
export interface Guest {
  /** Who it is to the others; without one, every connection is somebody else. */
  readonly id: string | undefined
  readonly name: string
}

/** The longest display name, in code points. */
export const MAX_NAME_LENGTH = 40
/** A key is made at random by the page: at least 128 bits of it, in the alphabet of base64url. */
const KEY = /^[A-Za-z0-9_-]{22,64}$/
/** Control characters, line separators, and marks that turn the direction of the text around them. */
const FORBIDDEN = /[\p{Cc}\p{Cs}\p{Co}\u2028-\u202e\u2066-\u2069]/u
const VISIBLE = /[\p{L}\p{N}\p{P}\p{S}]/u

/**
 * The guest that the credentials of a subscribe describe: `{"data":{"name":"Ada","key":"…"}}`. They come from a stranger.
 *
 * The id that others see is a digest of key and name: whoever sees it learns no key, and without the key nobody can be
 * the same member. Two tabs of one browser with the same name have the same key, and so are one member.
 *
 * @returns `undefined` when they do not describe one
 */
export function guestOf(credentials: unknown): Guest | undefined {
  const data = member(credentials, 'data')
  const name = nameOf(member(data, 'name'))
  const key = member(data, 'key')
  if (name === undefined) return undefined
  if (key === undefined) return { id: undefined, name }
  if (typeof key !== 'string' || !KEY.test(key)) return undefined
  return { id: createHash('sha256').update(`${key}\n${name}`).digest('base64url').slice(0, 22), name }
}

/** A name without what surrounds it, or `undefined` when it is none. */
export function nameOf(value: unknown): string | undefined {
  // Four units of UTF-16 a character at most, combining marks included: longer ones are not worth normalising.
  if (typeof value !== 'string' || value.length > 4 * MAX_NAME_LENGTH) return undefined
  const name = value.normalize('NFC').trim().replace(/\s+/gu, ' ')
  if (FORBIDDEN.test(name) || !VISIBLE.test(name)) return undefined
  return Array.from(name).length <= MAX_NAME_LENGTH ? name : undefined
}

function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
  return (value as Readonly<Record<string, unknown>>)[name]
}
