import { Gateway, OptionError, type RateLimitOptions } from '@fanfare/core'
import { describe, expect, it } from 'vitest'

import { call, deferred, testGateway } from '../fakes/test-gateway.ts'

const OFF = { rate: 0, burst: 1 }
const ping = { op: 'ping' }
const pong = { op: 'pong' }
const rate = (after: number, more: object = {}): object => ({
  op: 'err',
  code: 'rate',
  message: 'too many messages',
  after,
  ...more,
})
const bye = { op: 'bye', code: 'rate', retry: true }

describe('the rate of messages', () => {
  const messages = { rate: 10, burst: 2 }

  it('is bounded: so many at once, so many per second', async () => {
    const { visit, clock } = testGateway({ rateLimit: { messages } })
    const ann = await visit()
    expect(await ann.ask(ping, ping, { op: 'sub', id: 7, channel: 'a' })).toEqual([
      pong,
      pong,
      rate(100, { id: 7, channel: 'a' }),
    ])
    clock.advance(40)
    expect(await ann.ask(ping)).toEqual([rate(60)])
    clock.advance(60)
    expect(await ann.ask(ping, ping)).toEqual([pong, rate(100)])
    clock.advance(60_000)
    expect(await ann.ask(ping, ping, ping)).toEqual([pong, pong, rate(100)])
  })

  it('is each client’s own', async () => {
    const { visit } = testGateway({ rateLimit: { messages } })
    const [ann, ben] = [await visit(), await visit()]
    await ann.ask(ping, ping, ping)
    expect(await ben.ask(ping)).toEqual([pong])
  })

  it.each([
    ['broken frames', 'nonsense'],
    ['greetings', { op: 'hello', v: 1 }],
    ['signs of life', pong],
    ['answers to nobody', { op: 'answer', id: 1 }],
  ])('counts messages of every kind: %s', async (_what, said) => {
    const { visit } = testGateway({ rateLimit: { messages: { rate: 1, burst: 1 } } })
    const ann = await visit()
    await ann.ask(said)
    expect(await ann.ask(said)).toMatchObject([{ op: 'err', code: 'rate', after: 1_000 }])
  })

  it('never lets through what came too fast', async () => {
    const { gateway, visit } = testGateway({ rateLimit: { messages: { rate: 1, burst: 1 } } })
    const seen: unknown[] = []
    gateway.on('say', (_client, { data }) => seen.push(data))
    const ann = await visit()
    await ann.ask(call(1, 'say', 1), call(2, 'say', 2))
    expect(seen).toEqual([1])
  })

  it('is as good as its word: who waits as long as it was told is let through', async () => {
    for (const limit of [0.3, 0.7, 3, 7, 30, 100, 333]) {
      const { visit, clock } = testGateway({ rateLimit: { messages: { rate: limit, burst: 1 }, strikes: 0 } })
      const ann = await visit()
      await ann.ask(ping)
      for (let round = 0; round < 20; round++) {
        const [refused] = (await ann.ask(ping)) as { after: number }[]
        // First a part of it, so that the bucket is filled in steps.
        clock.advance(Math.floor((refused?.after ?? 0) / 3))
        const [again] = (await ann.ask(ping)) as { after: number }[]
        clock.advance(again?.after ?? 0)
        expect(await ann.ask(ping)).toEqual([pong])
      }
    }
  })

  it('is no limit when it is 0', async () => {
    const { visit } = testGateway({ rateLimit: { messages: OFF } })
    const ann = await visit()
    expect(await ann.ask(...Array.from({ length: 500 }, () => ping))).toHaveLength(500)
  })
})

describe('the rate of subscribes', () => {
  it('is bounded beside that of messages', async () => {
    const rateLimit = { messages: { rate: 1, burst: 4 }, subscribes: { rate: 1, burst: 1 } }
    const { visit, clock } = testGateway({ rateLimit })
    const ann = await visit()
    const sub = (channel: string): object => ({ op: 'sub', channel })
    expect(await ann.ask(sub('a'), sub('b'), ping, { op: 'unsub', channel: 'a' })).toMatchObject([
      { op: 'ok', channel: 'a' },
      { op: 'err', code: 'rate', channel: 'b', after: 1_000 },
      pong,
      { op: 'unsub', channel: 'a' },
    ])
    expect(ann.client.channels).toEqual([])
    clock.advance(1_000)
    expect(await ann.ask(sub('b'))).toMatchObject([{ op: 'ok', channel: 'b' }])
  })
})

