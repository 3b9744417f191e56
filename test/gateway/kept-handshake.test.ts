import { Gateway, type GatewayClient, type GatewayOptions, OptionError } from '@fanfare/core'
import { dial, type MemoryConn, testGateway } from '@fanfare/core/testing'
import { describe, expect, it } from 'vitest'

const REQUEST = {
  path: '/',
  query: { room: '7', token: 'secret', note: 'a&b=c\nd ?é' },
  headers: {
    host: 'here',
    'user-agent': 'test/1',
    'x-tenant': 'acme',
    cookie: 'session=secret',
    authorization: 'Bearer secret',
    'proxy-authorization': 'Basic secret',
    upgrade: 'websocket',
  },
  subprotocols: ['fanfare.v1', 'token.secret'],
}

async function letIn(options: Omit<GatewayOptions, 'hub'> = {}, request: object = REQUEST) {
  const world = testGateway(options)
  let client: GatewayClient | undefined
  world.gateway.observe('connect', (one) => void (client = one))
  await dial(world.gateway, { ...REQUEST, ...request })
  await world.clock.settle()
  if (!client) throw new Error('nobody was let in')
  return { ...world, client, handshake: client.handshake }
}

describe('what is kept of a handshake', () => {
  it('is what the application may want to look at later', async () => {
    const { handshake } = await letIn()
    expect([handshake.path, handshake.transport, handshake.subprotocols]).toEqual([
      '/',
      'memory',
      ['fanfare.v1'],
    ])
    const { header, query } = handshake
    expect([header('host'), header('user-agent'), header('x-tenant')]).toEqual(['here', 'test/1', 'acme'])
    expect([query('room'), query('note'), query('other')]).toEqual(['7', REQUEST.query.note, undefined])
    expect([header('?room'), header('x-none'), header('host:h'), query('host')]).toEqual(
      Array(4).fill(undefined),
    )
  })

  it('is nothing that says who somebody is', async () => {
    const seen: unknown[] = []
    const authenticate: NonNullable<GatewayOptions['authenticate']> = ({ token, handshake }) => {
      seen.push(token, handshake.header('cookie'), handshake.query('token'))
      return { id: 'ann' }
    }
    const { handshake } = await letIn({ authenticate })
    expect(seen).toEqual(['secret', 'session=secret', 'secret'])
    for (const name of ['cookie', 'authorization', 'proxy-authorization', 'upgrade']) {
      expect(handshake.header(name)).toBe(undefined)
    }
    expect(handshake.query('token')).toBe(undefined)
    expect(JSON.stringify([handshake.subprotocols])).not.toContain('secret')
  })

  it('is everything until a client has said who it is, where that is done by a message', async () => {
    const seen: unknown[] = []
    const world = testGateway({
      authenticateAt: 'message',
      authenticate: ({ handshake }) => {
        seen.push(handshake.header('cookie'))
        return { id: 'ann' }
      },
    })
    const conn = await dial(world.gateway, REQUEST)
    conn.says({ op: 'auth', id: 1, token: 'x' })
    await world.clock.settle()
    expect(seen).toEqual(['session=secret'])
    const [client] = world.gateway.clients()
    expect(client?.handshake.header('cookie')).toBe(undefined)
    expect(client?.handshake.header('x-tenant')).toBe('acme')
  })

  it('has the secrets that are asked for', async () => {
    const { handshake } = await letIn({ keptHandshake: { secrets: ['cookie', 'token'] } })
    expect([handshake.header('cookie'), handshake.query('token')]).toEqual(['session=secret', 'secret'])
    expect(handshake.subprotocols).toEqual(REQUEST.subprotocols)
    expect(handshake.header('authorization')).toBe(undefined)
  })

  it('has a bound: what does not fit in is left out, and the rest is there', async () => {
    const headers = { 'x-long': 'x'.repeat(5_000), 'user-agent': 'test/1' }
    const { handshake } = await letIn({}, { headers })
    expect([handshake.header('x-long'), handshake.header('user-agent')]).toEqual([undefined, 'test/1'])
    const wide = await letIn({ keptHandshake: { bytes: 10_000 } }, { headers })
    expect(wide.handshake.header('x-long')).toBe(headers['x-long'])
    const none = await letIn({ keptHandshake: { bytes: 0 } })
    expect([none.handshake.header('host'), none.handshake.query('room')]).toEqual([undefined, undefined])
  })

  it('knows where a client connects from, however long the list of proxies is', async () => {
    const headers = { 'x-forwarded-for': `${'6.6.6.6, '.repeat(2_000)}1.1.1.1` }
    const { client } = await letIn({ trustedProxies: 1 }, { headers })
    expect(client.remoteAddress).toBe('1.1.1.1')
  })

  it('counts on the budget for state, until the client is gone', async () => {
    const world = testGateway({})
    const { state } = world.hub.budgets
    const conn = await dial(world.gateway, { headers: { 'x-long': 'x'.repeat(2_000) } })
    expect(state.used).toBeGreaterThan(3_000)
    expect(state.used).toBeLessThan(3_200)
    conn.peerCloses()
    expect(state.used).toBe(0)
  })

  it('counts as a whole as long as all of it is held', async () => {
    const world = testGateway({ authenticateAt: 'message', authenticate: () => ({ id: 'ann' }) })
    const { state } = world.hub.budgets
    const conn = await dial(world.gateway, { headers: { cookie: 'x'.repeat(15_000) } })
    expect(state.used).toBeGreaterThan(15_000)
    conn.says({ op: 'auth', id: 1, token: 'x' })
    await world.clock.settle()
    expect(state.used).toBeLessThan(1_200)
  })

  it('keeps newcomers out when there is no room for them, and none of those who are here', async () => {
    const world = testGateway({ hub: { budgets: { state: 100_000 } } })
    const conns: MemoryConn[] = []
    const come = async (bytes: number): Promise<void> => {
      conns.push(await dial(world.gateway, { headers: { 'x-tenant': 'x'.repeat(bytes) } }))
    }
    await expect(come(200_000)).rejects.toThrow('503')
    for (let at = 0; at < 49; at++) await come(1_000)
    await expect(come(1_000)).rejects.toThrow('503')
    expect([conns.length, conns.every(({ open }) => open)]).toEqual([49, true])
    conns[0]?.peerCloses()
    await come(1_000)
  })

  it.each([
    ['keptHandshake.bytes', { bytes: -1 }],
    ['keptHandshake.secrets', { secrets: ['cookies'] }],
    ['keptHandshake', { size: 1 }],
  ])('is refused when %s is wrong', (option, keptHandshake) => {
    const make = (): unknown => new Gateway({ keptHandshake: keptHandshake as never })
    expect(make).toThrow(OptionError)
    expect(make).toThrow(option)
  })
})
