import { RefusedError } from '@fanfare/broadcasting/driver'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { Cluster, Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'

import { RedisCluster } from '../support/redis-cluster.ts'
import { freePort } from '../support/free-port.ts'
import { RedisServer } from '../support/redis-server.ts'
import { Attempt, type Dialled, Wires } from '../support/redis-wires.ts'
import { TLS_CLIENT, TLS_SERVER } from '../support/tls-without-certificates.ts'
import { until } from '../support/until.ts'

const wires = new Wires()
afterEach(() => wires.cut())

/** For what leaves nothing behind; tests that do something to a server start their own. */
let server: RedisServer
beforeAll(async () => {
  server = await RedisServer.start()
})
afterAll(() => server.stop())

const servers: RedisServer[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map((one) => one.stop()))
})

async function ownServer(...args: string[]): Promise<RedisServer> {
  const one = await RedisServer.start({ args })
  servers.push(one)
  return one
}

describe('a wire to one server', () => {
  it.each([
    ['RESP3', {}],
    ['RESP2', { protocol: 2 as const }],
  ])('brings what is published to those who are subscribed (%s)', async (_name, options) => {
    const one = await wires.dial({ url: server.url, options })
    const other = await wires.dial({ url: server.url, options })
    await one.wire.subscribe(['t:c:a', 't:c:b'])
    await other.wire.subscribe(['t:c:b'])
    await other.wire.publish('t:c:a', 'first')
    await other.wire.publish('t:c:b', 'zwöltes ✓')
    await other.wire.publish('t:c:c', 'for nobody')
    await until(() => one.messages.length === 2 && other.messages.length === 1, 'the messages')
    expect(one.messages).toEqual([
      ['t:c:a', 'first'],
      ['t:c:b', 'zwöltes ✓'],
    ])
    expect(other.messages).toEqual([['t:c:b', 'zwöltes ✓']])
  })

  it('keeps the order of the calls, without waiting in between', async () => {
    const { wire, messages } = await wires.dial({ url: server.url })
    await wire.subscribe(['t:c:order'])
    const texts = Array.from({ length: 2_000 }, (_, n) => String(n))
    await Promise.all(texts.map((text) => wire.publish('t:c:order', text)))
    await until(() => messages.length === texts.length, 'all messages')
    expect(messages.map(([, text]) => text)).toEqual(texts)
  })

  it('brings nothing more after unsubscribing, and goes on with the rest', async () => {
    const { wire, messages } = await wires.dial({ url: server.url })
    await wire.subscribe(['t:c:gone', 't:c:stays'])
    await wire.unsubscribe(['t:c:gone'])
    await wire.publish('t:c:gone', 'nothing')
    await wire.publish('t:c:stays', 'something')
    await until(() => messages.length > 0, 'the message')
    expect(messages).toEqual([['t:c:stays', 'something']])
  })

  it('subscribes to more than one command takes', async () => {
    const { wire, messages } = await wires.dial({ url: server.url })
    const subjects = Array.from({ length: 2_500 }, (_, n) => `t:c:many-${String(n)}`)
    await wire.subscribe(subjects)
    for (const subject of subjects) void wire.publish(subject, 'x')
    await until(() => messages.length === subjects.length, 'a message of each')
    await wire.unsubscribe(subjects)
    expect(await server.command('PUBSUB', 'NUMSUB', subjects[0] ?? '')).toEqual([subjects[0], 0])
  })

  it('publishes to shards where that is asked for', async () => {
    const { wire, messages } = await wires.dial({ url: server.url, sharded: true })
    await wire.subscribe(['t:c:a', 't:c:b'])
    expect(await server.command('PUBSUB', 'SHARDCHANNELS', 't:c:*')).toHaveLength(2)
    await wire.publish('t:c:b', 'x')
    await until(() => messages.length === 1, 'the message')
    await wire.unsubscribe(['t:c:a'])
    expect(await server.command('PUBSUB', 'SHARDCHANNELS', 't:c:*')).toEqual(['t:c:b'])
  })

  it('needs one beat', async () => {
    const { wire } = await wires.dial({ url: server.url })
    expect(wire.beatSubjects((n) => `t:beat:${String(n)}`)).toEqual(['t:beat:0'])
  })

  it('publishes what is under way before it is closed, and reports nothing', async () => {
    const listener = await wires.dial({ url: server.url })
    const { wire, losses } = await wires.dial({ url: server.url })
    await listener.wire.subscribe(['t:c:last'])
    const published = Array.from({ length: 100 }, (_, n) => wire.publish('t:c:last', String(n)))
    await wire.close()
    await expect(Promise.all(published)).resolves.toHaveLength(100)
    await until(() => listener.messages.length === 100, 'what was published')
    expect(losses).toEqual([])
    await expect(wire.publish('t:c:last', 'late')).rejects.not.toBeInstanceOf(RefusedError)
  })
})

