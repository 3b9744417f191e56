import { expect, it } from 'vitest'

import { SharedTexts } from '../../core/src/gateway/shared-texts.ts'

it('gives back the same text, however many and however long they are', () => {
  const texts = new SharedTexts()
  const long = 'x'.repeat(100_000)
  expect(texts.share(long)).toBe(long)
  for (let at = 0; at < 768; at++) expect(texts.share(`text ${String(at)}`)).toBe(`text ${String(at)}`)
})
