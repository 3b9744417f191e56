import { OptionError } from '@fanfare/core/contract'
import { afterEach, expect, test } from 'vitest'
import {
  authorizer,
  Broadcaster,
  broadcast,
  defaultBroadcaster,
  resetDefaults,
  setAuthorizer,
  setDefaultBroadcaster,
  setPresenceData,
} from '@fanfare/broadcasting'
import { RecordingDriver } from './recording-driver.ts'

const unset = expect.objectContaining({ code: 'no-default-broadcaster' })
const request = {
  channel: 'presence-a',
  type: 'presence',
  client: { id: '1.2', channels: [] },
  auth: 'ada',
  credentials: undefined,
} as const

afterEach(resetDefaults)

test('there is none until one is set, nor after a reset', async () => {
  setDefaultBroadcaster(new Broadcaster(new RecordingDriver()))
  resetDefaults()
  expect(() => defaultBroadcaster()).toThrow(unset)
  expect(() => broadcast.channel('a')).toThrow(unset)
  expect(() => broadcast.private('a')).toThrow(unset)
  expect(() => broadcast.presence('a')).toThrow(unset)
  await expect(broadcast.dispatch({ broadcastOn: () => 'a' })).rejects.toEqual(unset)
  expect(() => setAuthorizer(() => true)).toThrow(unset)
  expect(() => setPresenceData(() => 1)).toThrow(unset)
  await expect(authorizer()(request)).rejects.toEqual(unset)
})

test('broadcast sends through the one that is set, and through the next when that is replaced', async () => {
  const [first, second] = [new RecordingDriver(), new RecordingDriver()]
  const broadcaster = new Broadcaster(first)
  setDefaultBroadcaster(broadcaster)
  expect(defaultBroadcaster()).toBe(broadcaster)
  await broadcast.channel('a').private('b').toOthers('1.2').emit('e', 1)
  setDefaultBroadcaster(new Broadcaster(second))
  const { private: onPrivate, presence, dispatch } = broadcast
  await onPrivate('c').emit('e', 2)
  await presence('d').emit('e', 3)
  await dispatch({ broadcastOn: () => 'f', broadcastAs: () => 'e' }, { toOthers: '3.4' })
  expect(first.published.map(({ channel, except }) => [channel, except])).toEqual([
    ['a', ['1.2']],
    ['private-b', ['1.2']],
  ])
  expect(second.published.map(({ channel, except }) => [channel, except])).toEqual([
    ['private-c', undefined],
    ['presence-d', undefined],
    ['f', ['3.4']],
  ])
})

test('the authorizer can be had before there is a broadcaster', async () => {
  const authorize = authorizer()
  setDefaultBroadcaster(new Broadcaster(new RecordingDriver()))
  expect(await authorize(request)).toEqual({ allowed: false })
  setAuthorizer((channel, user) => channel === 'presence-a' && user === 'ada')
  expect(await authorize(request)).toEqual({ allowed: true })
  setPresenceData((_channel, user) => ({ id: user }))
  expect(await authorize(request)).toEqual({ allowed: true, member: { id: 'ada', info: { id: 'ada' } } })
})

test('takes nothing but a Broadcaster', () => {
  expect(() => setDefaultBroadcaster({} as Broadcaster)).toThrow(OptionError)
})
