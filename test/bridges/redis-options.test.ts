import { OptionError } from '@fanfare/core/contract'
import { redis, type RedisOptions } from '@fanfare/redis'
import { Redis } from 'ioredis'
import { describe, expect, it } from 'vitest'

import { redisSettings } from '../../bridges/redis/src/options.ts'
import { parseSlots } from '../../bridges/redis/src/topology.ts'

describe('what nodes announce', () => {
  it.each([
    ['an address', ['10.0.0.1', 7000, 'id'], undefined, { host: '10.0.0.1', port: 7000 }],
    ['no host', ['', 7000, 'id'], undefined, { host: 'asked', port: 7000 }],
    ['nothing', [null, 7000, 'id'], undefined, { host: 'asked', port: 7000 }],
    ['no name', ['?', 7000, 'id', ['ip', '10.0.0.9']], undefined, { host: '10.0.0.9', port: 7000 }],
    ['a mapped address', ['a', 7000, 'id'], { 'a:7000': { host: 'b', port: 1 } }, { host: 'b', port: 1 }],
    ['a computed address', ['a', 7000], () => ({ host: 'c', port: 2 }), { host: 'c', port: 2 }],
    ['an unmapped address', ['a', 7000], () => null, { host: 'a', port: 7000 }],
  ])('is understood: %s', (_what, node, natMap, address) => {
    const primaries = parseSlots(
      [
        [0, 99, node, ['replica', 1]],
        [200, 299, node],
      ],
      'asked',
      natMap,
    )
    expect(primaries).toEqual([
      {
        ...address,
        ranges: [
          [0, 99],
          [200, 299],
        ],
      },
    ])
  })
})

describe('options', () => {
  const client = new Redis({ lazyConnect: true })

  it.each([
    ['urll', { urll: 'redis://a' }, 'redis'],
    ['url', { url: 'http://user:hidden@host' }, 'url'],
    ['url', { url: 'redis://:hidden' }, 'url'],
    ['url', { url: 'user:hidden@host' }, 'url'],
    ['url', { url: 'redis://:hidden@host/first' }, 'url'],
    ['url', { url: 'redis://host?password=hidden' }, 'url'],
    ['url', { url: 'redis://:hidden%@host' }, 'url'],
    ['url', { url: 6379 }, 'url'],
    ['options', { options: 'hidden' }, 'options'],
    ['client', { client: {} }, 'client'],
    ['client', { client, url: 'redis://:hidden@host' }, 'client'],
    ['publisher', { publisher: 'redis://:hidden@host' }, 'publisher'],
    ['publisher', { publisher: { uri: 'redis://:hidden@host' } }, 'publisher'],
    ['publisher.url', { publisher: { url: 'hidden' } }, 'publisher.url'],
    ['sharded', { sharded: 'yes' }, 'sharded'],
    ['cluster', { cluster: [] }, 'cluster'],
    ['cluster', { cluster: 'redis://:hidden@host' }, 'cluster'],
    ['cluster', { cluster: [{ host: 'a', port: 1 }], url: 'redis://host' }, 'cluster'],
    ['cluster[1].port', { cluster: [{ host: 'a', port: 1 }, { host: 'b' }] }, 'cluster[1].port'],
    ['cluster[0].host', { cluster: [{ port: 1 }] }, 'cluster[0].host'],
  ])('that are wrong are refused, by name and without passwords: %s (%#)', (name, options, option) => {
    const failure = thrownBy(() => redis(options as RedisOptions))
    expect(failure).toBeInstanceOf(OptionError)
    expect(failure).toMatchObject({ option, message: expect.stringContaining(name) as string })
    expect(String(failure)).not.toContain('hidden')
  })

  it.each([
    ['redis://host', { host: 'host', port: 6379 }],
    ['redis://host:7000/3', { host: 'host', port: 7000, db: 3 }],
    [
      'rediss://us%40er:p%3Aw@host',
      { host: 'host', port: 6379, username: 'us@er', password: 'p:w', tls: {} },
    ],
    ['redis://:pw@[::1]:1', { host: '::1', port: 1, password: 'pw' }],
  ])('that are a URL say where and as whom: %s', (url, expected) => {
    expect(redisSettings({ url }).subscriber.places()).toEqual([expected])
  })

  it('are merged, the URL before the rest, and those of every driver are handed on', () => {
    const settings = redisSettings({
      url: 'rediss://host',
      options: { host: 'other', password: 'pw', tls: { servername: 'name' } },
      prefix: 'app',
    })
    expect(settings.subscriber.places()).toEqual([
      { host: 'host', port: 6379, password: 'pw', tls: { servername: 'name' } },
    ])
    expect(settings.bus).toEqual({ prefix: 'app' })
    expect(settings.publisher).toBe(settings.subscriber)
  })

  it('may be left out', () => {
    expect(redisSettings({}).subscriber.places()).toEqual([{ host: '127.0.0.1', port: 6379 }])
  })
})

function thrownBy(call: () => unknown): unknown {
  try {
    call()
  } catch (error) {
    return error
  }
  return undefined
}
