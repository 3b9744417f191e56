import { ChannelNameError, classifyChannel, MAX_CHANNEL_NAME_BYTES } from '@fanfare/core'
import { testHub } from '@fanfare/core/testing'
import { describe, expect, it } from 'vitest'

const legal = [
  'a',
  'orders',
  'private-billing',
  'presence-room.7',
  'AZaz09_-=@,.;:/',
  'private-',
  '-',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'x'.repeat(200),
]

const illegal: [string, string][] = [
  ['the empty name', ''],
  ['a name of 201 characters', 'x'.repeat(201)],
  ['a space', 'a b'],
  ['a leading space', ' a'],
  ['a trailing line feed', 'a\n'],
  ['a NUL', 'a\0'],
  ['an escape character', 'a\u001b[2J'],
  ['DEL', 'a\u007f'],
  ['a lone high surrogate', 'a\ud800'],
  ['a lone low surrogate', '\udc00a'],
  ['an emoji', 'a\u{1f600}'],
  ['a letter that is not ASCII', 'b\u00fccher'],
  ['a letter that looks like an a', '\u0430dmin'],
  ['a zero-width space', 'a\u200b'],
  ['a byte-order mark', '\ufeffa'],
  ['a wildcard of Redis', 'orders*'],
  ['another wildcard of Redis', 'order?'],
  ['a character class of Redis', 'order[s]'],
  ['a wildcard of NATS', 'orders.>'],
  ['the hash of Pusher and MQTT', '#orders'],
  ['the plus of MQTT', 'a+b'],
  ['the dollar of NATS', '$SYS'],
  ['a quote', 'a"b'],
  ['a backslash', 'a\\b'],
  ['braces', 'a{b}'],
]

describe('a channel name', () => {
  it.each(legal)('may be %s', async (name) => {
    const { hub, clock, connect } = testHub({ authorizer: () => true })
    const { client, conn } = connect()
    await hub.subscribe(client, name)
    expect(hub.channels()).toEqual([name])
    hub.broadcast(name, 'x')
    clock.turn()
    expect(conn.received.at(-1)).toBe('x')
    hub.unsubscribe(client, name)
    expect(hub.channels()).toEqual([])
  })

  it.each(illegal)('has nothing to do with %s', async (_what, name) => {
    const { hub, connect } = testHub({ authorizer: () => true })
    const { client } = connect()
    await expect(hub.subscribe(client, name)).rejects.toThrow(ChannelNameError)
    await expect(hub.subscribe(client, `private-${name}${'x'.repeat(200)}`)).rejects.toThrow(ChannelNameError)
    expect(() => hub.broadcast(name, 'x')).toThrow(ChannelNameError)
    await expect(hub.publish({ channel: name, data: '1' })).rejects.toThrow(ChannelNameError)
    hub.deliver({ channel: name, data: 'x' })
    hub.unsubscribe(client, name)
    hub.gap(name)
    expect(hub.stats()).toMatchObject({ malformed: 1, channels: 0, pendingAuthorizations: 0 })
  })

  it.each([[7], [null], [undefined], [{ toString: () => 'orders' }], [['orders']]])(
    'is a string, not %j',
    async (name) => {
      const { hub, connect } = testHub()
      const { client } = connect()
      const outcome = hub.subscribe(client, name as never)
      await expect(outcome).rejects.toMatchObject({ name: 'ChannelNameError', code: 'bad-name' })
      expect(hub.channels()).toEqual([])
    },
  )

  it('has 200 bytes at most, and every character is one byte', () => {
    expect(MAX_CHANNEL_NAME_BYTES).toBe(200)
    for (const name of legal) expect(Buffer.byteLength(name)).toBe(name.length)
  })

  it('stands for itself alone: names that differ are channels that differ', async () => {
    const { hub, clock, connect } = testHub()
    const names = [
      'orders',
      'Orders',
      'orders.',
      'orders/',
      '/orders',
      'orders:',
      'x'.repeat(199),
      'x'.repeat(200),
    ]
    for (const name of names) {
      const { client } = connect()
      await hub.subscribe(client, name)
    }
    for (const name of names) hub.broadcast(name, name)
    clock.turn()
    expect(hub.channels()).toEqual(names)
    expect(names.map((name) => hub.channelCount(name))).toEqual(names.map(() => 1))
  })

  it('may be a name that objects have too, without anybody noticing', () => {
    const { hub, connect } = testHub()
    connect()
    for (const name of ['__proto__', 'constructor', 'toString']) {
      hub.broadcast(name, 'x')
      expect(hub.channelCount(name)).toBe(0)
      expect(hub.presence(name)).toBeUndefined()
      expect(hub.clients(name)).toEqual([])
      expect(hub.client(name)).toBeUndefined()
      expect(hub.sendTo(name, 'x')).toBe(false)
    }
  })
})

describe('the type of a channel', () => {
  it.each([
    ['orders', 'public'],
    ['private-billing', 'private'],
    ['presence-room.7', 'presence'],
    ['private-', 'private'],
    ['presence-', 'presence'],
    ['privateer', 'public'],
    ['presence', 'public'],
    ['private', 'public'],
    ['Private-x', 'public'],
    ['PRESENCE-x', 'public'],
    ['x-private-y', 'public'],
    ['private_x', 'public'],
    ['private-presence-x', 'private'],
  ])('is told by its prefix, the dash included: %s is %s', (name, type) => {
    expect(classifyChannel(name)).toBe(type)
  })
})
