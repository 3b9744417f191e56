import { hostPlatform } from '@fanfare/core'
import { describe, expect, it } from 'vitest'

import { utf8Size } from '../../core/src/ground/platform.ts'
import { cutUtf8 } from '../../core/src/ground/utf8.ts'

const texts = [
  '',
  'plain',
  '\u007f\u0080\u07ff\u0800\uffff',
  '\u{10000}\u{10ffff}',
  '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}',
  '\ud800',
  '\udc00',
  'a\ud800b',
  '\udc00\ud800',
  '\ud800\ud800\udc00',
  'e\u0301\u20ac\0',
]

describe('the size of a text in UTF-8', () => {
  it.each(texts)('is what encoding it would give: %j', (text) => {
    expect(utf8Size(text)).toBe(new TextEncoder().encode(text).byteLength)
    expect(hostPlatform().utf8Size(text)).toBe(utf8Size(text))
  })
})

describe('cutting a text to a number of bytes', () => {
  it.each(texts)('takes the longest beginning that fits, and no half character: %j', (text) => {
    const encoder = new TextEncoder()
    const whole = [...text]
    for (let bytes = 0; bytes <= utf8Size(text) + 1; bytes++) {
      const cut = cutUtf8(text, bytes)
      expect(encoder.encode(cut).byteLength).toBeLessThanOrEqual(bytes)
      const next = [...cut].length
      expect(whole.slice(0, next).join('')).toBe(cut)
      const longer = whole.slice(0, next + 1).join('')
      expect(cut === text || utf8Size(longer) > bytes).toBe(true)
    }
  })
})
