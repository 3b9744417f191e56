import { Socket } from 'node:net'

import { RefusedError, type Wire } from '@fanfare/broadcasting/driver'
import { connect } from '@nats-io/transport-node'
import { afterEach, describe, expect, it, vi } from 'vitest'

import { dialServers } from '../../bridges/nats/src/dial.ts'
import { serversOf } from '../../bridges/nats/src/servers.ts'
import { NatsServer, type NatsServerOptions } from '../support/nats-server.ts'
import { ToxicProxy } from '../support/toxic-proxy.ts'
import { turns, until } from '../support/until.ts'
import { Attempt, whyRejected, WireLog } from '../support/wire-log.ts'

const endings: (() => unknown)[] = []
afterEach(async () => {
  for (const end of endings.splice(0).toReversed()) await end()
})

async function started(options: NatsServerOptions = {}): Promise<NatsServer> {
  const server = await NatsServer.start(options)
  endings.push(() => server.stop())
  return server
}

async function dialled(servers: string | string[], log = new WireLog()): Promise<Wire> {
  const wire = await dialServers(serversOf(servers), {})(log, new Attempt())
  endings.push(() => wire.cut())
  return wire
}

async function proxied(): Promise<{ server: NatsServer; proxy: ToxicProxy; url: string }> {
  const server = await started()
  const proxy = await ToxicProxy.start({ to: server.port })
  endings.push(() => proxy.close())
  return { server, proxy, url: `127.0.0.1:${String(proxy.port)}` }
}

const numbers = (count: number): string[] => Array.from({ length: count }, (_, n) => String(n))

describe('publishing and subscribing', () => {
  it('carries text both ways, to itself as well', async () => {
    const server = await started()
    const [mine, theirs] = [new WireLog(), new WireLog()]
    const wire = await dialled(server.url, mine)
    const other = await dialled(server.url, theirs)
    await Promise.all([wire.subscribe(['a.1']), other.subscribe(['a.1', 'b'])])
    await wire.publish('a.1', 'grüße 🎺')
    await other.publish('b', '')
    await until(() => theirs.messages.length === 2, 'both messages')
    expect(theirs.messages).toEqual([
      ['a.1', 'grüße 🎺'],
      ['b', ''],
    ])
    await until(() => mine.messages.length > 0, 'the echo')
    expect(mine.messages).toEqual([['a.1', 'grüße 🎺']])
  })

  it('keeps the order of the calls', async () => {
    const server = await started()
    const log = new WireLog()
    await (await dialled(server.url, log)).subscribe(['a'])
    const wire = await dialled(server.url)
    await Promise.all(numbers(2_000).map((text) => wire.publish('a', text)))
    await until(() => log.messages.length === 2_000, 'all messages')
    expect(log.texts).toEqual(numbers(2_000))
  })

  it('misses nothing from the moment a subscription is confirmed', async () => {
    const server = await started()
    const [wire, log] = [await dialled(server.url), new WireLog()]
    const listener = await dialled(server.url, log)
    for (const subject of numbers(50)) {
      await listener.subscribe([subject])
      await wire.publish(subject, 'x')
    }
    await until(() => log.messages.length >= 50, 'one message each')
    expect(log.messages.map(([subject]) => subject)).toEqual(numbers(50))
  })

  it('hears nothing more once unsubscribed, and once again after another subscription', async () => {
    const server = await started()
    const [wire, log] = [await dialled(server.url), new WireLog()]
    const listener = await dialled(server.url, log)
    await listener.subscribe(['a', 'b'])
    await listener.subscribe(['a'])
    await wire.publish('a', '1')
    await until(() => log.texts.includes('1'), 'the first message')
    await listener.unsubscribe(['a', 'unknown'])
    await wire.publish('a', '2')
    await listener.subscribe(['a'])
    await wire.publish('a', '3')
    await wire.publish('b', '4')
    await until(() => log.texts.includes('4'), 'the last message')
    expect(log.texts).toEqual(['1', '3', '4'])
  })

  it('sends its beat to one subject', async () => {
    const wire = await dialled((await started()).url)
    expect(wire.beatSubjects((n) => `beat.${String(n)}`)).toEqual(['beat.0'])
  })
})