describe('what a server refuses', () => {
  it('is refused, and says why', async () => {
    const strict = await ownServer()
    await strict.command('ACL', 'SETUSER', 'reader', 'on', '>secret', '+@all', '-publish', 'allchannels')
    const { wire, losses } = await wires.dial({
      url: strict.url.replace('//', '//reader:secret@'),
    })
    await expect(wire.publish('t:c:a', 'x')).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('NOPERM') as string,
    })
    await wire.subscribe(['t:c:a'])
    expect(losses).toEqual([])
  })

  it('is refused on another connection as well', async () => {
    const strict = await ownServer()
    await strict.command('ACL', 'SETUSER', 'writer', 'on', '>secret', '+@all', '-subscribe', 'allchannels')
    const { wire, messages } = await wires.dial({
      url: strict.url,
      publisher: { url: strict.url.replace('//', '//writer:secret@') },
    })
    await wire.subscribe(['t:c:a'])
    await wire.publish('t:c:a', 'x')
    await until(() => messages.length === 1, 'the message')
    const mute = await wires.dial({ url: strict.url.replace('//', '//writer:secret@') })
    await expect(mute.wire.subscribe(['t:c:a'])).rejects.toThrow('NOPERM')
  })

  it('is one subscription, and none of the others', async () => {
    const strict = await ownServer()
    await strict.command('ACL', 'SETUSER', 'guest', 'on', '>secret', '+@all', '&t:c:open*', '&t:b:*')
    const { wire, messages, losses } = await wires.dial({ url: strict.url.replace('//', '//guest:secret@') })
    await expect(wire.subscribe(['t:c:open.1', 't:c:shut'])).rejects.toMatchObject({ code: 'refused' })
    await wire.subscribe(['t:c:open.1'])
    await wire.publish('t:c:open.1', 'x')
    await until(() => messages.length === 1, 'the message')
    expect(losses).toEqual([])
  })
})

