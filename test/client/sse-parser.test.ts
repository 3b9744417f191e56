import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { SseParser } from '../../client/src/sse-parser.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

function eventsOf(...chunks: (string | Uint8Array)[]): [event: string, data: string][] {
  const events: [string, string][] = []
  const parser = new SseParser((event, data) => events.push([event, data]))
  for (const chunk of chunks) parser.push(typeof chunk === 'string' ? bytes(chunk) : chunk)
  return events
}

describe('the parser of server-sent events', () => {
  it.each([
    ['data: a\n\n', [['', 'a']]],
    ['data:a\n\n', [['', 'a']]],
    ['data:  a\n\n', [['', ' a']]],
    ['data: a\ndata: b\n\n', [['', 'a\nb']]],
    ['data\n\n', [['', '']]],
    ['data: \n\n', [['', '']]],
    ['data\ndata\n\n', [['', '\n']]],
    [
      'event: close\ndata: {}\n\ndata: x\n\n',
      [
        ['close', '{}'],
        ['', 'x'],
      ],
    ],
    ['event: x\n\n', []],
    ['event: x\n\ndata: y\n\n', [['', 'y']]],
    [': a comment\n:\n\ndata: a\n\n', [['', 'a']]],
    ['id: 7\nretry: 100\nfoo: bar\n__proto__: x\ndata: a\n\n', [['', 'a']]],
    [
      'data: a\r\rdata: b\r\n\r\ndata: c\n\n',
      [
        ['', 'a'],
        ['', 'b'],
        ['', 'c'],
      ],
    ],
    ['\uFEFFdata: a\n\n', [['', 'a']]],
    ['data: unfinished\n', []],
    ['\n\n\n', []],
  ])('%j', (text, events) => {
    expect(eventsOf(text)).toEqual(events)
  })

  it('goes on with what is no UTF-8', () => {
    expect(eventsOf(new Uint8Array([...bytes('data: a'), 0xff, 0xc3]), '\n\ndata: b\n\n')).toEqual([
      ['', 'a\uFFFD\uFFFD'],
      ['', 'b'],
    ])
  })

  it('hears the same wherever the bytes are cut', () => {
    const word = fc.constantFrom(
      'data: ',
      'data',
      'event: ',
      ':',
      '\r',
      '\n',
      '\r\n',
      '\n\n',
      '\r\r\n',
      'é',
      '👋',
      'a',
      '{"x":1}',
    )
    fc.assert(
      fc.property(
        fc.array(word, { maxLength: 30 }),
        fc.array(fc.nat(80), { maxLength: 12 }),
        (words, cuts) => {
          const all = bytes(words.join(''))
          const at = [...new Set([0, ...cuts.map((cut) => Math.min(cut, all.length)), all.length])].toSorted(
            (a, b) => a - b,
          )
          const chunks = at.map((from, n) => all.subarray(from, at[n + 1]))
          expect(eventsOf(...chunks)).toEqual(eventsOf(all))
        },
      ),
    )
  })

  it('takes an event of 4 Mi characters, and no longer one', () => {
    const piece = bytes('x'.repeat(65_536))
    const parser = new SseParser(() => {})
    expect(parser.push(bytes('data: '))).toBe(true)
    for (let at = 0; at < 63; at++) expect(parser.push(piece)).toBe(true)
    expect(parser.push(piece)).toBe(false)
  })

  it('nor one of many lines', () => {
    const parser = new SseParser(() => {})
    const lines = bytes('data: xxxxxxxxxx\n'.repeat(65_536))
    expect([1, 2, 3, 4, 5].map(() => parser.push(lines))).toEqual([true, true, true, true, false])
    expect(new SseParser(() => {}).push(bytes(':c\n'.repeat(10)))).toBe(true)
  })

  it('does not count one event towards the next, and comments not for ever', () => {
    const parser = new SseParser(() => {})
    const event = bytes(`data: ${'x'.repeat(1_000_000)}\n\n`)
    for (let at = 0; at < 10; at++) expect(parser.push(event)).toBe(true)
  })
})
