import type { AllowedOrigins, Gateway } from '@fanfare/core'
import { describe, expect, it } from 'vitest'

import { type HandshakeParts, handshake, testGateway } from '../fakes/test-gateway.ts'

type Outcome = 'admitted' | number

async function outcome(gateway: Gateway, parts: HandshakeParts): Promise<Outcome> {
  const admission = await gateway.admit(handshake(parts))
  return admission.ok ? 'admitted' : admission.status
}

async function originOutcome(
  allowedOrigins: AllowedOrigins,
  origin: string,
  host = 'app.test',
): Promise<Outcome> {
  const { gateway } = testGateway({ allowedOrigins })
  return outcome(gateway, { headers: { origin, host } })
}

describe('a web page', () => {
  it.each([
    ['https://app.test', 'app.test'],
    ['http://app.test', 'app.test'],
    ['https://APP.test', 'app.TEST'],
    ['https://app.test:443', 'app.test'],
    ['https://app.test', 'app.test:443'],
    ['http://localhost:6001', 'localhost:6001'],
    ['http://[::1]:6001', '[::1]:6001'],
    ['https://xn--bcher-kva.test', 'xn--bcher-kva.test'],
  ])('of %s may connect to %s: it is the same origin', async (origin, host) => {
    expect(await originOutcome('same-origin', origin, host)).toBe('admitted')
  })

  it.each([
    ['https://evil.test', 'app.test'],
    ['https://app.test.evil.test', 'app.test'],
    ['https://evilapp.test', 'app.test'],
    ['https://app.test:8443', 'app.test'],
    ['http://app.test:443', 'app.test'],
    ['https://app.test', 'app.test:8443'],
    ['https://app.test@evil.test', 'evil.test'],
    ['https://evil.test/app.test', 'app.test'],
    ['https://app.test/', 'app.test'],
    ['https://app.test?x', 'app.test'],
    ['https://app.test#x', 'app.test'],
    ['https://app.test\\evil.test', 'app.test'],
    ['https://app.test https://evil.test', 'app.test'],
    ['https://app.test, https://evil.test', 'app.test'],
    ['//app.test', 'app.test'],
    ['app.test', 'app.test'],
    ['null', 'null'],
    ['', 'app.test'],
    ['https://', ''],
    ['https://app.test', ''],
    ['https://app.test', 'user@app.test'],
    ['https://app.test.', 'app.test'],
    ['file://', 'app.test'],
    ['chrome-extension://app.test', 'app.test'],
    ['capacitor://localhost', 'localhost'],
  ])('of %s may not connect to %s', async (origin, host) => {
    expect(await originOutcome('same-origin', origin, host)).toBe(403)
  })

  it('is not found by a host that nobody sent', async () => {
    const { gateway } = testGateway()
    expect(await outcome(gateway, { headers: { origin: 'https://app.test' } })).toBe(403)
  })

  it.each<[Outcome, string]>([
    ['admitted', 'https://app.test'],
    ['admitted', 'https://app.test:443'],
    ['admitted', 'HTTPS://App.Test'],
    ['admitted', 'http://localhost:3000'],
    ['admitted', 'capacitor://localhost'],
    [403, 'http://app.test'],
    [403, 'https://app.test:444'],
    [403, 'https://sub.app.test'],
    [403, 'https://app.test.evil.test'],
    [403, 'http://localhost'],
    [403, 'null'],
    [403, ''],
  ])('is %s by a list when its origin is %j', async (expected, origin) => {
    const list = ['https://app.test', 'http://localhost:3000', 'capacitor://localhost']
    expect(await originOutcome(list, origin)).toBe(expected)
  })

  it('may be any when the list says so, even one without an origin of its own', async () => {
    expect(await originOutcome(['*'], 'https://evil.test')).toBe('admitted')
    expect(await originOutcome(['*'], 'null')).toBe('admitted')
  })

  it('is judged by a function, with the whole handshake', async () => {
    const seen: string[] = []
    const allow: AllowedOrigins = (origin, { path, header }) => {
      seen.push(`${origin} ${path} ${header('host') ?? ''}`)
      return origin === 'weird origin'
    }
    expect(await originOutcome(allow, 'weird origin')).toBe('admitted')
    expect(await originOutcome(allow, 'https://app.test')).toBe(403)
    expect(seen).toEqual(['weird origin / app.test', 'https://app.test / app.test'])
  })

  it('is refused by a function that throws, and the error is told', async () => {
    const { gateway, errors } = testGateway({
      allowedOrigins: () => {
        throw new Error('the list is gone')
      },
    })
    expect(await outcome(gateway, { headers: { origin: 'https://app.test' } })).toBe(403)
    expect(errors).toEqual([expect.objectContaining({ error: new Error('the list is gone') })])
  })

  it('is refused by a function that answers with anything but true, such as a promise', async () => {
    const late = (() => Promise.resolve(false)) as unknown as AllowedOrigins
    expect(await originOutcome(late, 'https://app.test')).toBe(403)
  })
})

describe('a program that sends no Origin', () => {
  it('may connect, unless an origin is required', async () => {
    expect(await outcome(testGateway().gateway, {})).toBe('admitted')
    expect(await outcome(testGateway({ allowedOrigins: ['https://app.test'] }).gateway, {})).toBe('admitted')
    expect(await outcome(testGateway({ requireOrigin: true }).gateway, {})).toBe(403)
    expect(await outcome(testGateway({ requireOrigin: true, allowedOrigins: ['*'] }).gateway, {})).toBe(403)
  })
})
