import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import {
  isTooDeep,
  JsonFault,
  JsonMembers,
  MAX_JSON_DEPTH,
  scanJsonObject,
} from '../../core/src/ground/json-scan.ts'

function members(text: string): JsonMembers {
  const scanned = scanJsonObject(text)
  if (scanned instanceof JsonFault) throw new Error(`${scanned.detail}: ${text.slice(0, 80)}`)
  return scanned
}

function fault(text: string): string {
  const scanned = scanJsonObject(text)
  return scanned instanceof JsonFault ? scanned.detail : 'no fault'
}

describe('the scanner of JSON objects', () => {
  it.each([
    ['{}', 'a', undefined],
    [' \t\r\n{ } \n', 'a', undefined],
    ['{"a":1}', 'a', '1'],
    ['{"a" : 1.0 , "b":1e5}', 'a', '1.0'],
    ['{"a":1.0,"b":1e5 }', 'b', '1e5'],
    ['{"a":[1,  2 ,{"b":"]"}],"c":true}', 'a', '[1,  2 ,{"b":"]"}]'],
    ['{"a":[1],"c":true}', 'c', 'true'],
    ['{"a":"x\\"y\\\\"}', 'a', '"x\\"y\\\\"'],
    ['{"a":{"b":"}{]["}}', 'a', '{"b":"}{]["}'],
    ['{"":null}', '', 'null'],
  ])('%s: the slice of %j is what stands there', (text, name, slice) => {
    expect(members(text).text(name)).toBe(slice)
  })

  it('reads names with escapes in them', () => {
    const frame = members('{"\\u006fp":"sub","\\"\\\\\\/":1,"\\ud83d\\ude00":2}')
    expect(frame.value('op')).toBe('sub')
    expect(frame.value('"\\/')).toBe(1)
    expect(frame.value('😀')).toBe(2)
  })

  it('lets the last of several members with one name count, however it is spelled, as JSON.parse does', () => {
    expect(members('{"op":"ping","\\u006fp":"sub"}').value('op')).toBe('sub')
    expect(members('{"\\u006fp":"sub","op":"ping"}').value('op')).toBe('ping')
  })

  it('knows no member that the text does not have', () => {
    const frame = members('{"__proto__":{"op":"sub"},"constructor":1}')
    expect(frame.value('__proto__')).toEqual(JSON.parse('{"op":"sub"}'))
    expect(frame.value('op')).toBeUndefined()
    expect(frame.value('toString')).toBeUndefined()
    expect(frame.value('hasOwnProperty')).toBeUndefined()
  })

  it('leaves split surrogates and NULs alone', () => {
    const frame = members('{"a":"\ud83d","\udc00":"\u0000","\u0000":"z"}')
    expect(frame.text('a')).toBe('"\ud83d"')
    expect(frame.text('\udc00')).toBe('"\u0000"')
    expect(frame.text('\u0000')).toBe('"z"')
    expect(frame.value('a')).toBe('\ud83d')
    // A raw control character is no JSON: whoever looks at that member finds out.
    expect(() => frame.value('\udc00')).toThrow(SyntaxError)
  })

  it.each([
    [''],
    [' '],
    ['null'],
    ['[]'],
    ['"op"'],
    ['{'],
    ['{"a"'],
    ['{"a"}'],
    ['{"a":'],
    ['{"a":}'],
    ['{"a":,"b":1}'],
    ['{"a":1'],
    ['{"a":1,'],
    ['{"a":1,}'],
    ['{,}'],
    ['{a:1}'],
    ["{'a':1}"],
    ['{"a":1}{}'],
    ['{"a":1} x'],
    ['{"a":1]'],
    ['{"a":1 2}'],
    ['{"a":[}'],
    ['{"a":[1}'],
    ['{"a":[1)}'],
    ['{"a":[{]}}'],
    ['{"a":"x}'],
    ['{"a":"x\\"}'],
    ['{"a\\":1}'],
    ['{"\\u00zz":1}'],
    ['\ufeff{}'],
    ['\u00a0{}'],
  ])('refuses %j', (text) => {
    expect(fault(text)).not.toBe('no fault')
  })

  it('does not look at the grammar of values: that is for whoever parses them', () => {
    expect(() => members('{"a":tru}').value('a')).toThrow(SyntaxError)
    expect(() => members('{"a":[1 2]}').value('a')).toThrow(SyntaxError)
    expect(() => members('{"a":1"b"}').value('a')).toThrow(SyntaxError)
  })
})