describe('a wire that is lost', () => {
  it('says so once, and nobody knows of what was under way', async () => {
    const own = await ownServer()
    const { wire, losses } = await wires.dial({ url: own.url })
    await wire.subscribe(['t:c:a'])
    own.pause()
    const published = wire.publish('t:c:a', 'x')
    await Promise.all([own.kill(), expect(published).rejects.not.toBeInstanceOf(RefusedError)])
    await until(() => losses.length > 0, 'the loss')
    await expect(wire.publish('t:c:a', 'x')).rejects.not.toBeInstanceOf(RefusedError)
    await wire.close()
    expect(losses).toHaveLength(1)
    expect(losses[0]).toBeInstanceOf(Error)
  })

  it.each(['normal', 'pubsub'])('is lost with any of its connections (%s)', async (type) => {
    const own = await ownServer()
    const { wire, losses } = await wires.dial({ url: own.url, options: { protocol: 2 } })
    await wire.subscribe(['t:c:a'])
    await own.command('CLIENT', 'KILL', 'TYPE', type, 'SKIPME', 'yes')
    await until(() => losses.length > 0, 'the loss')
    expect(losses).toHaveLength(1)
  })

  it('is not lost when it is cut', async () => {
    const own = await ownServer()
    const { wire, losses, messages } = await wires.dial({ url: own.url })
    await wire.subscribe(['t:c:a'])
    wire.cut()
    wire.cut()
    await eventually(async () => (await clients(own)) === 0)
    await own.kill()
    expect([losses, messages]).toEqual([[], []])
  })

  it('is closed without a server that answers', async () => {
    const own = await ownServer()
    const { wire, losses } = await wires.dial({ url: own.url })
    own.pause()
    await wire.close()
    expect(losses).toEqual([])
  })

  it('is made anew by the same driver when the server is back', async () => {
    const own = await ownServer()
    const dial = wires.dialler({ url: own.url })
    const first = await dial()
    await own.kill()
    await until(() => first.losses.length === 1, 'the loss')
    await expect(dial()).rejects.toThrow(/cannot connect to 127\.0\.0\.1:\d+: .*ECONNREFUSED/)
    await own.restart()
    const { wire, messages } = await dial()
    await wire.subscribe(['t:c:a'])
    await wire.publish('t:c:a', 'back')
    await until(() => messages.length === 1, 'the message')
  })
})

describe('an attempt', () => {
  it('to reach a server that does not answer can be given up', async () => {
    const own = await ownServer()
    own.pause()
    const attempt = new Attempt()
    const dialled = wires.dial({ url: own.url }, attempt)
    const failure = dialled.catch(String)
    attempt.abandon()
    expect(await failure).toContain('given up')
    own.resume()
    await eventually(async () => (await clients(own)) === 0)
  })

  it('fails, without the password, when it is wrong', async () => {
    const own = await ownServer('--requirepass', 'right-one')
    const failure = await wires.dial({ url: own.url.replace('//', '//:wrong-one@') }).catch((e: unknown) => e)
    expect(failure).toMatchObject({ message: expect.stringContaining('WRONGPASS') as string })
    expect(JSON.stringify(allOf(failure))).not.toContain('wrong-one')
    await expect(wires.dial({ url: own.url })).rejects.toThrow('NOAUTH')
    await wires.dial({ url: own.url.replace('//', '//:right-one@') })
    await wires.dial({ url: own.url, options: { password: 'right-one' } })
  })

  it('waits for a server that still reads its data', async () => {
    const own = await ownServer('--key-load-delay', '500', '--loading-process-events-interval-bytes', '1024')
    await own.command('EVAL', "for i = 1, 3000 do redis.call('SET', i, i) end", 0)
    await own.command('SAVE')
    const restarted = own.restart()
    await eventually(async () => String(await own.command('PING').catch(String)).includes('LOADING'))
    await wires.dial({ url: own.url })
    expect(await own.command('PING')).toBe('PONG')
    await restarted
  })
})

describe('TLS', () => {
  it('is spoken to rediss://, with the options given for it', async () => {
    const port = await proxied(createTlsServer(TLS_SERVER, (socket) => pipe(socket, server.port)))
    const url = `rediss://127.0.0.1:${String(port)}`
    const { wire, messages } = await wires.dial({ url, options: { tls: TLS_CLIENT as object } })
    await wire.subscribe(['t:c:a'])
    await wire.publish('t:c:a', 'sealed')
    await until(() => messages.length === 1, 'the message')
    await expect(wires.dial({ url: url.replace('rediss', 'redis') })).rejects.toThrow('cannot connect')
  })
})

describe("a client of one's own", () => {
  it('lends its settings, and is left as it is', async () => {
    const own = await ownServer('--requirepass', 'pw')
    const client = new Redis({ port: own.port, host: '127.0.0.1', password: 'pw', keyPrefix: 'mine:' })
    try {
      await client.set('key', 'value')
      const { wire, messages } = await wires.dial({ client })
      await wire.subscribe(['t:c:a'])
      await wire.publish('t:c:a', 'x')
      await until(() => messages.length === 1, 'the message')
      await wire.close()
      expect(messages).toEqual([['t:c:a', 'x']])
      expect(client.mode).toBe('normal')
      expect(await client.get('key')).toBe('value')
    } finally {
      client.disconnect()
    }
  })
})