describe('whoever exceeds a limit', () => {
  it.each([1, 3])('is closed after %i strikes', async (strikes) => {
    const { gateway, visit, hub } = testGateway({
      rateLimit: { messages: { rate: 1, burst: 1 }, strikes },
    })
    const ann = await visit()
    const said = Array.from({ length: strikes + 3 }, () => ping)
    expect(await ann.ask(...said)).toEqual([pong, ...said.slice(3).map(() => rate(1_000)), bye])
    expect(ann.conn.closedWith).toEqual({ code: 4102, reason: 'rate' })
    expect(gateway.stats().refusals).toEqual({ rate: strikes })
    expect(hub.wheel.size).toBe(0)
  })

  it('is never closed when strikes are off', async () => {
    const { visit } = testGateway({ rateLimit: { messages: { rate: 1, burst: 1 }, strikes: 0 } })
    const ann = await visit()
    const answers = await ann.ask(...Array.from({ length: 30 }, () => ping))
    expect(answers.filter((said) => (said as { code?: string }).code === 'rate')).toHaveLength(29)
    expect(ann.conn.open).toBe(true)
  })

  it('is told so while a handler is at work', async () => {
    const work = deferred()
    const { gateway, visit } = testGateway({ rateLimit: { messages: { rate: 1, burst: 1 }, strikes: 1 } })
    gateway.on('work', () => work.promise)
    const ann = await visit()
    expect(await ann.ask(call(1, 'work'), ping)).toEqual([rate(1_000), bye])
    work.resolve()
    expect(await ann.heard()).toEqual([])
  })
})

