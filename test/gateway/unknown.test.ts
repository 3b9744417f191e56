import { Gateway, type OnUnknown, OptionError, plain } from '@fanfare/core'
import { describe, expect, it } from 'vitest'

import { call, testGateway } from '../fakes/test-gateway.ts'

describe('a message that nobody handles', () => {
  it('is answered, and counted', async () => {
    const { gateway, visit, errors } = testGateway()
    const ann = await visit()
    expect(await ann.ask(call(1, 'dance'), call(undefined, 'dance'))).toEqual([
      { op: 'err', id: 1, code: 'unknown', message: 'nobody here handles that' },
      { op: 'err', code: 'unknown', message: 'nobody here handles that' },
    ])
    expect(gateway.stats()).toMatchObject({ unknown: 2, refusals: { unknown: 2 } })
    expect(errors).toEqual([])
  })

  it('may be ignored, and is counted all the same', async () => {
    const { gateway, visit } = testGateway({ onUnknown: 'ignore' })
    const ann = await visit()
    expect(await ann.ask(call(1, 'dance'))).toEqual([])
    expect(gateway.stats()).toMatchObject({ unknown: 1, refusals: {} })
  })

  it('may go to a function, whose answer counts', async () => {
    const onUnknown: OnUnknown = ({ id }, { event, data }) => [id, event, data]
    const { gateway, visit } = testGateway({ onUnknown })
    gateway.on('known', () => 'known')
    const ann = await visit()
    expect(await ann.ask(call(1, 'dance', 'x'), call(2, 'known'))).toEqual([
      { op: 'ok', id: 1, data: [ann.client.id, 'dance', 'x'] },
      { op: 'ok', id: 2, data: 'known' },
    ])
    expect(gateway.stats().unknown).toBe(1)
  })

  it('leaks nothing when that function fails', async () => {
    const { gateway, visit, errors } = testGateway({
      onUnknown: async () => {
        throw new Error('password: hunter2')
      },
    })
    const ann = await visit()
    expect(await ann.ask(call(1, 'dance'))).toEqual([
      { op: 'err', id: 1, code: 'internal', message: 'something went wrong here' },
    ])
    expect(errors).toMatchObject([{ where: 'handler' }])
    expect(gateway.stats().handlerErrors).toBe(1)
  })

  it('is none when there is a catch-all', async () => {
    const { gateway, visit } = testGateway({ onUnknown: 'ignore' })
    gateway.onMessage(() => 'caught')
    const ann = await visit()
    expect(await ann.ask(call(1, 'dance'))).toEqual([{ op: 'ok', id: 1, data: 'caught' }])
    expect(gateway.stats().unknown).toBe(0)
  })

  it('is counted where the protocol has no word for it', async () => {
    const { gateway, visit } = testGateway({ protocols: { '/': plain() } })
    const ann = await visit()
    expect(await ann.ask('hello')).toEqual([])
    expect(gateway.stats().unknown).toBe(1)
  })

  it('is dealt with in one of the ways there are', () => {
    expect(() => new Gateway({ onUnknown: 'drop' as 'ignore' })).toThrow(OptionError)
  })
})