describe('acknowledging', () => {
  it('shares round trips', async () => {
    const { proxy, url } = await proxied()
    const wire = await dialled(url)
    const before = proxy.counters.bytesDown
    await Promise.all(numbers(1_000).map((text) => wire.publish('a', text)))
    // One PONG has six bytes.
    expect(proxy.counters.bytesDown - before).toBeLessThanOrEqual(6 * 10)
  })

  it('waits for the server', async () => {
    const { proxy, url } = await proxied()
    const wire = await dialled(url)
    proxy.hold('down')
    const settled: string[] = []
    const publishing = ['1', '2'].map((text) => wire.publish('a', text).then(() => settled.push(text)))
    const up = proxy.counters.bytesUp
    await until(() => proxy.counters.bytesUp > up, 'the publishes to be on their way')
    expect(settled).toEqual([])
    await proxy.pass()
    await Promise.all(publishing)
    expect(settled).toEqual(['1', '2'])
  })

  it('refuses what is larger than the server takes, and sends nothing of it', async () => {
    const server = await started()
    const [wire, log] = [await dialled(server.url), new WireLog()]
    await (await dialled(server.url, log)).subscribe(['a'])
    await wire.publish('a', 'x'.repeat(1_048_576))
    const refused = wire.publish('a', 'ü'.repeat(524_289))
    await expect(refused).rejects.toBeInstanceOf(RefusedError)
    await expect(refused).rejects.toThrow(/1048578 bytes.*1048576 \(max_payload\)/)
    await wire.publish('a', 'small')
    await until(() => log.texts.includes('small'), 'the small one')
    expect(log.messages).toHaveLength(2)
  })
})

describe('losing the connection', () => {
  it('is told once when the server is gone, and nobody knows what became of what was published', async () => {
    const server = await started()
    const log = new WireLog()
    const wire = await dialled(server.url, log)
    await wire.subscribe(['a'])
    await server.pause()
    const pending = Promise.allSettled([wire.publish('b', 'x'), wire.subscribe(['c'])])
    await server.kill()
    for (const outcome of await pending) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: expect.any(Error) as Error })
      expect(outcome).not.toMatchObject({ reason: expect.any(RefusedError) as Error })
    }
    await until(() => log.losses.length > 0, 'the loss')
    await expect(wire.publish('b', 'y')).rejects.toThrow('gone')
    wire.cut()
    expect(log.losses).toHaveLength(1)
  })

  it('is told of a reset in the midst of traffic', async () => {
    const { proxy, url } = await proxied()
    const log = new WireLog()
    const wire = await dialled(url, log)
    const publishing = Promise.allSettled(numbers(500).map((text) => wire.publish('a', text)))
    proxy.reset()
    await publishing
    await until(() => log.losses.length > 0, 'the loss')
    expect(log.losses).toHaveLength(1)
  })

  it('can be cut at any moment of being lost', async () => {
    const { proxy, url } = await proxied()
    for (let moment = 0; moment < 40; moment++) {
      const log = new WireLog()
      const wire = await dialled(url, log)
      await wire.subscribe(['a'])
      const publish = (): Promise<unknown> => wire.publish('a', 'x').catch((error: unknown) => error)
      const publishing = [publish()]
      proxy.reset()
      await turns(moment)
      publishing.push(publish())
      wire.cut()
      await Promise.all(publishing)
      expect(log.losses.length).toBeLessThanOrEqual(1)
    }
  })

  it('can be cut right after writing to a socket that the server has ended', async () => {
    const { proxy, url } = await proxied()
    const wire = await dialled(url)
    const publishing = new Promise<string>((resolve) => {
      // The library ends its side in answer. Hardly ever is anything written in just that moment.
      const { end } = Socket.prototype
      const spy = vi.spyOn(Socket.prototype, 'end')
      endings.push(() => spy.mockRestore())
      spy.mockImplementation(function (this: Socket) {
        Reflect.apply(end, this, [])
        if (this.remotePort !== proxy.port) return this
        spy.mockRestore()
        resolve(whyRejected(wire.publish('a', 'x')))
        void Promise.resolve().then(() => wire.cut())
        return this
      })
    })
    proxy.cutAfter(0)
    await Promise.allSettled([wire.publish('a', 'x')])
    expect(await publishing).toMatch('Error')
    await until(() => proxy.links === 0, 'the socket to be closed')
  })

  it('reports nothing after being cut, waits for no silent server, and closes the socket', async () => {
    const { proxy, server, url } = await proxied()
    const log = new WireLog()
    const wire = await dialled(url, log)
    await wire.subscribe(['a'])
    await server.pause()
    const publishing = wire.publish('a', 'x')
    const rejected = whyRejected(publishing)
    wire.cut()
    wire.cut()
    expect(await rejected).toContain('cut')
    server.resume()
    await until(() => proxy.links === 0, 'the socket to be closed')
    expect(log).toMatchObject({ losses: [], messages: [] })
  })

  it('sends what was published before it closes', async () => {
    const { proxy, server, url } = await proxied()
    const log = new WireLog()
    await (await dialled(server.url, log)).subscribe(['a'])
    const mine = new WireLog()
    const wire = await dialled(url, mine)
    const publishing = numbers(100).map((text) => wire.publish('a', text))
    await wire.close()
    await Promise.all(publishing)
    await until(() => log.messages.length === 100, 'all messages')
    await until(() => proxy.links === 0, 'the socket to be closed')
    expect(mine.losses).toEqual([])
  })

  it('closes although the server is silent', async () => {
    const server = await started()
    const wire = await dialled(server.url)
    await server.pause()
    const publishing = wire.publish('a', 'x').catch((error: unknown) => error)
    await wire.close()
    expect(await publishing).toBeInstanceOf(Error)
  })
})

