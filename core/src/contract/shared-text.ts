/**
 * Text that many frames have in common, such as the members of a channel: the first `count` of pieces that are only ever added
 * to. An adapter that writes bytes may encode each piece once, and write the same bytes for every frame.
 */
export interface SharedText {
  /** There may be more of them than belong to it. */
  readonly pieces: readonly string[]
  /** How many of the pieces it is. */
  readonly count: number
  /** Its size in UTF-8. */
  readonly bytes: number
  /** All of it. */
  readonly text: string
}

/** Text of which a long part is shared with other frames. */
export interface SplicedText {
  readonly head: string
  readonly shared: SharedText
  readonly tail: string
}

/** Shorter ones are put together: a write in one piece instead of three. In bytes. */
const WORTH_SHARING = 4_096

/**
 * Text with a shared part in its middle, for a protocol that writes one.
 *
 * @returns text when the part is short; what is the better one of the two is nobody else's concern
 */
export function splice(head: string, shared: SharedText, tail: string): string | SplicedText {
  return shared.bytes < WORTH_SHARING ? head + shared.text + tail : { head, shared, tail }
}

/** The text of what {@link splice} returned. */
export function textOf(text: string | SplicedText): string {
  return typeof text === 'string' ? text : text.head + text.shared.text + text.tail
}
