import type { Frame } from '@fanfare/core'

/** One frame as an element of a JSON list: text as a string, bytes in base64. */
export function itemOf({ data }: Frame): string {
  return typeof data === 'string' ? JSON.stringify(data) : `{"bytes":"${base64(data)}"}`
}

/** The message that an element of a JSON list stands for; `undefined` when it stands for none. */
export function messageOf(item: unknown): string | Uint8Array | undefined {
  if (typeof item === 'string') return item
  const bytes = typeof item === 'object' && item !== null && 'bytes' in item ? item.bytes : undefined
  return typeof bytes === 'string' ? fromBase64(bytes) : undefined
}

// A piece at a time: a call takes only so many arguments.
const PIECE = 8_192

export function base64(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += PIECE) {
    text += String.fromCharCode(...bytes.subarray(at, at + PIECE))
  }
  return btoa(text)
}

function fromBase64(text: string): Uint8Array | undefined {
  try {
    const units = atob(text)
    // A loop: calling a function for each costs ten times as much.
    const bytes = new Uint8Array(units.length)
    for (let at = 0; at < bytes.length; at++) bytes[at] = units.charCodeAt(at)
    return bytes
  } catch {
    return undefined
  }
}
