import { Gateway, OptionError } from '@fanfare/core'
import { describe, expect, it } from 'vitest'

import { testGateway } from '../fakes/test-gateway.ts'

/** Where a gateway with so many proxies in front believes a client to be. */
async function believed(trustedProxies: number, forwarded: string | undefined): Promise<string | undefined> {
  const { gateway, visit } = testGateway({ trustedProxies })
  const headers: Record<string, string> = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }
  const ann = await visit({ headers, remoteAddress: '10.0.0.1' })
  return gateway.client(ann.client.id)?.remoteAddress
}

describe('the address of a client', () => {
  it.each<[number, string | undefined, string]>([
    [0, '1.1.1.1', '10.0.0.1'],
    [0, undefined, '10.0.0.1'],
    [1, '1.1.1.1', '1.1.1.1'],
    [1, '6.6.6.6, 1.1.1.1', '1.1.1.1'],
    [1, ' 6.6.6.6 ,  1.1.1.1 ', '1.1.1.1'],
    [1, '2001:db8::1', '2001:db8::1'],
    [2, '6.6.6.6, 1.1.1.1, 10.0.0.2', '1.1.1.1'],
    [2, '1.1.1.1,,10.0.0.2', '1.1.1.1'],
    [2, '10.0.0.2', '10.0.0.1'],
    [1, '', '10.0.0.1'],
    [1, ' , ', '10.0.0.1'],
    [1, undefined, '10.0.0.1'],
    [1, '1.1.1.1:4711', '1.1.1.1'],
    [1, '[2001:DB8:0:0::1]:4711', '2001:db8::1'],
    [1, '::ffff:1.1.1.1', '1.1.1.1'],
    [1, '1:0:0:2:0:0:0:3', '1:0:0:2::3'],
    [1, '::', '::'],
    [1, '1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
    [1, 'unknown', '10.0.0.1'],
    [1, '1.1.1.1, 300.1.1.1', '10.0.0.1'],
  ])('behind %i proxies that say %j is %s', async (hops, forwarded, expected) => {
    expect(await believed(hops, forwarded)).toBe(expected)
  })

  it.each([
    ['::ffff:10.0.0.7', '10.0.0.7'],
    ['::1', '::1'],
    ['fe80::1%eth0', 'fe80::1'],
    ['a pipe', 'a pipe'],
  ])('of the transport %s is %s', async (remoteAddress, expected) => {
    const { gateway, visit } = testGateway()
    const ann = await visit({ remoteAddress })
    expect(gateway.client(ann.client.id)?.remoteAddress).toBe(expected)
  })

  it('is not where a client says, however long it makes its list', async () => {
    expect(await believed(1, `${'6.6.6.6, '.repeat(1_000)}1.1.1.1`)).toBe('1.1.1.1')
  })

  it.each([-1, 1.5, Number.NaN])('needs a whole number of proxies, not %j', (trustedProxies) => {
    expect(() => new Gateway({ trustedProxies })).toThrow(OptionError)
  })
})
