import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { usualCall } from '../../core/src/protocols/native-call.ts'
import { decodeNative } from '../../core/src/protocols/native-decode.ts'

/** White space before a frame means nothing, but whoever writes it is not usual: the frame is scanned. */
const scanned = (text: string): unknown => decodeNative(` ${text}`)

const NESTED = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`

describe('a call as clients usually write it', () => {
  it.each([
    ['{"op":"call","method":"add","data":{"n":1}}', undefined, 'add', '{"n":1}'],
    ['{"op":"call","method":"add","data":{"n":1},"id":7}', 7, 'add', '{"n":1}'],
    ['{"op":"call","id":7,"method":"add","data":"x\\"}"}', 7, 'add', '"x\\"}"'],
    ['{"op":"call","id":0,"method":"","data":null}', 0, '', 'null'],
    ['{"op":"call","method":"ä😀","data":[[],{}],"id":999999999999999}', 999999999999999, 'ä😀', '[[],{}]'],
    ['{"op":"call","method":"add","data":tru}', undefined, 'add', 'tru'],
  ])('is read at once: %s', (text, ref, method, data) => {
    expect(usualCall(text)).toMatchObject({ do: 'call', method, data: { data } })
    expect(usualCall(text)).toHaveProperty('ref', ref)
    expect(decodeNative(text)).toEqual(scanned(text))
  })

  it.each([
    ['another verb', '{"op":"pub","channel":"a","event":"b","data":1}'],
    ['another order', '{"method":"add","op":"call","data":1}'],
    ['white space', '{"op":"call","method":"add","data": 1}'],
    ['white space at the end', '{"op":"call","method":"add","data":1} '],
    ['an escape in the method', '{"op":"call","method":"a\\u0064d","data":1}'],
    ['a control character in the method', '{"op":"call","method":"a\u0000d","data":1}'],
    ['another member', '{"op":"call","method":"add","data":1,"x":2}'],
    ['another op behind the data', '{"op":"call","method":"add","data":1,"op":"ping"}'],
    ['data twice', '{"op":"call","method":"add","data":1,"data":2}'],
    ['two ids', '{"op":"call","id":1,"method":"add","data":1,"id":2}'],
    ['a word as id', '{"op":"call","method":"add","data":1,"id":"w"}'],
    ['an id with a point', '{"op":"call","method":"add","data":1,"id":1.5}'],
    ['an id that is too great', '{"op":"call","method":"add","data":1,"id":9007199254740993}'],
    ['an id that is no number in JSON', '{"op":"call","method":"add","data":1,"id":01}'],
    ['no data', '{"op":"call","method":"add"}'],
    ['an empty place', '{"op":"call","method":"add","data":}'],
    ['no end', '{"op":"call","method":"add","data":1'],
    ['another end', '{"op":"call","method":"add","data":1]'],
    ['something behind it', '{"op":"call","method":"add","data":1}{}'],
    ['a string without an end', '{"op":"call","method":"add","data":"x}'],
    ['brackets that do not match', '{"op":"call","method":"add","data":[}}'],
    ['data that is too deep', `{"op":"call","method":"add","data":${NESTED(32)}}`],
  ])('is not: %s', (_what, text) => {
    expect(usualCall(text)).toBeUndefined()
    expect(decodeNative(text)).toEqual(scanned(text))
  })

  it('may be as deep as any other', () => {
    const text = `{"op":"call","method":"add","data":${NESTED(31)}}`
    expect(usualCall(text)).toBeDefined()
    expect(decodeNative(text)).toEqual(scanned(text))
  })

  it('means what it means to whoever scans it, whatever is cut out or put in', () => {
    const call = fc
      .record({ id: fc.oneof(fc.nat(), fc.constant(undefined)), method: fc.string(), data: fc.jsonValue() })
      .chain(({ id, method, data }) =>
        fc.constantFrom({ op: 'call', method, data, id }, { op: 'call', id, method, data }),
      )
    const put = fc.constantFrom('', ' ', '"', '\\', '{', '}', '[', ']', ',', ':', '0', '-', '\u0000', '}}')
    fc.assert(
      fc.property(call, fc.nat(), fc.nat(2), put, (frame, place, cut, piece) => {
        const whole = JSON.stringify(frame)
        const at = place % whole.length
        const text = whole.slice(0, at) + piece + whole.slice(at + cut)
        expect(decodeNative(text)).toEqual(scanned(text))
        expect(decodeNative(whole)).toEqual(scanned(whole))
      }),
      { numRuns: 3_000 },
    )
  })
})
