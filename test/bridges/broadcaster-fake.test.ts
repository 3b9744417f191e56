import { FanfareError, OptionError } from '@fanfare/core/contract'
import { describe, expect, test } from 'vitest'
import { fakeBroadcaster } from '@fanfare/broadcasting/testing'
import { Broadcaster } from '@fanfare/broadcasting'

describe('a fake broadcaster', () => {
  test('is a broadcaster, and keeps what was broadcast', async () => {
    const fake = fakeBroadcaster()
    expect(fake).toBeInstanceOf(Broadcaster)
    await fake
      .channel('a')
      .private('b')
      .toOthers('1.2')
      .emit('e', { at: new Date(0), left: undefined })
    await fake.dispatch({ broadcastOn: () => 'c', broadcastAs: () => 'f', broadcastWith: () => undefined })
    const data = { at: '1970-01-01T00:00:00.000Z' }
    expect(fake.events).toEqual([
      { channel: 'a', name: 'e', data, except: ['1.2'] },
      { channel: 'private-b', name: 'e', data, except: ['1.2'] },
      { channel: 'c', name: 'f', data: null, except: [] },
    ])
  })

  test('takes the options of a broadcaster', () => {
    expect(fakeBroadcaster({ hub: { clients: () => [{ id: '1.2' }] } }).clients('a')).toEqual(['1.2'])
    expect(() => fakeBroadcaster({ other: 1 } as object)).toThrow(OptionError)
  })

  test('passes what was broadcast', async () => {
    const fake = fakeBroadcaster()
    await fake.private('a').emit('e', { n: 1 })
    await fake.private('a').emit('e', { n: 2 })
    expect(() => fake.assertBroadcast('private-a')).not.toThrow()
    fake.assertBroadcast('private-a', 'e')
    fake.assertBroadcast('private-a', 'e', (data) => (data as { n: number }).n === 2)
    fake.assertBroadcast('private-a', 'e', (_data, { except }) => except.length === 0)
    fake.assertBroadcast('private-a', undefined, (data) => (data as { n: number }).n === 1)
    fake.assertBroadcastTimes('private-a', 'e', 2)
    fake.assertBroadcastTimes('private-a', 'f', 0)
    fake.assertNotBroadcast('a')
    fake.assertNotBroadcast('private-a', 'f')
    fake.assertNotBroadcast('private-a', 'e', (data) => (data as { n: number }).n === 3)
  })

  test('fails what was not, and lists what was', async () => {
    const fake = fakeBroadcaster()
    expect(() => fake.assertBroadcast('a')).toThrow(
      'expected a broadcast of any event on a, there was none; nothing was broadcast',
    )
    await fake.channel('a').toOthers('1.2').emit('e', { n: 1 })
    await fake.channel('b').emit('f', 'x')
    const list = 'broadcast:\n  e on a: {"n":1}, except 1.2\n  f on b: "x"'
    const failures: [() => void, string][] = [
      [() => fake.assertBroadcast('c'), 'expected a broadcast of any event on c, there was none'],
      [() => fake.assertBroadcast('a', 'f'), 'expected a broadcast of f on a, there was none'],
      [
        () => fake.assertBroadcast('a', 'e', () => false),
        'expected a broadcast of e on a with matching data, there was none',
      ],
      [() => fake.assertNotBroadcast('a'), 'expected no broadcast of any event on a, there were 1'],
      [() => fake.assertNotBroadcast('a', 'e'), 'expected no broadcast of e on a, there were 1'],
      [() => fake.assertNothingBroadcast(), 'expected no broadcast at all, there were 2'],
      [() => fake.assertBroadcastTimes('a', 'e', 2), 'expected 2 broadcasts of e on a, there were 1'],
    ]
    for (const [assertion, message] of failures) expect(assertion).toThrow(new Error(`${message}; ${list}`))
  })

  test('forgets', async () => {
    const fake = fakeBroadcaster()
    fake.assertNothingBroadcast()
    await fake.channel('a').emit('e', 1)
    const before = fake.events
    fake.clear()
    fake.assertNothingBroadcast()
    expect(before).toHaveLength(1)
  })

  test('fails when told to, until told otherwise', async () => {
    const fake = fakeBroadcaster()
    const error = new FanfareError('refused', 'no bus')
    fake.failWith(error)
    await expect(fake.channel('a').emit('e', 1)).rejects.toMatchObject({ code: 'refused', cause: error })
    fake.assertNothingBroadcast()
    fake.failWith(undefined)
    await fake.channel('a').emit('e', 1)
    fake.failWith(error)
    fake.clear()
    await fake.channel('a').emit('e', 1)
    fake.assertBroadcastTimes('a', 'e', 1)
  })
})
