import { ClientError } from '@fanfare/core'

/** What somebody says in a room. */
export interface Remark {
  readonly room: string
  readonly text: string
}

/** The longest remark, in code points. */
export const MAX_TEXT_LENGTH = 500
const ROOM = /^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/
const FORBIDDEN = /[^\P{Cc}\n\t]/u

/** The name of a room's channel. */
export function channelOf(room: string): string {
  return `presence-${room}`
}

/** Whether a channel belongs to a room of the demo: `presence-` and 1 to 40 small letters, digits and inner dashes. */
export function isRoom(channel: string): boolean {
  return channel.startsWith('presence-') && ROOM.test(channel.slice('presence-'.length))
}

/** What the data of a `chat` call says. It comes from a stranger. @throws ClientError that says what is wrong */
export function remarkOf(data: unknown): Remark {
  const { room, text } = Object(data) as { readonly room?: unknown; readonly text?: unknown }
  if (typeof room !== 'string' || !ROOM.test(room))
    throw new ClientError('bad-frame', 'room is the name of a room')
  if (typeof text !== 'string') throw new ClientError('bad-frame', 'text is a string')
  const trimmed = text.length > 4 * MAX_TEXT_LENGTH ? text : text.replace(/\r\n?/g, '\n').trim()
  if (trimmed === '') throw new ClientError('bad-frame', 'text is empty')
  if (Array.from(trimmed).length > MAX_TEXT_LENGTH) {
    throw new ClientError('too-large', `text has at most ${String(MAX_TEXT_LENGTH)} characters`)
  }
  if (FORBIDDEN.test(trimmed)) throw new ClientError('bad-frame', 'text has control characters in it')
  return { room, text: trimmed }
}
