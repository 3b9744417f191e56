import { describe, expect, it } from 'vitest'

import { type AllowedOrigins, originCheck } from '../../core/src/gateway/origins.ts'
import { handshake } from '../fakes/test-gateway.ts'

const LIST = ['https://app.test', 'http://localhost:3000', 'https://[2001:db8::1]:8443', 'app://bundle']

function allowed(option: AllowedOrigins, origin: string, host = 'app.test'): boolean {
  return originCheck(option, false)(handshake({ headers: { origin, host } }))
}

describe('an origin', () => {
  // What a page says of itself, the Host header, and whether it may connect: to its own origin, and by the list.
  it.each<[string, string, boolean, boolean]>([
    // The plain cases.
    ['https://app.test', 'app.test', true, true],
    ['http://app.test', 'app.test', true, false],
    ['https://other.test', 'app.test', false, false],
    ['https://other.test', 'other.test', true, false],
    // Letters.
    ['HTTPS://APP.TEST', 'app.test', true, true],
    ['https://app.test', 'APP.TEST', true, true],
    ['https://аpp.test', 'app.test', false, false],
    ['https://app。test', 'app.test', false, false],
    // Ports, said and left out.
    ['https://app.test:443', 'app.test', true, true],
    ['https://app.test', 'app.test:443', true, true],
    ['http://app.test:80', 'app.test:80', true, false],
    ['http://localhost:3000', 'localhost:3000', true, true],
    ['http://localhost:3001', 'localhost:3000', false, false],
    ['http://localhost', 'localhost:3000', false, false],
    ['http://localhost:3000', 'localhost', false, true],
    ['https://app.test:80', 'app.test', false, false],
    ['https://app.test:', 'app.test', false, false],
    ['https://app.test:0443', 'app.test', false, false],
    ['https://app.test:443443', 'app.test:443443', false, false],
    ['https://app.test:443a', 'app.test', false, false],
    // Names that begin or end like the right one.
    ['https://app.test.evil.test', 'app.test', false, false],
    ['https://evil-app.test', 'app.test', false, false],
    ['https://evilapp.test', 'app.test', false, false],
    ['https://sub.app.test', 'app.test', false, false],
    ['https://test', 'app.test', false, false],
    ['https://app.test.', 'app.test', false, false],
    ['https://app.test', 'app.test.', false, true],
    ['https://.app.test', 'app.test', false, false],
    ['https://app.test%00.evil.test', 'app.test', false, false],
    // Names that stand elsewhere in it.
    ['https://app.test@evil.test', 'app.test', false, false],
    ['https://evil.test@app.test', 'app.test', false, false],
    ['https://app.test:443@evil.test', 'app.test', false, false],
    ['https://evil.test/app.test', 'app.test', false, false],
    ['https://evil.test#app.test', 'app.test', false, false],
    ['https://evil.test?app.test', 'app.test', false, false],
    ['https://evil.test\\app.test', 'app.test', false, false],
    ['https://app.test\\@evil.test', 'app.test', false, false],
    ['https://app.test/', 'app.test', false, false],
    ['https://app.test//', 'app.test', false, false],
    // No origins at all.
    ['null', 'app.test', false, false],
    ['null', 'null', false, false],
    ['', 'app.test', false, false],
    [' ', 'app.test', false, false],
    ['*', 'app.test', false, false],
    ['app.test', 'app.test', false, false],
    ['//app.test', 'app.test', false, false],
    ['://app.test', 'app.test', false, false],
    ['https:app.test', 'app.test', false, false],
    ['https:///app.test', 'app.test', false, false],
    ['https://', '', false, false],
    ['file://', 'app.test', false, false],
    ['data:text/html,x', 'app.test', false, false],
    ['javascript:alert(1)', 'app.test', false, false],
    ['https://app.test https://evil.test', 'app.test', false, false],
    ['https://app.test, https://evil.test', 'app.test', false, false],
    ['https://app.test\t', 'app.test', false, false],
    [' https://app.test', 'app.test', false, false],
    ['https://app.test\r\nx: y', 'app.test', false, false],
    // Schemes of their own.
    ['app://bundle', 'app.test', false, true],
    ['app://bundle', 'bundle', false, true],
    ['app://bundle:1', 'bundle', false, false],
    ['chrome-extension://abcdef', 'app.test', false, false],
    // Addresses.
    ['http://127.0.0.1:6001', '127.0.0.1:6001', true, false],
    ['http://127.0.0.1:6001', 'localhost:6001', false, false],
    ['http://2130706433', '127.0.0.1', false, false],
    ['http://[::1]:6001', '[::1]:6001', true, false],
    ['http://[::1]', '[::1]', true, false],
    ['http://[::1]', '[::2]', false, false],
    ['http://::1', '::1', false, false],
    ['https://[2001:db8::1]:8443', 'app.test', false, true],
    ['https://[2001:DB8::1]:8443', '[2001:db8::1]:8443', true, true],
    ['https://[2001:db8::1]', '[2001:db8::1]:8443', false, false],
    ['http://[::1].evil.test', '[::1]', false, false],
    ['http://[::1', '[::1', false, false],
    // Hosts that are none, or say more than a host.
    ['https://app.test', '', false, true],
    ['https://app.test', 'user@app.test', false, true],
    ['https://app.test', 'app.test/path', false, true],
    ['https://app.test', 'app.test, evil.test', false, true],
    ['https://app.test', 'http://app.test', false, true],
    ['https://app.test', 'app.test:', false, true],
  ])('%j, with the host %j: same origin %s, in the list %s', (origin, host, same, listed) => {
    expect(allowed('same-origin', origin, host)).toBe(same)
    expect(allowed(LIST, origin, host)).toBe(listed)
  })

  it('is not asked of a request that has no host, nor of one that names another by a forwarding header', () => {
    const check = originCheck('same-origin', false)
    expect(check(handshake({ headers: { origin: 'https://app.test' } }))).toBe(false)
    const forged = { origin: 'https://evil.test', host: 'app.test', 'x-forwarded-host': 'evil.test' }
    expect(check(handshake({ headers: forged }))).toBe(false)
  })

  it('is allowed by an empty list to nobody', () => {
    expect(allowed([], 'https://app.test')).toBe(false)
  })

  it('of any length is judged at once', () => {
    for (const tail of ['a'.repeat(100_000), '.a'.repeat(50_000), ':1'.repeat(50_000), '@'.repeat(100_000)]) {
      const before = performance.now()
      allowed('same-origin', `https://${tail}`, tail)
      expect(performance.now() - before).toBeLessThan(1_000)
    }
  })
})
