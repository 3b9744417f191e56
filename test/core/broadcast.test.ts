import { ChannelNameError, FanfareError, type Message } from '@fanfare/core'
import { testHub } from '@fanfare/core/testing'
import { describe, expect, it } from 'vitest'

import { outspoken } from '../fakes/outspoken.ts'

/** A hub with three clients in `orders`, of whom the third is in `invoices` too. */
async function threeClients() {
  const { hub, clock, connect } = testHub()
  const clients = [connect(), connect(), connect()] as const
  for (const { client } of clients) await hub.subscribe(client, 'orders')
  await hub.subscribe(clients[2].client, 'invoices')
  const received = () => {
    clock.turn()
    return clients.map(({ conn }) => conn.received)
  }
  return { hub, connect, received, ids: clients.map(({ client }) => client.id) }
}

describe('broadcast', () => {
  it('reaches every subscriber of the channel and nobody else', async () => {
    const { hub, received } = await threeClients()
    hub.broadcast('orders', 'to three')
    hub.broadcast('invoices', 'to one')
    expect(received()).toEqual([['to three'], ['to three'], ['to three', 'to one']])
  })

  it('sends strings as text and bytes as bytes, untouched', async () => {
    const { hub, received } = await threeClients()
    const bytes = new Uint8Array([0, 255, 1])
    hub.broadcast('invoices', '{"a" : 1}')
    hub.broadcast('invoices', bytes)
    hub.broadcast('invoices', '')
    expect(received()[2]).toEqual(['{"a" : 1}', bytes, ''])
  })

  it('reaches several channels: a client in two of them gets it twice', async () => {
    const { hub, received } = await threeClients()
    hub.broadcast(['orders', 'invoices'], 'x')
    expect(received()).toEqual([['x'], ['x'], ['x', 'x']])
  })

  it('leaves out one client', async () => {
    const { hub, received, ids } = await threeClients()
    hub.broadcast('orders', 'x', { except: ids[1] })
    expect(received()).toEqual([['x'], [], ['x']])
  })

  it('leaves out several clients', async () => {
    const { hub, received, ids } = await threeClients()
    hub.broadcast('orders', 'x', { except: [ids[0]!, ids[2]!] })
    expect(received()).toEqual([[], ['x'], []])
  })

  it('leaves out nobody for an id that nobody has, or an empty list', async () => {
    const { hub, received, ids } = await threeClients()
    hub.broadcast('orders', '1', { except: 'nobody' })
    hub.broadcast('orders', '2', { except: [] })
    hub.broadcast('orders', '3', { except: ['nobody', ids[0]!] })
    expect(received()).toEqual([
      ['1', '2'],
      ['1', '2', '3'],
      ['1', '2', '3'],
    ])
  })

  it('does nothing on a channel that nobody is in', async () => {
    const { hub, received } = await threeClients()
    hub.broadcast('nowhere', 'x')
    expect(received()).toEqual([[], [], []])
    expect(hub.channels()).toEqual(['orders', 'invoices'])
  })

  it('sends nothing at all when one of several channel names is none', async () => {
    const { hub, received } = await threeClients()
    expect(() => hub.broadcast(['orders', 'no good'], 'x')).toThrow(ChannelNameError)
    expect(received()).toEqual([[], [], []])
  })

  it.each([[{ a: 1 }], [42], [null], [undefined], [[1, 2]]])(
    'refuses a payload that is neither text nor bytes: %j',
    async (payload) => {
      const { hub, received, ids } = await threeClients()
      const wrong = payload as never
      const refusal = expect.objectContaining({ code: 'bad-message' })
      expect(() => hub.broadcast('orders', wrong)).toThrow(refusal)
      expect(() => hub.sendTo(ids[0]!, wrong)).toThrow(refusal)
      expect(() => hub.client(ids[0]!)!.send(wrong)).toThrow(refusal)
      await expect(hub.publish({ channel: 'orders', data: wrong })).rejects.toThrow(refusal)
      expect(received()).toEqual([[], [], []])
    },
  )

  it('encodes a message once per protocol, whoever gets it', async () => {
    const { hub, clock, connect } = testHub()
    const loud = outspoken()
    const clients = [connect({ protocol: loud }), connect({ protocol: loud }), connect()]
    for (const { client } of clients) await hub.subscribe(client, 'orders')
    hub.broadcast('orders', 'x')
    clock.turn()
    expect(loud.encoded.broadcasts).toBe(1)
    const [first, second] = clients.map(({ conn }) => conn.batches.at(-1)!.frames.at(-1))
    expect(first).toBe(second)
  })

  it('encodes nothing for a protocol that nobody in the channel speaks any more', async () => {
    const { hub, connect } = testHub()
    const loud = outspoken()
    const speaker = connect({ protocol: loud })
    for (const { client } of [speaker, connect()]) await hub.subscribe(client, 'orders')
    hub.unsubscribe(speaker.client, 'orders')
    hub.broadcast('orders', 'x')
    expect(loud.encoded.broadcasts).toBe(0)
  })
})

