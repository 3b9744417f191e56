import { native, plain, type Protocol } from '@fanfare/core'
import { describe, expect, it } from 'vitest'

import { accept, deferred, testGateway } from '../fakes/test-gateway.ts'

const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`

describe('the size of a message', () => {
  it('may be just the limit, in bytes, and not one more', async () => {
    const { gateway, visit } = testGateway({ maxMessageBytes: 64 })
    gateway.on('m', (_client, { data }) => data)
    const [ann, ben] = [await visit(), await visit()]
    // A euro sign is one character and three bytes.
    const message = (fill: string): string => `{"op":"call","id":1,"method":"m","data":"€${fill}"}`
    const full = message('x'.repeat(64 - message('').length - 2))
    expect(await ann.ask(full)).toEqual([{ op: 'ok', id: 1, data: expect.stringContaining('€xx') }])
    expect(await ben.ask(full.replace('x', 'xx'))).toEqual([{ op: 'bye', code: 'too-large', retry: true }])
    expect(ben.conn.closedWith).toEqual({ code: 1009, reason: 'too-large' })
    expect(ann.conn.open).toBe(true)
  })

  it('is limited for bytes too, and 512 KiB by default', async () => {
    const { gateway, visit } = testGateway({ protocols: { '/': plain() } })
    const sizes: number[] = []
    gateway.onMessage((_client, { text, binary }) => sizes.push(binary?.length ?? text.length))
    const [ann, ben, eve] = [await visit(), await visit(), await visit()]
    await ann.ask('x'.repeat(524_288), new Uint8Array(524_288))
    await ben.ask('x'.repeat(524_289))
    await eve.ask(new Uint8Array(524_289))
    expect(sizes).toEqual([524_288, 524_288])
    expect(ann.conn.open).toBe(true)
    for (const { conn } of [ben, eve]) expect(conn.closedWith).toEqual({ code: 1009, reason: 'too-large' })
  })

  it('is looked at before anything is decoded', async () => {
    const decoded: unknown[] = []
    const watching: Protocol = {
      ...native(),
      decode: (data) => {
        decoded.push(data)
        return []
      },
    }
    const { visit } = testGateway({ protocols: { '/': watching }, maxMessageBytes: 10 })
    const ann = await visit()
    await ann.ask('x'.repeat(10), 'x'.repeat(11), 'never looked at')
    expect(decoded).toEqual(['x'.repeat(10)])
  })
})

describe('the depth of JSON', () => {
  it('is 32 levels in a native frame, the frame itself being the first', async () => {
    const { gateway, visit, errors } = testGateway()
    gateway.on('m', (_client, { text, data }) => [text.length, JSON.stringify(data).length])
    const ann = await visit()
    expect(await ann.ask(`{"op":"call","id":1,"method":"m","data":${nested(31)}}`)).toEqual([
      { op: 'ok', id: 1, data: [62, 62] },
    ])
    expect(await ann.ask(`{"op":"call","id":1,"method":"m","data":${nested(32)}}`)).toEqual([
      { op: 'err', code: 'bad-frame', message: 'deeper than 32 levels' },
    ])
    expect(errors).toEqual([])
  })

  it('is limited for whatever a handler has parsed, whichever protocol brought it', async () => {
    const { gateway, visit, errors } = testGateway({ protocols: { '/': plain() } })
    const parsed: unknown[] = []
    const failed: unknown[] = []
    gateway.onMessage((_client, message) => {
      try {
        parsed.push(message.data)
      } catch (error) {
        failed.push(error)
        throw error
      }
    })
    const ann = await visit()
    await ann.ask(nested(32), `{"a":"${'['.repeat(99)}"}`, nested(33), nested(100_000), '{"a":'.repeat(40))
    expect(parsed).toHaveLength(2)
    expect(failed).toEqual([1, 2, 3].map(() => expect.objectContaining({ code: 'bad-frame' })))
    expect(errors).toEqual([])
  })
})

describe('data that is no JSON', () => {
  it('is the answer when a handler looks at it, and no error of the handler', async () => {
    const { gateway, visit, errors } = testGateway()
    gateway.on('look', (_client, { data }) => data).on('leave', (_client, { text }) => text)
    const ann = await visit()
    expect(
      await ann.ask(
        '{"op":"call","id":1,"method":"look","data":[1 2]}',
        '{"op":"call","id":2,"method":"leave","data":[1 2]}',
      ),
    ).toEqual([
      { op: 'err', id: 1, code: 'bad-frame', message: 'data is not JSON' },
      { op: 'ok', id: 2, data: '[1 2]' },
    ])
    expect(errors).toEqual([])
  })
})

describe('what waits while a handler is at work', () => {
  it('is 256 messages; one more ends the connection, and nobody else notices', async () => {
    const { gateway, visit } = testGateway()
    const work = deferred()
    let handled = 0
    gateway.on('work', () => work.promise).on('count', () => ++handled)
    const [ann, ben, eve] = [await visit(), await visit(), await visit()]
    for (const { conn } of [ann, ben]) conn.says({ op: 'call', method: 'work' })
    for (let sent = 0; sent < 256; sent++)
      for (const { conn } of [ann, ben]) conn.says({ op: 'call', method: 'count' })
    expect(await ann.ask({ op: 'call', method: 'count' })).toEqual([
      { op: 'bye', code: 'rate', retry: true, message: 'too many messages while one is being handled' },
    ])
    expect(ann.conn.closedWith?.code).toBe(4102)
    expect(await eve.ask({ op: 'ping' })).toEqual([{ op: 'pong' }])
    work.resolve()
    expect(await ben.heard()).toEqual([])
    expect(handled).toBe(256)
    expect(await ben.ask({ op: 'call', id: 1, method: 'count' })).toEqual([{ op: 'ok', id: 1, data: 257 }])
  })

  it('is a MiB of them, however few they are', async () => {
    const { gateway, visit } = testGateway()
    const work = deferred()
    const sizes: number[] = []
    gateway.on('work', () => work.promise).on('big', (_client, { text }) => sizes.push(text.length))
    const ann = await visit()
    const big = `{"op":"call","method":"big","data":"${'x'.repeat(400_000)}"}`
    await ann.ask({ op: 'call', method: 'work' }, big, big)
    expect(ann.conn.open).toBe(true)
    await ann.ask(big)
    expect(ann.conn.closedWith?.code).toBe(4102)
  })

  it('may be one message that is larger than that, where larger ones are allowed', async () => {
    const { gateway, visit } = testGateway({ maxMessageBytes: 4_000_000 })
    const work = deferred()
    const sizes: number[] = []
    gateway.on('work', () => work.promise).on('big', (_client, { text }) => sizes.push(text.length))
    const ann = await visit()
    await ann.ask(
      { op: 'call', method: 'work' },
      `{"op":"call","method":"big","data":"${'x'.repeat(3_000_000)}"}`,
    )
    expect(ann.conn.open).toBe(true)
    work.resolve()
    await ann.heard()
    expect(sizes).toEqual([3_000_002])
    // What was handled no longer counts.
    await ann.ask(`{"op":"call","method":"big","data":"${'x'.repeat(3_000_000)}"}`)
    expect(sizes).toHaveLength(2)
  })

  it('is no limit for those that are handled at once', async () => {
    const { gateway, visit } = testGateway()
    let handled = 0
    gateway.on('count', () => ++handled)
    const ann = await visit()
    await ann.ask(...Array.from({ length: 2_000 }, () => ({ op: 'call', method: 'count' })))
    expect(handled).toBe(2_000)
    expect(ann.conn.open).toBe(true)
  })
})

describe('a first message, where a protocol expects one', () => {
  const expecting: Protocol = { ...native(), traits: { ...native().traits, firstMessage: 'expected' } }

  it('is waited for 7 s, and not longer', async () => {
    const { visit, clock } = testGateway({ protocols: { '/': expecting } })
    const [ann, ben] = [await visit(), await visit()]
    clock.advance(6_900)
    await ann.ask({ op: 'ping' })
    clock.advance(200)
    expect(ann.conn.open).toBe(true)
    expect(await ben.heard()).toEqual([{ op: 'bye', code: 'auth-expected', retry: false }])
    expect(ben.conn.closedWith).toEqual({ code: 4009, reason: 'auth-expected' })
    clock.advance(60_000)
    expect(ann.conn.open).toBe(true)
  })

  it('is as long in coming as the option says', async () => {
    const { visit, clock } = testGateway({ protocols: { '/': expecting }, handshakeTimeoutMs: 1_000 })
    const ann = await visit()
    clock.advance(1_100)
    expect(ann.conn.open).toBe(false)
  })

  it('leaves no timer behind, however it ends', async () => {
    const { hub, clock, admit, visit } = testGateway({ protocols: { '/': expecting } })
    const gone = await visit()
    gone.conn.peerCloses()
    await gone.heard()
    expect(clock.timers).toBe(0)
    const speaking = await visit()
    await speaking.ask({ op: 'pong' })
    expect(clock.timers).toBe(0)
    const closed = await visit()
    closed.client.close()
    await closed.heard()
    expect(clock.timers).toBe(0)
    hub.on('connect', (client) => client.close())
    const ticket = await admit()
    if (!ticket.ok) throw new Error(ticket.message)
    accept(hub, ticket)
    await clock.settle()
    expect(clock.timers).toBe(0)
  })

  it('is not expected of those who need not say anything', async () => {
    const { visit, clock } = testGateway()
    const ann = await visit()
    clock.advance(600_000)
    expect(ann.conn.open).toBe(true)
    expect(clock.timers).toBe(0)
  })
})