describe('connecting', () => {
  it('rejects when there is no server', async () => {
    const server = await started()
    await server.kill()
    await expect(dialled(server.url)).rejects.toThrow('refused')
  })

  it('takes another server of several', async () => {
    const [dead, living] = [await started(), await started()]
    await dead.kill()
    const wire = await dialled([dead.url, living.url])
    await expect(wire.publish('a', 'x')).resolves.toBeUndefined()
  })

  it('gives up a silent server when told, and leaves no socket behind', async () => {
    const { proxy, url } = await proxied()
    proxy.hold('down')
    const attempt = new Attempt(60_000)
    const dialling = dialServers(serversOf(url), {})(new WireLog(), attempt)
    const rejected = whyRejected(dialling)
    await until(() => proxy.links === 1, 'the connection')
    attempt.abandon()
    expect(await rejected).toContain('given up')
    await proxy.pass()
    await until(() => proxy.links === 0, 'the socket to be closed')
  })

  it('gives up a silent server by itself when the time is over', async () => {
    const { server, proxy, url } = await proxied()
    await server.pause()
    const dialling = dialServers(serversOf(url), {})(new WireLog(), new Attempt(200))
    await expect(dialling).rejects.toThrow('timeout')
    server.resume()
    await until(() => proxy.links === 0, 'the socket to be closed')
  })

  it('gives up an attempt whose handshake is half done', async () => {
    const { proxy, url } = await proxied()
    // The greeting comes; the answer to it does not reach the server.
    proxy.hold('up')
    const attempt = new Attempt(60_000)
    const dialling = dialServers(serversOf(url), {})(new WireLog(), attempt)
    const rejected = whyRejected(dialling)
    await until(() => proxy.counters.bytesDown > 0, 'the greeting')
    attempt.abandon()
    expect(await rejected).toContain('given up')
    await proxy.pass()
    await until(() => proxy.links === 0, 'the socket to be closed')
  })

  it('connects with the credentials of the address, or of the options, which come first', async () => {
    const server = await started({ args: ['--user', 'trumpet', '--pass', 'sound:1'] })
    const host = `127.0.0.1:${String(server.port)}`
    await dialled(`nats://trumpet:sound%3A1@${host}`)
    const dial = dialServers(serversOf(`nats://trumpet:wrong@${host}`), { user: 'trumpet', pass: 'sound:1' })
    endings.push(await dial(new WireLog(), new Attempt()).then((wire) => () => wire.cut()))
    const error: unknown = await dialled(`nats://trumpet:secret@${host}`).catch((reason: unknown) => reason)
    expect(String(error)).toMatch(/authorization/i)
    expect(String(error)).not.toContain('secret')
  })

  it('is not confused by somebody else connecting at the same time', async () => {
    const { proxy, url, server } = await proxied()
    proxy.hold('down')
    const attempt = new Attempt(60_000)
    const dialling = dialServers(serversOf(url), {})(new WireLog(), attempt).catch((error: unknown) => error)
    const [theirs, ours] = [await connect({ servers: server.url }), await dialled(server.url)]
    endings.push(() => theirs.close())
    attempt.abandon()
    await dialling
    await expect(theirs.flush()).resolves.toBeUndefined()
    await expect(ours.publish('a', 'x')).resolves.toBeUndefined()
  })
})