describe('a wire to a cluster', () => {
  let cluster: RedisCluster
  beforeAll(async () => {
    cluster = await RedisCluster.start()
  })
  afterAll(() => cluster.stop())

  const subjects = Array.from({ length: 60 }, (_, n) => `t:c:channel-${String(n)}`)

  /** Resolves with the subjects whose messages came: it should be all. */
  async function worksEverywhere({ wire, messages, losses }: Dialled): Promise<string[]> {
    await wire.subscribe(subjects)
    await Promise.all(subjects.map((subject) => wire.publish(subject, `to ${subject}`)))
    await until(() => messages.length === subjects.length, 'a message of each')
    expect(new Map(messages)).toEqual(new Map(subjects.map((subject) => [subject, `to ${subject}`])))
    expect(losses).toEqual([])
    return messages.map(([subject]) => subject)
  }

  it('has every primary do its part, when told of a single one', async () => {
    const dialled = await wires.dial({ url: cluster.nodes[0]?.url })
    await worksEverywhere(dialled)
    expect((await shardChannels()).every((count) => count > 0)).toBe(true)
    expect((await shardChannels()).reduce((sum, count) => sum + count)).toBe(subjects.length)
    await dialled.wire.unsubscribe(subjects)
    expect(await shardChannels()).toEqual([0, 0, 0])
  })

  it('finds it by RESP2 as well', async () => {
    const dialled = await wires.dial({ url: cluster.nodes[2]?.url, options: { protocol: 2 } })
    expect(await worksEverywhere(dialled)).toHaveLength(subjects.length)
  })

  it('begins with any node that answers', async () => {
    const dead = { host: '127.0.0.1', port: await freePort() }
    const mute = await proxied(createServer(() => {}))
    const nodes = [dead, { host: '127.0.0.1', port: mute }, ...cluster.addresses.slice(1, 2)]
    await worksEverywhere(await wires.dial({ cluster: nodes }))
    await expect(wires.dial({ cluster: [dead] })).rejects.toThrow(/no node .* is of use: .*ECONNREFUSED/)
    await expect(wires.dial({ cluster: [{ host: '127.0.0.1', port: server.port }] })).rejects.toThrow(
      'cluster support disabled',
    )
  })

  it('remembers the nodes when the one that it was told of is gone', async () => {
    const gate = createServer((socket) => pipe(socket, cluster.nodes[0]?.port ?? 0))
    const dial = wires.dialler({ url: `redis://127.0.0.1:${String(await proxied(gate))}` })
    await dial()
    // Ends when its connections do.
    wires.cut()
    await new Promise((resolve) => gate.close(resolve))
    expect(await worksEverywhere(await dial())).toHaveLength(subjects.length)
  })

  it('sends and hears a beat for each primary', async () => {
    const { wire, messages } = await wires.dial({ cluster: cluster.addresses })
    const beats = wire.beatSubjects((n) => `t:beat:${String(n)}`)
    expect(beats).toHaveLength(3)
    await wire.subscribe(beats)
    expect(await shardChannels()).toEqual([1, 1, 1])
    await Promise.all(beats.map((beat) => wire.publish(beat, '')))
    await until(() => messages.length === 3, 'the beats')
  })

  it("is made with a connected client of one's own, and says so of one that is not", async () => {
    const [node] = cluster.addresses
    const client = new Cluster(node ? [node] : [], { lazyConnect: true })
    try {
      await expect(wires.dial({ client })).rejects.toMatchObject({ code: 'not-connected' })
      await client.set('key', 'value')
      await worksEverywhere(await wires.dial({ client }))
      expect(await client.get('key')).toBe('value')
    } finally {
      client.disconnect()
    }
  })

  it('needs one node where events are not sharded', async () => {
    const one = await wires.dial({ url: cluster.nodes[0]?.url, sharded: false })
    const other = await wires.dial({ cluster: cluster.addresses.slice(2), sharded: false })
    await one.wire.subscribe(subjects)
    await Promise.all(subjects.map((subject) => other.wire.publish(subject, 'x')))
    await until(() => one.messages.length === subjects.length, 'a message of each')
    expect(one.wire.beatSubjects((n) => `t:beat:${String(n)}`)).toHaveLength(1)
  })

  it('is lost when a slot moves in which something is subscribed to', async () => {
    const { wire, losses } = await wires.dial({ cluster: cluster.addresses })
    const [subject, slot] = await subjectOfFirstNode('t:c:moving')
    await wire.subscribe([subject])
    await cluster.moveSlot(slot, cluster.nodes[2] ?? server)
    await until(() => losses.length > 0, 'the loss')
    expect(losses).toHaveLength(1)
    await worksEverywhere(await wires.dial({ cluster: cluster.addresses }))
  })

  it('refuses what goes to a slot that moved, and is lost after that', async () => {
    const { wire, losses } = await wires.dial({ cluster: cluster.addresses })
    const [subject, slot] = await subjectOfFirstNode('t:c:moved')
    await cluster.moveSlot(slot, cluster.nodes[2] ?? server)
    const lostBefore = await wire.publish(subject, 'x').catch((error: unknown) => [error, losses.length])
    expect(lostBefore).toEqual([expect.any(RefusedError), 0])
    await until(() => losses.length === 1, 'the loss')
  })

  it('is lost with one primary, and not made again without it', async () => {
    const own = await RedisCluster.start()
    try {
      const dial = wires.dialler({ url: own.nodes[0]?.url })
      const { losses } = await dial()
      await own.nodes[1]?.kill()
      await until(() => losses.length === 1, 'the loss')
      await expect(dial()).rejects.toThrow(/cannot connect|the cluster is down/)
    } finally {
      await own.stop()
    }
  })

  async function shardChannels(): Promise<number[]> {
    const lists = cluster.nodes.map((node) => node.command('PUBSUB', 'SHARDCHANNELS', 't:*'))
    return (await Promise.all(lists)).map((list) => (list as unknown[]).length)
  }

  /** A subject whose slot the first node has. */
  async function subjectOfFirstNode(name: string): Promise<[string, number]> {
    for (let n = 0; ; n++) {
      const subject = `${name}-${String(n)}`
      const slot = Number(await cluster.nodes[0]?.command('CLUSTER', 'KEYSLOT', subject))
      if (slot < 5_000) return [subject, slot]
    }
  }
})