describe('sendTo', () => {
  it('reaches one client alone and says whether there is such a client', async () => {
    const { hub, received, ids } = await threeClients()
    expect(hub.sendTo(ids[1]!, 'for you')).toBe(true)
    expect(hub.sendTo('nobody', 'for nobody')).toBe(false)
    expect(received()).toEqual([[], ['for you'], []])
  })

  it('says no once the client is gone', async () => {
    const { hub, ids } = await threeClients()
    hub.client(ids[0]!)!.close()
    expect(hub.sendTo(ids[0]!, 'x')).toBe(false)
  })
})

describe('client.send', () => {
  it('is the same, said to the client itself', () => {
    const { clock, connect } = testHub()
    const { client, conn } = connect()
    expect(client.send('hello')).toBe(true)
    expect(client.send(new Uint8Array([7]))).toBe(true)
    clock.turn()
    expect(conn.received).toEqual(['hello', new Uint8Array([7])])
  })

  it('says no, and counts the drop, once the client is gone', () => {
    const { clock, connect } = testHub()
    const { client, conn } = connect()
    client.close()
    expect(client.send('too late')).toBe(false)
    expect(client.drops).toBe(1)
    expect(client.dropCounts.closed).toBe(1)
    clock.turn()
    expect(conn.received).toEqual([])
  })
})

describe('publish', () => {
  it('delivers to this node when there is no relay, and leaves out whom it should', async () => {
    const { hub, received, ids } = await threeClients()
    await hub.publish({ channel: 'orders', event: 'paid', data: '{"id":7}', except: [ids[0]!] })
    expect(received()).toEqual([[], ['{"id":7}'], ['{"id":7}']])
  })

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['text', 'orders'],
    ['an event that is no text', { channel: 'orders', event: 7, data: '1' }],
    ['data that is no text', { channel: 'orders', data: { id: 7 } }],
    ['an except that is no list', { channel: 'orders', data: '1', except: '1.1' }],
    ['an except of numbers', { channel: 'orders', data: '1', except: [1.1] }],
    ['a key that is no text', { channel: 'orders', data: '1', key: 7 }],
  ])('rejects %s, which is no message', async (_what, message) => {
    const { hub, received } = await threeClients()
    const outcome = hub.publish(message as Message)
    await expect(outcome).rejects.toThrow(FanfareError)
    await expect(outcome).rejects.toMatchObject({ code: 'bad-message' })
    expect(received()).toEqual([[], [], []])
  })

  it('rejects a channel name that is none like everybody else does', async () => {
    const { hub } = testHub()
    await expect(hub.publish({ channel: 'no good', data: '1' })).rejects.toThrow(ChannelNameError)
  })
})

describe('deliver', () => {
  it('brings a message to the clients of this node, without asking any relay', async () => {
    const { hub, received, ids } = await threeClients()
    hub.deliver({ channel: 'orders', data: 'from afar', except: [ids[2]!] })
    expect(received()).toEqual([['from afar'], ['from afar'], []])
  })

  it('counts what is no message, and goes on', async () => {
    const { hub, received } = await threeClients()
    const rubbish = [null, 'text', { channel: '__proto__ ', data: 'x' }, { channel: 'orders', data: 1 }]
    for (const message of rubbish) hub.deliver(message as never)
    hub.deliver({ channel: 'orders', data: 'good' })
    expect(hub.stats().malformed).toBe(4)
    expect(received()).toEqual([['good'], ['good'], ['good']])
  })
})

describe('sendToMany', () => {
  it('reaches each of them once, encoded once per protocol, and says how many are here', () => {
    const { hub, clock, connect } = testHub()
    const loud = outspoken()
    const three = [connect({ protocol: loud }), connect({ protocol: loud }), connect()]
    const gone = connect()
    gone.client.close()
    const stranger = testHub().connect()
    const clients = [...three, gone, stranger].map(({ client }) => client)
    expect(hub.sendToMany(clients, 'x')).toBe(3)
    clock.turn()
    expect(three.map(({ conn }) => conn.received)).toEqual([['x'], ['x'], ['x']])
    expect(loud.encoded.broadcasts).toBe(1)
    expect(() => hub.sendToMany(clients, 7 as never)).toThrow(
      expect.objectContaining({ code: 'bad-message' }),
    )
  })
})
