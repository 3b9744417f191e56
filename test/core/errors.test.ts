import {
  CancelledError,
  ChannelNameError,
  ClientError,
  FanfareError,
  Hub,
  HubClosedError,
  LimitError,
  OptionError,
  UnauthorizedError,
} from '@fanfare/core'
import { testHub } from '@fanfare/core/testing'
import { describe, expect, it } from 'vitest'

describe('an error', () => {
  it.each<[FanfareError, string, string]>([
    [new HubClosedError(), 'hub-closed', 'HubClosedError'],
    [new OptionError('port', 'a number', 'x'), 'bad-option', 'OptionError'],
    [new ChannelNameError('no'), 'bad-name', 'ChannelNameError'],
    [new UnauthorizedError('private-a'), 'unauthorized', 'UnauthorizedError'],
    [new LimitError('maxChannelsPerClient', 128), 'limit', 'LimitError'],
    [new CancelledError('gone'), 'cancelled', 'CancelledError'],
    [new ClientError('rate', 'too fast'), 'rate', 'ClientError'],
    [new FanfareError('timeout', 'too late'), 'timeout', 'FanfareError'],
  ])('has a stable code and a name: %s', (error, code, name) => {
    expect(error).toBeInstanceOf(FanfareError)
    expect(error).toBeInstanceOf(Error)
    expect([error.code, error.name]).toEqual([code, name])
    expect(error.message).not.toBe('')
  })

  it('keeps its cause', () => {
    const cause = new Error('database down')
    expect(new UnauthorizedError('private-a', { cause }).cause).toBe(cause)
    expect(new ClientError('internal', 'x', { cause }).cause).toBe(cause)
  })

  it.each([
    ['text', '"text"'],
    [7, '7'],
    [null, 'null'],
    [undefined, 'undefined'],
    [{}, 'an object'],
    [[], 'an array'],
    [() => 1, 'a function'],
  ])('about an option says what it got: %j', (got, described) => {
    expect(new OptionError('port', 'a number', got).message).toBe(`port takes a number, not ${described}`)
  })
})

describe('a wrong option', () => {
  it.each<[object, string]>([
    [{ outboks: {} }, 'new Hub'],
    [{ authorization: { timeoutMs: 0 } }, 'authorization.timeoutMs'],
    [{ authorization: { concurrent: -1 } }, 'authorization.concurrent'],
    [{ authorization: { pendingPerClient: 1.5 } }, 'authorization.pendingPerClient'],
    [{ authorization: { timeout: 5_000 } }, 'authorization'],
    [{ maxChannelsPerClient: 0 }, 'maxChannelsPerClient'],
    [{ writeTimeoutMs: '10' }, 'writeTimeoutMs'],
    [{ authorizer: {} }, 'authorizer'],
    [{ clientId: '1.1' }, 'clientId'],
  ])('is named: %j', (options, option) => {
    const make = (): unknown => new Hub(options)
    expect(make).toThrow(OptionError)
    expect(make).toThrow(expect.objectContaining({ code: 'bad-option', option }))
  })

  it('is not what is left undefined', () => {
    const options = { authorizer: undefined, outbox: undefined, slowConsumer: undefined, clientId: undefined }
    expect(new Hub({ ...options, outbox: { frames: undefined as never } }).count()).toBe(0)
  })
})

describe('what a client did wrong', () => {
  it('is an answer, not an error of the hub: nothing is thrown, reported or told as an error event', async () => {
    const { hub, clock, connect, reported } = testHub()
    const errors: unknown[] = []
    hub.on('error', (event) => errors.push(event))
    const { client, conn } = connect()
    void client.serve(() => {})
    for (const rubbish of ['', '{', '\0', '\ud800', new Uint8Array(3)]) conn.says(rubbish)
    client.session.closed(4242, 'x'.repeat(1_000))
    client.session.closed()
    client.session.receive('too late')
    await clock.settle()
    expect([errors, reported]).toEqual([[], []])
  })
})
