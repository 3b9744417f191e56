import { native, plain } from '@fanfare/core'
import { expect, it } from 'vitest'

import { protocolContract, type ProtocolStand } from '../contracts/protocol.contract.ts'
import { broadcasterish } from '../fakes/broadcasterish.ts'
import { pusherish } from '../fakes/pusherish.ts'

const stands: ProtocolStand[] = [
  { protocol: plain(), json: true, wraps: false, speech: ['hello', '{"a":1}', new Uint8Array([1, 2])] },
  {
    protocol: native(),
    json: true,
    wraps: true,
    speech: [
      '{"op":"hello","v":1}',
      '{"op":"sub","id":1,"channel":"private-a","auth":{"token":"t"}}',
      '{"op":"unsub","channel":"orders"}',
      '{"op":"pub","id":"x","channel":"private-a","event":"e","data":{"a":[1.0,"]"]},"echo":true}',
      '{"op":"call","id":2,"method":"m","data":null}',
      '{"op":"who","id":3,"channel":"presence-room"}',
      '{"op":"ping","id":4}',
      '{"op":"pong"}',
    ],
  },
  {
    protocol: pusherish('key'),
    handshake: { path: '/app/key' },
    json: true,
    wraps: true,
    speech: [
      '{"event":"pusher:subscribe","data":{"auth":"","channel":"orders"}}',
      '{"event":"pusher:subscribe","data":{"auth":"k:s","channel":"presence-a","channel_data":"{\\"user_id\\":1}"}}',
      '{"event":"client-x","channel":"private-a","data":{"a":1.0}}',
      '{"event":"pusher:unsubscribe","data":{"channel":"orders"}}',
      '{"event":"pusher:ping","data":{}}',
      '{"event":"pusher:pong","data":{}}',
    ],
  },
  {
    protocol: broadcasterish(),
    json: true,
    wraps: true,
    speech: [
      '{"__type":"auth","token":"t"}',
      '{"__type":"subscribe","channel":"orders"}',
      '{"__type":"unsubscribe","channel":"orders"}',
      '{"__type":"ping"}',
    ],
  },
]

for (const stand of stands) protocolContract(stand.protocol.name, stand)

it('no two protocols have the same name', () => {
  const names = stands.map(({ protocol }) => protocol.name)
  expect(new Set(names).size).toBe(names.length)
})
