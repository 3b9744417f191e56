import fc from 'fast-check'
import { expect, it } from 'vitest'

import { subjectOf } from '../../bridges/nats/src/subjects.ts'

const NAME_CHARACTERS = 'ABCXYZabcxyz0129_-=@,.;:/!'
const part = (characters: string, maxLength: number) =>
  fc.string({ unit: fc.constantFrom(...characters), minLength: 1, maxLength })

const name = fc
  .tuple(part('abAB09_-', 8), part('abc', 3), part(NAME_CHARACTERS, 20))
  .map(([prefix, kind, rest]) => `${prefix}:${kind}:${rest}`)

/** Names that differ little are the ones that could meet. */
const alike = fc
  .tuple(part('ab', 2), part('a', 1), part('.:a', 4), part('.:a', 4))
  .map(([prefix, kind, one, other]) => [`${prefix}:${kind}:${one}`, `${prefix}:${kind}:${other}`] as const)

it('gives subjects that NATS takes for one subject and no pattern', () => {
  fc.assert(
    fc.property(name, (one) => {
      const tokens = subjectOf(one).split('.')
      expect(tokens).toHaveLength(3)
      for (const token of tokens) expect(token).toMatch(/^[^\s.*>]+$/)
    }),
  )
})

it('gives different names different subjects', () => {
  fc.assert(
    fc.property(name, name, (one, other) => {
      expect(subjectOf(one) === subjectOf(other)).toBe(one === other)
    }),
  )
  fc.assert(
    fc.property(alike, ([one, other]) => {
      expect(subjectOf(one) === subjectOf(other)).toBe(one === other)
    }),
    { numRuns: 2_000 },
  )
})

it('keeps the name readable', () => {
  expect(subjectOf('fanfare:c:private-orders.42:eu')).toBe('fanfare.c.private-orders%2E42:eu')
})

it('keeps the partition as a token of its own', () => {
  expect(subjectOf('fanfare:{17bx}:c:private-orders.42:eu')).toBe('fanfare.17bx.c.private-orders%2E42:eu')
  expect(subjectOf('fanfare:b:name-1-0')).toBe('fanfare.b.name-1-0')
})
