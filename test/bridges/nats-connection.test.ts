import { connect, type NatsConnection } from '@nats-io/transport-node'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { dialConnection } from '../../bridges/nats/src/dial.ts'
import { NatsServer } from '../support/nats-server.ts'
import { ToxicProxy } from '../support/toxic-proxy.ts'
import { until } from '../support/until.ts'
import { Attempt, whyRejected, WireLog } from '../support/wire-log.ts'

let server: NatsServer
let connection: NatsConnection

beforeEach(async () => {
  server = await NatsServer.start()
  connection = await connect({
    servers: server.url,
    reconnectTimeWait: 20,
    reconnectJitter: 0,
    maxReconnectAttempts: -1,
  })
})

afterEach(async () => {
  await connection.close()
  await server.stop()
})

const dial = (log = new WireLog(), attempt = new Attempt()) => dialConnection(connection)(log, attempt)

/** Ends the server, and waits until the library has noticed. */
async function down(): Promise<void> {
  const log = new WireLog()
  const wire = await dial(log)
  await server.kill()
  await until(() => log.losses.length > 0, 'the loss')
  wire.cut()
}

describe('a connection of one’s own', () => {
  it('is used, and left open', async () => {
    const log = new WireLog()
    const wire = await dial(log)
    await wire.subscribe(['a'])
    await wire.publish('a', 'x')
    await until(() => log.messages.length > 0, 'the message')
    await wire.close()
    connection.publish('a', 'y')
    await connection.flush()
    expect(connection.isClosed()).toBe(false)
    expect(log).toMatchObject({ texts: ['x'], losses: [] })
  })

  it('is left alone when the wire is cut, although the server is silent', async () => {
    const wire = await dial()
    await wire.subscribe(['a'])
    await server.pause()
    const publishing = wire.publish('a', 'x')
    const rejected = whyRejected(publishing)
    wire.cut()
    expect(await rejected).toContain('cut')
    server.resume()
    await connection.flush()
  })

  it('makes a new wire when the library has reconnected it, and the old one hears nothing more', async () => {
    const [old, young] = [new WireLog(), new WireLog()]
    const first = await dial(old)
    await first.subscribe(['a'])
    await server.kill()
    await until(() => old.losses.length > 0, 'the loss')
    first.cut()
    await expect(first.publish('a', 'x')).rejects.toThrow('gone')

    const dialling = dial(young, new Attempt(60_000))
    await server.restart()
    const second = await dialling
    await second.subscribe(['a', 'b'])
    await second.publish('a', 'after')
    await until(() => young.messages.length > 0, 'the message')
    expect(young.texts).toEqual(['after'])
    expect(old).toMatchObject({ messages: [], losses: [expect.any(Error)] })
  })

  it('survives many losses without collecting listeners or subscriptions', async () => {
    const proxy = await ToxicProxy.start({ to: server.port })
    const proxied = await connect({
      servers: `127.0.0.1:${String(proxy.port)}`,
      reconnectTimeWait: 5,
      reconnectJitter: 0,
      maxReconnectAttempts: -1,
    })
    for (let time = 0; time < 10; time++) {
      const log = new WireLog()
      const wire = await dialConnection(proxied)(log, new Attempt(60_000))
      await wire.subscribe(['a'])
      await wire.publish('a', String(time))
      await until(() => log.messages.length > 0, 'the message')
      expect(log.texts).toEqual([String(time)])
      proxy.reset()
      await until(() => log.losses.length === 1, 'the loss')
      wire.cut()
    }
    await proxied.close()
    await proxy.close()
  })

  it('stops waiting for it when the attempt is given up', async () => {
    await down()
    const attempt = new Attempt(60_000)
    const dialling = dial(new WireLog(), attempt)
    attempt.abandon()
    await expect(dialling).rejects.toThrow('given up')
  })

  it('stops waiting for a silent server when the attempt is given up', async () => {
    await server.pause()
    const attempt = new Attempt(60_000)
    const dialling = dial(new WireLog(), attempt)
    attempt.abandon()
    await expect(dialling).rejects.toThrow('given up')
    server.resume()
  })

  it('is lost when its owner closes it, and no wire is made of it any more', async () => {
    const log = new WireLog()
    const wire = await dial(log)
    await connection.close()
    await until(() => log.losses.length > 0, 'the loss')
    wire.cut()
    await expect(dial()).rejects.toThrow('the connection to NATS is closed')
    expect(log.losses).toHaveLength(1)
  })

  it('is not waited for any more when it is closed while it is down', async () => {
    await down()
    const rejected = whyRejected(dial(new WireLog(), new Attempt(60_000)))
    await connection.close()
    expect(await rejected).toContain('closed')
  })
})
