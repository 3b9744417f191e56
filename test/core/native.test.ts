import { type Command, native, Payload } from '@fanfare/core'
import { describe, expect, it } from 'vitest'

const protocol = native()
const decode = (data: string | Uint8Array): readonly Command[] => protocol.decode(data, undefined)
const say = (message: object): readonly Command[] => decode(JSON.stringify(message))

describe('a native frame of a client', () => {
  it.each<[object, Command[]]>([
    [{ op: 'hello' }, []],
    [{ op: 'hello', v: 1, token: 'later' }, [{ do: 'auth', ref: undefined, credentials: 'later' }]],
    [{ op: 'sub', channel: 'orders' }, [{ do: 'subscribe', channel: 'orders' }]],
    [{ op: 'sub', id: 2, channel: 'orders' }, [{ do: 'subscribe', ref: 2, channel: 'orders' }]],
    [
      { op: 'sub', id: 'a', channel: 'private-a', auth: { token: 't' } },
      [{ do: 'subscribe', ref: 'a', channel: 'private-a', credentials: { token: 't' } }],
    ],
    [{ op: 'sub', channel: 'c', auth: null }, [{ do: 'subscribe', channel: 'c', credentials: null }]],
    [{ op: 'unsub', id: 0, channel: 'c' }, [{ do: 'unsubscribe', ref: 0, channel: 'c' }]],
    [{ op: 'who', id: '', channel: 'c' }, [{ do: 'members', ref: '', channel: 'c' }]],
    [{ op: 'ping' }, [{ do: 'ping' }]],
    [{ op: 'ping', id: -1.5 }, [{ do: 'ping', ref: -1.5 }]],
    [{ op: 'pong', id: 1 }, [{ do: 'pong' }]],
    [
      { op: 'call', id: 3, method: 'join', data: [1] },
      [{ do: 'call', ref: 3, method: 'join', data: new Payload('[1]') }],
    ],
    [{ op: 'call', method: '' }, [{ do: 'call', method: '', data: new Payload('null') }]],
    [
      { op: 'pub', id: 4, channel: 'private-a', event: 'typing', data: { on: true } },
      [
        {
          do: 'publish',
          ref: 4,
          channel: 'private-a',
          event: 'typing',
          data: json('{"on":true}'),
          echo: false,
        },
      ],
    ],
    [
      { op: 'pub', channel: 'c', event: 'e', echo: true },
      [{ do: 'publish', channel: 'c', event: 'e', data: json('null'), echo: true }],
    ],
    [
      { op: 'pub', channel: 'c', event: 'e', data: 1, echo: 'true' },
      [{ do: 'publish', channel: 'c', event: 'e', data: json('1'), echo: false }],
    ],
  ])('%j', (frame, commands) => {
    expect(say(frame)).toEqual(commands)
  })

  it('keeps its data byte for byte', () => {
    const data = '{"n" :1.0,  "e":1e5, "s":"\\u00e9","dup":1,"dup":2}'
    for (const frame of [
      `{"op":"call","method":"m","data":${data}}`,
      `{"data": ${data} ,"op":"pub","channel":"c","event":"e"}`,
    ]) {
      expect(decode(frame)).toEqual([expect.objectContaining({ data: expect.objectContaining({ data }) })])
    }
  })

  it('may have members that nobody knows, in any order, with any white space', () => {
    expect(decode(' { "x" : nonsense , "id" : 1 , "op" : "ping" } ')).toEqual([{ do: 'ping', ref: 1 }])
  })

  it.each<[string, string, Extract<Command, { do: 'reject' }>]>([
    ['bytes', '', { do: 'reject', why: 'bad-frame', detail: 'binary frames are not understood here' }],
    ['nothing', '', { do: 'reject', why: 'bad-frame', detail: 'not a JSON object' }],
    ['a list', '[]', { do: 'reject', why: 'bad-frame', detail: 'not a JSON object' }],
    ['too deep', `{"op":"call","method":"m","data":${'['.repeat(32)}${']'.repeat(32)}}`, deeper()],
    ['no op', '{"id":1}', { do: 'reject', ref: 1, why: 'bad-frame', detail: 'op is a string' }],
    [
      'a strange op',
      '{"op":"x","id":1}',
      { do: 'reject', ref: 1, why: 'unknown', detail: 'there is no such op' },
    ],
    ['an op of Object', '{"op":"toString"}', { do: 'reject', why: 'unknown', detail: 'there is no such op' }],
    [
      'no channel',
      '{"op":"sub","id":1}',
      { do: 'reject', ref: 1, why: 'bad-frame', detail: 'channel is a string' },
    ],
    ['no method', '{"op":"call"}', { do: 'reject', why: 'bad-frame', detail: 'method is a string' }],
    [
      'no event',
      '{"op":"pub","channel":"c"}',
      { do: 'reject', why: 'bad-frame', detail: 'event is a string' },
    ],
    [
      'data that is none',
      '{"op":"pub","channel":"c","event":"e","data":[1 2]}',
      { do: 'reject', why: 'bad-frame', detail: 'data is not JSON' },
    ],
    ['credentials that are none', '{"op":"sub","id":1,"channel":"c","auth":tru}', notJson(1)],
    ['a name that is none', '{"op":"sub","id":1,"channel":"a\nb"}', notJson(1)],
    [
      'another version',
      '{"op":"hello","id":1,"v":2}',
      { do: 'reject', ref: 1, why: 'bad-version', detail: 'this server speaks version 1', close: true },
    ],
  ])('with %s is rejected', (what, text, rejection) => {
    expect(decode(what === 'bytes' ? new Uint8Array([123, 125]) : text)).toEqual([rejection])
  })

  it.each(['1', '0', '-7', '1.5', '"a"', '""', '9007199254740991', `"${'x'.repeat(64)}"`])(
    'has its id %s echoed as it is',
    (id) => {
      const [command] = decode(`{"op":"ping","id":${id}}`)
      const [pong] = protocol.unicast(
        { on: 'pong', ref: (command as { ref?: string | number }).ref },
        undefined,
      )
      expect(pong).toBe(`{"op":"pong","id":${id}}`)
    },
  )

  it.each([
    'null',
    'true',
    '[1]',
    '{}',
    '1e999',
    '-1e999',
    '9007199254740993',
    '1e300',
    `"${'x'.repeat(65)}"`,
  ])('may not have the id %s, which could not be echoed as it is', (id) => {
    expect(decode(`{"op":"ping","id":${id}}`)).toEqual([
      {
        do: 'reject',
        ref: undefined,
        why: 'bad-frame',
        detail: 'id is a number below 2^53, or a string of at most 64 characters',
      },
    ])
  })
})

function json(text: string): Payload {
  const payload = new Payload(text)
  // A published payload was tested for being JSON, and remembers it.
  expect(payload.isJson).toBe(true)
  return payload
}

function notJson(ref: number): Extract<Command, { do: 'reject' }> {
  return { do: 'reject', ref, why: 'bad-frame', detail: 'not JSON' }
}

function deeper(): Extract<Command, { do: 'reject' }> {
  return { do: 'reject', why: 'bad-frame', detail: 'deeper than 32 levels' }
}
