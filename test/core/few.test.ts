import * as fc from 'fast-check'
import { expect, it } from 'vitest'

import { SmallMap } from '../../core/src/ground/small-map.ts'

it('does what a Map does', () => {
  const key = fc.constantFrom('a', 'b', 'c', 'd')
  const step = fc.oneof(
    fc.record({ do: fc.constant('set' as const), key, value: fc.record({ n: fc.nat(9) }) }),
    fc.record({ do: fc.constantFrom('delete' as const, 'get' as const), key, value: fc.constant({ n: 0 }) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const small = new SmallMap<string, object>()
      const map = new Map<string, object>()
      for (const { do: what, key: name, value } of steps) {
        if (what === 'set') {
          small.set(name, value)
          map.set(name, value)
        } else if (what === 'delete') {
          small.delete(name)
          map.delete(name)
        }
        expect(small.get(name)).toBe(map.get(name))
        expect(small.has(name)).toBe(map.has(name))
        expect(small.size).toBe(map.size)
        expect([...small.keys()]).toEqual([...map.keys()])
        expect([...small.values()]).toEqual([...map.values()])
      }
    }),
  )
})