const proxies: Server[] = []
const sockets = new Set<Socket>()
afterEach(() => {
  for (const socket of sockets) socket.destroy()
  for (const proxy of proxies.splice(0)) proxy.close()
})

/** Has it listen until the test is over, and resolves with its port. */
async function proxied(proxy: Server): Promise<number> {
  proxies.push(proxy)
  proxy.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).on('close', () => sockets.delete(socket))
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  return (proxy.address() as AddressInfo).port
}

function pipe(socket: Socket, port: number): void {
  const inner = connect(port, '127.0.0.1')
  socket.on('error', () => {}).on('close', () => inner.destroy())
  inner.on('error', () => {}).on('close', () => socket.destroy())
  socket.pipe(inner).pipe(socket)
}

/** As `until`, for what has to be asked. */
async function eventually(condition: () => Promise<boolean>): Promise<void> {
  for (const end = performance.now() + 10_000; !(await condition());) {
    if (performance.now() > end) throw new Error('it never came true')
  }
}

async function clients(one: RedisServer): Promise<number> {
  // Without the one that asks.
  const list = String(await one.command('CLIENT', 'LIST'))
  return list.trim().split('\n').length - 1
}

/** The error with all that hangs on it. */
function allOf(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  return { all: Object.entries(error), message: error.message, stack: error.stack, cause: allOf(error.cause) }
}
