import type { Platform } from '@fanfare/core/contract'

/**
 * A new name for one life of a driver or of a link: 64 random bits, as sixteen hexadecimal digits. Beside a node's number, which
 * operators may fix and which a process inherits from the one before it, this tells the two processes apart.
 */
export function newIncarnation({ randomBytes }: Pick<Platform, 'randomBytes'>): string {
  return [...randomBytes(8)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
