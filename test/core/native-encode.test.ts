import type { Broadcast, Unicast } from '@fanfare/core'
import { closeCode, native, Payload } from '@fanfare/core'
import { describe, expect, it } from 'vitest'
import { rosterOf } from '../contracts/protocol-samples.ts'

const protocol = native()
const ann = { id: 'ann', info: '{"name":"Ann"}' }
const seven = { id: 7 }

describe('what a native client is told', () => {
  it.each<[string, Unicast | Broadcast, string]>([
    [
      'open',
      { on: 'open', client: '1.2', heartbeatMs: 25_000 },
      '{"op":"welcome","v":1,"client":"1.2","heartbeat":25}',
    ],
    [
      'open',
      { on: 'open', client: '1.2', heartbeatMs: 1 },
      '{"op":"welcome","v":1,"client":"1.2","heartbeat":1}',
    ],
    ['authed', { on: 'authed', ref: 1, user: 'ann' }, '{"op":"ok","id":1,"user":"ann"}'],
    [
      'subscribed',
      { on: 'subscribed', ref: 2, channel: 'c', again: false },
      '{"op":"ok","id":2,"channel":"c"}',
    ],
    ['subscribed', { on: 'subscribed', channel: 'c', again: true }, '{"op":"ok","channel":"c"}'],
    [
      'subscribed',
      { on: 'subscribed', channel: 'c', again: false, me: seven, roster: rosterOf(ann, seven) },
      '{"op":"ok","channel":"c","me":{"id":7},"members":[{"id":"ann","info":{"name":"Ann"}},{"id":7}]}',
    ],
    ['unsubscribed', { on: 'unsubscribed', ref: 'x', channel: 'c' }, '{"op":"ok","id":"x","channel":"c"}'],
    ['unsubscribed', { on: 'unsubscribed', channel: 'c' }, '{"op":"unsub","channel":"c"}'],
    [
      'unsubscribed',
      { on: 'unsubscribed', channel: 'c', why: 'expired' },
      '{"op":"unsub","channel":"c","code":"expired"}',
    ],
    ['expiring', { on: 'expiring', channel: 'c', inMs: 500 }, '{"op":"expiring","channel":"c","in":500}'],
    [
      'failed',
      { on: 'failed', ref: 1, what: 'call', channel: 'c', why: 'rate', detail: 'a "b"', afterMs: 9 },
      '{"op":"err","id":1,"code":"rate","channel":"c","message":"a \\"b\\"","after":9}',
    ],
    ['failed', { on: 'failed', what: 'reject', why: 'bad-frame' }, '{"op":"err","code":"bad-frame"}'],
    ['reply', { on: 'reply', ref: 1, data: Payload.of({ a: 1 }) }, '{"op":"ok","id":1,"data":{"a":1}}'],
    ['reply', { on: 'reply', ref: 1, data: new Payload('1.0') }, '{"op":"ok","id":1,"data":1.0}'],
    ['reply', { on: 'reply', ref: 1 }, '{"op":"ok","id":1}'],
    [
      'members',
      { on: 'members', ref: 1, channel: 'c', roster: rosterOf() },
      '{"op":"ok","id":1,"channel":"c","members":[]}',
    ],
    [
      'ask',
      { on: 'ask', ref: 1, method: 'm', data: new Payload('[1]') },
      '{"op":"ask","id":1,"method":"m","data":[1]}',
    ],
    ['ping', { on: 'ping' }, '{"op":"ping"}'],
    ['pong', { on: 'pong' }, '{"op":"pong"}'],
    ['pong', { on: 'pong', ref: 'x' }, '{"op":"pong","id":"x"}'],
  ])('%s', (_on, event, frame) => {
    expect(protocol.unicast(event as Unicast, undefined)).toEqual([frame])
    expect(() => JSON.parse(frame) as unknown).not.toThrow()
  })

  it('is nothing when there is a reply that nobody asked for', () => {
    expect(protocol.unicast({ on: 'reply', data: Payload.of(1) }, undefined)).toEqual([])
  })

  it.each<[string, Broadcast, string | undefined]>([
    [
      'a message',
      { on: 'message', channel: 'c', event: 'e', data: new Payload('{"a": 1.0}') },
      '{"op":"msg","channel":"c","event":"e","data":{"a": 1.0}}',
    ],
    [
      'a direct one',
      { on: 'message', event: 'e', data: new Payload('1') },
      '{"op":"msg","event":"e","data":1}',
    ],
    [
      'one without a name',
      { on: 'message', channel: 'c', data: new Payload('null') },
      '{"op":"msg","channel":"c","event":"message","data":null}',
    ],
    [
      'one that is no JSON',
      { on: 'message', channel: 'c', data: new Payload('say "hi"') },
      '{"op":"msg","channel":"c","event":"message","data":"say \\"hi\\""}',
    ],
    [
      'an empty one',
      { on: 'message', channel: 'c', data: new Payload('') },
      '{"op":"msg","channel":"c","event":"message","data":""}',
    ],
    [
      'one with an origin',
      { on: 'message', channel: 'c', event: 'e', data: new Payload('1'), from: { client: '1.2', user: 'u' } },
      '{"op":"msg","channel":"c","event":"e","data":1,"from":{"client":"1.2","user":"u"}}',
    ],
    [
      'one with an empty origin',
      { on: 'message', channel: 'c', event: 'e', data: new Payload('1'), from: {}, id: 'm1' },
      '{"op":"msg","channel":"c","event":"e","data":1}',
    ],
    ['bytes', { on: 'message', channel: 'c', data: new Payload(new Uint8Array([1])) }, undefined],
    [
      'a join',
      { on: 'join', channel: 'c', member: ann },
      '{"op":"join","channel":"c","member":{"id":"ann","info":{"name":"Ann"}}}',
    ],
    [
      'a leave',
      { on: 'leave', channel: 'c', member: seven },
      '{"op":"leave","channel":"c","member":{"id":7}}',
    ],
    [
      'a roster',
      { on: 'roster', channel: 'c', roster: rosterOf(ann) },
      '{"op":"members","channel":"c","members":[{"id":"ann","info":{"name":"Ann"}}]}',
    ],
    [
      'a gap',
      { on: 'gap', channel: 'c', count: 3, reason: 'slow' },
      '{"op":"gap","channel":"c","count":3,"reason":"slow"}',
    ],
    [
      'a gap in direct messages',
      { on: 'gap', count: 1, reason: 'slow' },
      '{"op":"gap","count":1,"reason":"slow"}',
    ],
  ])('%s', (_what, event, frame) => {
    expect(protocol.broadcast(event)).toBe(frame)
  })
})

describe('the last words of a native connection', () => {
  it('say why, and whether to come back', () => {
    expect(protocol.bye('shutdown', undefined)).toEqual({
      frames: ['{"op":"bye","code":"shutdown","retry":true}'],
      code: 4200,
      reason: 'shutdown',
    })
    expect(protocol.bye('terminated', undefined, 'by "root"')).toEqual({
      frames: ['{"op":"bye","code":"terminated","retry":false,"message":"by \\"root\\""}'],
      code: 4011,
      reason: 'terminated',
    })
  })

  it('are not said when there is nothing to explain', () => {
    expect(protocol.bye('closed', undefined)).toEqual({
      frames: [],
      code: closeCode('closed'),
      reason: 'closed',
    })
  })
})