describe('the rate of handshakes', () => {
  const from = (remoteAddress: string): object => ({ remoteAddress })

  it('is bounded per address, with a time to come back', async () => {
    const { admit, clock, gateway, hub } = testGateway({
      rateLimit: { handshakesPerAddress: { rate: 0.1, burst: 1 } },
    })
    expect(await admit(from('a'))).toMatchObject({ ok: true })
    expect(await admit(from('a'))).toEqual({
      ok: false,
      status: 429,
      headers: { 'retry-after': '10' },
      why: 'rate',
      message: 'too many handshakes',
    })
    expect(await admit(from('b'))).toMatchObject({ ok: true })
    clock.advance(10_000)
    expect(await admit(from('a'))).toMatchObject({ ok: true })
    expect(gateway.stats().refusals).toEqual({ rate: 1 })
    expect(hub.count()).toBe(0)
  })

  it('counts those behind a proxy by their own address', async () => {
    const { admit } = testGateway({
      trustedProxies: 1,
      rateLimit: { handshakesPerAddress: { rate: 1, burst: 1 } },
    })
    const by = (forwarded: string): object => ({ headers: { 'x-forwarded-for': forwarded } })
    expect(await admit(by('1.1.1.1'))).toMatchObject({ ok: true })
    expect(await admit(by('2.2.2.2'))).toMatchObject({ ok: true })
    expect(await admit(by('9.9.9.9, 1.1.1.1'))).toMatchObject({ status: 429 })
  })

  it('is bounded for the node; who is refused for its address takes nothing of that', async () => {
    const { admit } = testGateway({
      rateLimit: { handshakes: { rate: 1, burst: 2 }, handshakesPerAddress: { rate: 1, burst: 1 } },
    })
    expect(await admit(from('a'))).toMatchObject({ ok: true })
    for (let n = 0; n < 5; n++) expect(await admit(from('a'))).toMatchObject({ status: 429 })
    expect(await admit(from('b'))).toMatchObject({ ok: true })
    expect(await admit(from('c'))).toMatchObject({ status: 429, headers: { 'retry-after': '1' } })
  })

  it('asks nobody who it is beyond the bound', async () => {
    let asked = 0
    const { admit } = testGateway({
      authenticate: () => ({ id: String(++asked) }),
      rateLimit: { handshakes: { rate: 1, burst: 1 } },
    })
    await admit()
    await admit()
    expect(asked).toBe(1)
  })

  it('remembers 10,000 addresses, and forgets who came the longest time ago', async () => {
    const { admit, clock } = testGateway({
      rateLimit: { handshakesPerAddress: { rate: 0.001, burst: 1 } },
    })
    for (let n = 0; n < 10_000; n++) await admit(from(String(n)))
    expect(await admit(from('0'))).toMatchObject({ status: 429 })
    expect(await admit(from('new'))).toMatchObject({ ok: true })
    expect(await admit(from('9999'))).toMatchObject({ status: 429 })
    expect(await admit(from('0'))).toMatchObject({ status: 429 })
    expect(await admit(from('1'))).toMatchObject({ ok: true })
    expect(clock.timers).toBe(0)
  })

  const ONE = { handshakesPerAddress: { rate: 1, burst: 1 } }

  it.each([
    ['2001:db8:1:2::1', '2001:db8:1:2:ffff:ffff:ffff:ffff'],
    ['2001:db8:1:2::1', '2001:0DB8:0001:0002:0000:0000:0000:0009'],
    ['2001:db8:1:2::1', '2001:db8:1:2::1%eth0'],
    ['1.2.3.4', '::ffff:1.2.3.4'],
    ['1.2.3.4', '::FFFF:0102:0304'],
    ['1.2.3.4', '0:0:0:0:0:ffff:1.2.3.4'],
  ])('counts %s and %s as one', async (first, second) => {
    const { admit } = testGateway({ rateLimit: ONE })
    expect(await admit(from(first))).toMatchObject({ ok: true })
    expect(await admit(from(second))).toMatchObject({ status: 429 })
  })

  it.each([
    ['1.2.3.4', '1.2.3.4:4711'],
    ['1.2.3.4', '[::ffff:1.2.3.4]:80'],
    ['2001:db8::1', '[2001:db8::2]:4711'],
    ['2001:db8::1', '[2001:DB8::1]'],
  ])('counts %s and %s, as proxies write them, as one', async (first, second) => {
    const { admit } = testGateway({ trustedProxies: 1, rateLimit: ONE })
    const by = (forwarded: string): object => ({ headers: { 'x-forwarded-for': forwarded } })
    expect(await admit(by(first))).toMatchObject({ ok: true })
    expect(await admit(by(second))).toMatchObject({ status: 429 })
  })

  it('takes what is no address for the proxy itself', async () => {
    const { admit } = testGateway({ trustedProxies: 1, rateLimit: ONE })
    const by = (forwarded: string): object => ({ headers: { 'x-forwarded-for': forwarded } })
    expect(await admit(by('unknown'))).toMatchObject({ ok: true })
    for (const other of ['_hidden', '1.2.3', '1.2.3.256', '1::2::3', 'x'.repeat(10_000), '01.2.3.4']) {
      expect(await admit(by(other))).toMatchObject({ status: 429 })
    }
  })

  it('tells networks of IPv6 apart, by as many bits as it is told', async () => {
    const [first, second] = ['2001:db8:0:1::1', '2001:db8:0:2::1']
    const apart = testGateway({ rateLimit: ONE })
    expect(await apart.admit(from(first))).toMatchObject({ ok: true })
    expect(await apart.admit(from(second))).toMatchObject({ ok: true })
    const together = testGateway({ rateLimit: { ...ONE, ipv6Prefix: 48 } })
    expect(await together.admit(from(first))).toMatchObject({ ok: true })
    expect(await together.admit(from(second))).toMatchObject({ status: 429 })
    const each = testGateway({ rateLimit: { ...ONE, ipv6Prefix: 128 } })
    expect(await each.admit(from('2001:db8::1'))).toMatchObject({ ok: true })
    expect(await each.admit(from('2001:db8::2'))).toMatchObject({ ok: true })
    expect(await each.admit(from('2001:db8:0::2'))).toMatchObject({ status: 429 })
  })
})

describe('rate limits', () => {
  it.each<[string, object]>([
    ['rateLimit.messages.rate', { messages: { rate: -1, burst: 1 } }],
    ['rateLimit.subscribes.rate', { subscribes: { rate: Number.NaN, burst: 1 } }],
    ['rateLimit.handshakes.burst', { handshakes: { rate: 1, burst: 0 } }],
    ['rateLimit.handshakesPerAddress.burst', { handshakesPerAddress: { rate: 1, burst: 1.5 } }],
    ['rateLimit.ipv6Prefix', { ipv6Prefix: 0 }],
    ['rateLimit.ipv6Prefix', { ipv6Prefix: 129 }],
    ['rateLimit.strikes', { strikes: -1 }],
  ])('that make no sense are refused: %s', (option, rateLimit: RateLimitOptions) => {
    expect(() => new Gateway({ rateLimit })).toThrow(expect.objectContaining({ option }))
  })

  it('that do not exist are refused', () => {
    const rateLimit = { mesages: OFF } as RateLimitOptions
    expect(() => new Gateway({ rateLimit })).toThrow(OptionError)
  })
})
