import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import {
  isTooDeep,
  JsonFault,
  type JsonMembers,
  MAX_JSON_DEPTH,
  scanJsonObject,
} from '../../core/src/ground/json-scan.ts'

function fault(text: string): string {
  const scanned = scanJsonObject(text)
  return scanned instanceof JsonFault ? scanned.detail : 'no fault'
}

describe('the depth of a frame', () => {
  /** Each nests a value one level deeper, in a way of its own. */
  const shapes: Record<string, (inner: string, level: number) => string> = {
    'in arrays': (inner) => `[${inner}]`,
    'in objects': (inner) => `{"a":${inner}}`,
    'in arrays, not in first place': (inner) => `[1,"[[[",${inner},2]`,
    'in objects, not in first place': (inner) => `{"{":"}","b" : ${inner} }`,
    'with white space': (inner) => `[ \n\t${inner}\r\n]`,
    'by turns': (inner, level) => (level % 2 ? `[${inner}]` : `{"a":${inner}}`),
  }

  it.each(Object.entries(shapes))('counts what is nested %s: 32 pass, 33 do not', (_shape, nest) => {
    const build = (depth: number): string => {
      let value = '0'
      // The frame itself is the first level.
      for (let level = 1; level < depth; level++) value = nest(value, level)
      return `{"data":${value}}`
    }
    expect(depthOf(JSON.parse(build(MAX_JSON_DEPTH)))).toBe(32)
    expect(fault(build(MAX_JSON_DEPTH))).toBe('no fault')
    expect(fault(build(MAX_JSON_DEPTH + 1))).toBe('deeper than 32 levels')
  })

  it('counts brackets in strings for nothing', () => {
    expect(fault(`{"a":"${'['.repeat(1_000)}","b":"${'{\\"'.repeat(1_000)}"}`)).toBe('no fault')
  })

  it('counts what stands beside each other once', () => {
    expect(fault(`{"a":[${'[[[]]],'.repeat(1_000)}[]]}`)).toBe('no fault')
  })

  it('refuses half a megabyte of brackets', () => {
    expect(fault(`{"a":${'['.repeat(524_000)}`)).toBe('deeper than 32 levels')
    expect(fault('{"a":'.repeat(100_000))).toBe('deeper than 32 levels')
  })

  it('is never more than 32 in a member that parses', () => {
    const bracketed = fc.string({
      unit: fc.constantFrom('[', ']', '{', '}', '"a":', ',', '1'),
      maxLength: 200,
    })
    fc.assert(
      fc.property(bracketed, fc.nat(40), (noise, depth) => {
        const scanned = scanJsonObject(`{"a":${'['.repeat(depth)}${noise}${']'.repeat(depth)}}`)
        if (scanned instanceof JsonFault) return
        expect(depthOf(parsed(scanned, 'a'))).toBeLessThan(MAX_JSON_DEPTH)
      }),
    )
  })
})

describe('the depth of any JSON', () => {
  it('is what JSON.parse finds', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.nat(6), fc.nat(4), (value, most, indent) => {
        expect(isTooDeep(JSON.stringify(value, null, indent), most)).toBe(depthOf(value) > most)
      }),
      { numRuns: 500 },
    )
  })

  it.each(['', ' ', '"', '"[', '[', ']', ']]]]', '{"', '\\', '"\\"', '1[', '\u0000'])(
    'is asked of any text without harm: %j',
    (text) => {
      expect(isTooDeep(text)).toBe(false)
    },
  )

  it('is 32 at most, unless said otherwise', () => {
    const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`
    expect(isTooDeep(nested(32))).toBe(false)
    expect(isTooDeep(nested(33))).toBe(true)
    expect(isTooDeep(nested(33), 33)).toBe(false)
  })
})

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  return 1 + Math.max(0, ...Object.values(value).map(depthOf))
}

function parsed(scanned: JsonMembers, name: string): unknown {
  try {
    return scanned.value(name)
  } catch {
    return undefined
  }
}
