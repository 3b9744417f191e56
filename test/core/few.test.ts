import * as fc from 'fast-check'
import { expect, it } from 'vitest'

import { all, count, type Few, named, type Named, without, withOne } from '../../core/src/ground/few.ts'

interface Value extends Named {
  readonly n: number
}

it('does what a Map does', () => {
  const name = fc.constantFrom('a', 'b', 'c', 'd')
  const step = fc.record({ do: fc.constantFrom('set' as const, 'delete' as const), name, n: fc.nat(9) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      let few: Few<Value>
      const map = new Map<string, Value>()
      for (const { do: what, name: at, n } of steps) {
        const value = { name: at, n }
        if (what === 'set') {
          few = withOne(few, value)
          map.set(at, value)
        } else {
          few = without(few, at)
          map.delete(at)
        }
        expect(named(few, at)).toBe(map.get(at))
        expect(count(few)).toBe(map.size)
        expect(all(few)).toEqual([...map.values()])
      }
      for (const at of ['a', 'b', 'c', 'd', 'e']) expect(named(few, at)).toBe(map.get(at))
    }),
  )
})
