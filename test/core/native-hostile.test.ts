import type { Command } from '@fanfare/core'
import { native, Payload } from '@fanfare/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

const protocol = native()
const decode = (data: string | Uint8Array): readonly Command[] => protocol.decode(data, undefined)

/** Every verb, with members that are as they should be. */
const FRAMES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  hello: { v: '1' },
  sub: { channel: '"c"', auth: '"t"' },
  unsub: { channel: '"c"' },
  pub: { channel: '"c"', event: '"e"', data: '1', echo: 'true' },
  call: { method: '"m"', data: '1' },
  who: { channel: '"c"' },
  ping: {},
  pong: {},
}

/** Members without which a frame means nothing; all of them are strings. */
const REQUIRED = ['op', 'channel', 'event', 'method']

const HOSTILE: Readonly<Record<string, string>> = {
  null: 'null',
  'a number': '0',
  'a boolean': 'true',
  'a list': '["c"]',
  'an object': '{"toString":"c"}',
  'a prototype': '{"__proto__":{"op":"sub"}}',
  'no JSON': 'undefined',
  'a number that is none': 'NaN',
  'huge text': `"${'x'.repeat(500_000)}"`,
  'a huge list': `[${'0,'.repeat(100_000)}0]`,
  'a huge number': '9'.repeat(100_000),
}

/** The frame with these members instead of its own; `undefined` leaves one out. */
function frameOf(op: string, changes: Readonly<Record<string, string | undefined>>): string {
  const members = { op: JSON.stringify(op), id: '7', ...FRAMES[op], ...changes }
  const present = Object.entries(members).filter(([, value]) => value !== undefined)
  return `{${present.map(([name, value]) => `"${name}":${value ?? ''}`).join(',')}}`
}

const cases = Object.entries(FRAMES).flatMap(([op, members]) =>
  ['op', 'id', ...Object.keys(members)].map((name) => [op, name] as const),
)

describe('a hostile native frame', () => {
  it.each(cases)('%s without %s is rejected if it needs it, and is as good as ever if not', (op, name) => {
    const [command] = decode(frameOf(op, { [name]: undefined }))
    expect(command?.do === 'reject').toBe(REQUIRED.includes(name))
    expect(command).not.toMatchObject({ do: 'reject', ref: undefined })
  })

  describe.each(cases)('%s with a hostile %s', (op, name) => {
    it.each(Object.entries(HOSTILE))('%s', (what, value) => {
      const commands = decode(frameOf(op, { [name]: value }))
      const needed = REQUIRED.includes(name) && what !== 'huge text'
      const rejection = expect.objectContaining({ do: 'reject', why: 'bad-frame', ref: 7 }) as Command
      expect(commands).toEqual(needed ? [rejection] : commands)
      expect(commands.filter((command) => !isSound(command))).toEqual([])
    })
  })

  it('cannot pollute anything', () => {
    decode('{"__proto__":{"op":"ping"},"op":"sub","channel":"c","auth":{"__proto__":{"admin":true}}}')
    const [command] = decode('{"op":"sub","channel":"c","auth":{"__proto__":{"admin":true}}}')
    const { credentials } = command as { credentials: object }
    expect(Object.getPrototypeOf(credentials)).toBe(Object.prototype)
    expect('admin' in credentials).toBe(false)
    expect('admin' in {}).toBe(false)
    expect(decode('{"__proto__":{"op":"ping"}}')).toMatchObject([{ do: 'reject', why: 'bad-frame' }])
  })

  it('may be any text or bytes: it becomes at least one command, and all of them are sound', () => {
    const known = fc.constantFrom(...Object.keys(FRAMES).filter((op) => op !== 'hello'))
    const value = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom(...Object.values(HOSTILE).map(() => undefined), 'c', 1),
    )
    const almost = fc
      .record({ op: known, id: value, channel: value, event: value, method: value, data: value, auth: value })
      .map((frame) => JSON.stringify(frame))
    const anything = fc.oneof(fc.string({ unit: 'binary' }), fc.json(), almost, fc.uint8Array())
    fc.assert(
      fc.property(anything, (data) => {
        const commands = decode(data)
        expect(commands.length).toBeGreaterThan(0)
        expect(commands.filter((command) => !isSound(command))).toEqual([])
      }),
      { numRuns: 500 },
    )
  })
})

describe('whatever is published', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.json(),
    fc.constantFrom(
      '","op":"bye","x":"',
      '"}{"op":"bye"}',
      '{"op":"bye","code":"terminated"}',
      '\u2028',
      '\\',
      '"',
    ),
  )
  const origin = fc.option(
    fc.record({ client: fc.option(text, { nil: undefined }), user: fc.option(text, { nil: undefined }) }),
    {
      nil: undefined,
    },
  )

  it('is a msg, whose members are what was given', () => {
    fc.assert(
      fc.property(text, fc.option(text, { nil: undefined }), text, origin, (channel, event, data, from) => {
        const frame = protocol.broadcast({ on: 'message', channel, event, data: new Payload(data), from })
        const parsed = JSON.parse(frame as string) as Record<string, unknown>
        expect(parsed['op']).toBe('msg')
        expect(parsed['channel']).toBe(channel)
        expect(parsed['event']).toBe(event ?? 'message')
        expect(parsed['data']).toEqual(valueOf(data))
        expect((frame as string).match(/^\{"op":"msg"/g)).toHaveLength(1)
        expect(
          Object.keys(parsed).filter((name) => !['op', 'channel', 'event', 'data', 'from'].includes(name)),
        ).toEqual([])
      }),
      { numRuns: 300 },
    )
  })

  it('goes into the frame as it is when it is JSON', () => {
    fc.assert(
      fc.property(fc.json(), (data) => {
        const frame = protocol.broadcast({ on: 'message', channel: 'c', event: 'e', data: new Payload(data) })
        expect(frame).toBe(`{"op":"msg","channel":"c","event":"e","data":${data}}`)
      }),
    )
  })
})

/** What the gateway may rely on. */
function isSound(command: Command): boolean {
  const named = command as unknown as Record<string, unknown>
  const texts = ['channel', 'event', 'method', 'detail'].map((name) => named[name])
  const { ref } = named
  const echoes = ref === undefined || typeof ref === 'string' || Number.isFinite(ref)
  const relayable = command.do !== 'publish' || command.data.isJson
  return echoes && relayable && texts.every((text) => text === undefined || typeof text === 'string')
}

function valueOf(data: string): unknown {
  try {
    return JSON.parse(data)
  } catch {
    return data
  }
}
