import { utf8Size } from './platform.ts'

/** The longest beginning of `text` that takes at most `bytes` bytes in UTF-8, never cut inside a character. */
export function cutUtf8(text: string, bytes: number): string {
  if (text.length * 3 <= bytes || utf8Size(text) <= bytes) return text
  let cut = ''
  let size = 0
  for (const character of text) {
    size += utf8Size(character)
    if (size > bytes) break
    cut += character
  }
  return cut
}