describe('the scanner, for whatever text', () => {
  const name = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('__proto__', 'op', '"', '\\', '\u0000', ''),
  )
  const space = fc.string({ unit: fc.constantFrom(' ', '\t', '\n', '\r'), maxLength: 3 })

  it('finds the values that JSON.parse finds in any object', () => {
    const object = fc.dictionary(name, fc.jsonValue({ maxDepth: 8 }), { noNullPrototype: true })
    fc.assert(
      fc.property(object, space, fc.nat(4), (value, around, indent) => {
        const text = `${around}${JSON.stringify(value, null, indent)}${around}`
        const scanned = members(text)
        for (const [key, expected] of Object.entries(JSON.parse(text) as object)) {
          expect(scanned.value(key)).toEqual(expected)
        }
      }),
    )
  })

  it('gives slices as they stand, white space around them excepted', () => {
    const pairs = fc.uniqueArray(fc.tuple(name, fc.json({ maxDepth: 8 }), space), {
      selector: ([key]) => key,
    })
    fc.assert(
      fc.property(pairs, (list) => {
        const text = `{${list.map(([key, json, around]) => `${around}${JSON.stringify(key)}${around}:${around}${json}${around}`).join(',')}}`
        const scanned = members(text)
        for (const [key, json] of list) expect(scanned.text(key)).toBe(json)
      }),
    )
  })

  it.each([
    ['any units', fc.string({ unit: 'binary', maxLength: 300 })],
    [
      'bits of JSON',
      fc.string({ unit: fc.constantFrom(...'{}[]",:\\ \u0000a1-.eEtn'.split(''), '\ud800'), maxLength: 100 }),
    ],
    ['an object with a hole in it', brokenObject()],
  ])('never throws, and accepts no less than JSON.parse does: %s', (_what, texts) => {
    fc.assert(
      fc.property(texts, (text) => {
        const scanned = scanJsonObject(text)
        const value = objectIn(text)
        if (value === undefined || depthOf(value) > MAX_JSON_DEPTH) return
        expect(scanned).toBeInstanceOf(JsonMembers)
        for (const [key, expected] of Object.entries(value)) {
          expect((scanned as JsonMembers).value(key)).toEqual(expected)
        }
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('the work of the scanner', () => {
  const hostile: Record<string, (size: number) => string> = {
    'one long string': (size) => `{"a":"${'x'.repeat(size)}"}`,
    'a string without an end': (size) => `{"a":"${'x'.repeat(size)}`,
    'nothing but escaped quotes': (size) => `{"a":"${'\\"'.repeat(size / 2)}"}`,
    'escaped quotes without an end': (size) => `{"a":"${'\\"'.repeat(size / 2)}`,
    'one long run of backslashes': (size) => `{"a":"${'\\'.repeat(size)}"}`,
    'runs of backslashes before each quote': (size) => `{"a":"${`${'\\'.repeat(99)}"`.repeat(size / 100)}"}`,
    'backslashes in an array': (size) => `{"a":["${'\\'.repeat(size)}","${'\\'.repeat(size)}`,
    'many empty strings': (size) => `{"a":[${'"",'.repeat(size / 3)}""]}`,
    'many members': (size) => `{${'"a":1,'.repeat(size / 6)}"a":1}`,
    'many escaped names': (size) => `{${'"\\u0061":1,'.repeat(size / 11)}"a":1}`,
    'one long name': (size) => `{"${'\\u0061'.repeat(size / 6)}":1}`,
    'white space': (size) =>
      `{${' '.repeat(size)}"a"${' '.repeat(size)}:${' '.repeat(size)}1${' '.repeat(size)}`,
    'one long number': (size) => `{"a":${'1'.repeat(size)}}`,
    'flat arrays': (size) => `{"a":[${'[],'.repeat(size / 3)}[]]}`,
    'brackets that never close': (size) => `{"a":${'['.repeat(size)}`,
    'garbage behind the end': (size) => `{}${'{"a":'.repeat(size / 5)}`,
  }

  it.each(Object.entries(hostile))('grows with the text and no faster: %s', (_what, make) => {
    const [small, large] = [make(6_600), make(13_200)]
    for (const scan of [scanJsonObject, isTooDeep]) {
      const [few, more] = [stepsFor(small, scan), stepsFor(large, scan)]
      expect(more).toBeLessThan(8 * large.length + 64)
      expect(more).toBeLessThanOrEqual(2.1 * few + 64)
    }
  })
})

/** How often the scanner looks at a unit of the text; copying and searching count every unit they pass. */
function stepsFor(text: string, scan: (text: string) => unknown): number {
  let steps = 0
  const counting = {
    length: text.length,
    charCodeAt: (at: number): number => {
      steps++
      return text.charCodeAt(at)
    },
    indexOf: (wanted: string, from: number): number => {
      const found = text.indexOf(wanted, from)
      steps += (found < 0 ? text.length : found + 1) - from
      return found
    },
    slice: (from: number, to: number): string => {
      steps += to - from
      return text.slice(from, to)
    },
  }
  scan(counting as unknown as string)
  return steps
}

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  return 1 + Math.max(0, ...Object.values(value).map(depthOf))
}

function objectIn(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** JSON of an object, from which something was cut out, or into which something was put. */
function brokenObject(): fc.Arbitrary<string> {
  const json = fc.json({ maxDepth: 4 }).map((text) => `{"a":${text},"b":[${text}]}`)
  return fc
    .tuple(json, fc.nat(), fc.nat(3), fc.constantFrom('', '"', '\\', '{', '}', '[', ']', ',', ':', ' '))
    .map(([text, at, cut, put]) => {
      const from = at % text.length
      return text.slice(0, from) + put + text.slice(from + cut)
    })
}
