import { ChannelNameError } from './errors.ts'

/** What a channel is, told by its prefix; the dash is part of the prefix. */
export type ChannelType = 'public' | 'private' | 'presence'

/** The longest channel name, in bytes; names are ASCII, so in characters too. The Pusher SDKs enforce the same 200. */
export const MAX_CHANNEL_NAME_BYTES = 200

const GRAMMAR = /^[A-Za-z0-9_\-=@,.;:/]+$/

/**
 * Whether a channel needs an authorizer and has a roster: `private-…` is `'private'`, `presence-…` is `'presence'`, and
 * everything else, `privateer` and `Private-x` included, is `'public'`. The prefixes are those of Laravel Echo and Pusher.
 */
export function classifyChannel(channel: string): ChannelType {
  if (channel.startsWith('private-')) return 'private'
  if (channel.startsWith('presence-')) return 'presence'
  return 'public'
}

/**
 * Why `channel` is not a channel name, or `undefined` when it is one. The grammar: 1 to 200 characters, each an ASCII
 * letter or digit or one of `_ - = @ , . ; : /`. There is one spelling of each name (no Unicode forms, no case folding),
 * and no wildcard of any bus (`*`, `>`, `?`, `[`), no space and no control character is in it.
 */
export function channelNameFault(channel: unknown): string | undefined {
  if (typeof channel !== 'string') return `a channel name is a string, not ${typeof channel}`
  if (channel.length === 0) return 'a channel name has at least one character'
  if (channel.length > MAX_CHANNEL_NAME_BYTES) {
    return `a channel name has at most ${String(MAX_CHANNEL_NAME_BYTES)} characters, this one has ${String(channel.length)}`
  }
  if (!GRAMMAR.test(channel)) return 'a channel name has ASCII letters, digits and _ - = @ , . ; : / only'
  return undefined
}

/** Returns normally when `channel` is a channel name. @throws ChannelNameError otherwise. */
export function assertChannelName(channel: unknown): asserts channel is string {
  const fault = channelNameFault(channel)
  if (fault) throw new ChannelNameError(fault)
}
