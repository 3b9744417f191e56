import { cookieOf, OneTimeTokens, tokenOf } from '@fanfare/core'
import { ManualClock, testPlatform } from '@fanfare/core/testing'
import { describe, expect, it } from 'vitest'

import { handshake, type HandshakeParts, testGateway } from '../fakes/test-gateway.ts'

const authorization = (value: string): HandshakeParts => ({ headers: { authorization: value } })

describe('the token of a handshake', () => {
  it.each<[string, HandshakeParts, string | undefined]>([
    ['the header', authorization('Bearer abc.def'), 'abc.def'],
    ['the header, however it is written', authorization('bearer  abc'), 'abc'],
    ['the query', { query: { token: 'abc' } }, 'abc'],
    ['a subprotocol', { subprotocols: ['x', 'token.a.b', 'token.c'] }, 'a.b'],
    ['the header first', { ...authorization('Bearer h'), query: { token: 'q' } }, 'h'],
    ['the query before a subprotocol', { query: { token: 'q' }, subprotocols: ['token.s'] }, 'q'],
    ['whatever is not empty', { query: { token: '' }, subprotocols: ['token.s'] }, 's'],
    ['nothing', {}, undefined],
    ['nothing that is empty', { query: { token: '' }, subprotocols: ['token.'] }, undefined],
    ['no other scheme', authorization('Basic YWJj'), undefined],
    ['nothing of two words', authorization('Bearer a b'), undefined],
  ])('is in %s', (_where, parts, token) => {
    expect(tokenOf(handshake(parts))).toBe(token)
  })
})

describe('a cookie of a handshake', () => {
  const cookies = handshake({ headers: { cookie: 'a=1; sid=x%20y=z ;bad=%zz; ; sid=second; empty=' } })

  it.each([
    ['a', '1'],
    ['sid', 'x y=z'],
    ['bad', '%zz'],
    ['empty', ''],
    ['si', undefined],
  ])('%j is %j', (name, value) => {
    expect(cookieOf(cookies, name)).toBe(value)
  })

  it('may not be there at all', () => {
    expect(cookieOf(handshake(), 'a')).toBeUndefined()
  })
})

describe('a one-time token', () => {
  function tokens(ttlMs?: number, most?: number): { clock: ManualClock; issued: OneTimeTokens<string> } {
    const clock = new ManualClock()
    return { clock, issued: new OneTimeTokens(testPlatform(clock), ttlMs, most) }
  }

  it('is good once', () => {
    const { issued } = tokens()
    const [ann, ben] = [issued.issue('ann'), issued.issue('ben')]
    expect(ann).toMatch(/^[0-9a-f]{32}$/)
    expect(ben).not.toBe(ann)
    expect(issued.redeem(ann)).toBe('ann')
    expect(issued.redeem(ann)).toBeUndefined()
    expect(issued.redeem(ben)).toBe('ben')
  })

  it('is good for its time, and not a moment longer', () => {
    const { clock, issued } = tokens(1_000)
    const [early, late] = [issued.issue('early'), issued.issue('late')]
    clock.advance(1_000)
    expect(issued.redeem(early)).toBe('early')
    clock.advance(1)
    expect(issued.redeem(late)).toBeUndefined()
  })

  it.each([undefined, '', 'constructor', '0'.repeat(32)])('is none: %j', (token) => {
    const { issued } = tokens()
    issued.issue('ann')
    expect(issued.redeem(token)).toBeUndefined()
  })

  it('is forgotten, the oldest first, when there are too many', () => {
    const { clock, issued } = tokens(1_000, 2)
    const [a, b, c] = [issued.issue('a'), issued.issue('b'), issued.issue('c')]
    expect([a, b, c].map((token) => issued.redeem(token))).toEqual([undefined, 'b', 'c'])
    expect(clock.timers).toBe(0)
  })

  it('lets a client in once', async () => {
    const { issued } = tokens()
    const { admit } = testGateway({
      authenticate: ({ token }) => {
        const id = issued.redeem(token)
        return id === undefined ? undefined : { id }
      },
    })
    const query = { token: issued.issue('ann') }
    expect(await admit({ query })).toMatchObject({ ok: true })
    expect(await admit({ query })).toMatchObject({ ok: false, status: 401 })
  })
})
