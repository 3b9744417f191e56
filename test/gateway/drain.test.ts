import { MemoryConn } from '@fanfare/core/testing'
import { describe, expect, it } from 'vitest'

import { call, deferred, testGateway, type Visitor } from '../fakes/test-gateway.ts'

const bye = { op: 'bye', code: 'shutdown', retry: true }

describe('drain', () => {
  it('admits nobody from the first moment on, and says when to come back', async () => {
    const { gateway, clock, visit, admit } = testGateway()
    await visit()
    const drained = gateway.drain({ within: 1_000 })
    expect(await admit()).toEqual({
      ok: false,
      status: 503,
      headers: { 'retry-after': '1' },
      why: 'shutdown',
      message: 'the server is shutting down',
    })
    clock.advance(1_200)
    await drained
    expect(gateway.stats().refusals).toEqual({ shutdown: 1 })
  })

  it('tells the clients to go, one after the other over the window', async () => {
    const { gateway, clock, visit, hub } = testGateway()
    const visitors: Visitor[] = []
    for (let n = 0; n < 4; n++) visitors.push(await visit())
    let done = false
    const drained = gateway.drain({ within: 4_000 }).then(() => (done = true))
    const gone = (): boolean[] => visitors.map(({ conn }) => !conn.open)
    clock.advance(500)
    await clock.settle()
    expect(gone()).toEqual([true, false, false, false])
    clock.advance(2_000)
    await clock.settle()
    expect(gone()).toEqual([true, true, true, false])
    expect(done).toBe(false)
    clock.advance(1_000)
    await drained
    for (const visitor of visitors) {
      expect(await visitor.heard()).toEqual([bye])
      expect(visitor.conn.closedWith).toEqual({ code: 4200, reason: 'shutdown' })
    }
    expect(hub.closed).toBe(true)
    expect(hub.count()).toBe(0)
    expect(hub.wheel.size).toBe(0)
    expect(clock.timers).toBe(0)
  })

  it('goes on serving those who are still here', async () => {
    const { gateway, clock, visit, hub } = testGateway()
    gateway.on('work', () => 'done')
    const [ann, ben] = [await visit(), await visit()]
    const drained = gateway.drain({ within: 1_000 })
    clock.advance(200)
    await ann.heard()
    await ben.ask({ op: 'sub', channel: 'a' })
    hub.broadcast('a', '1')
    expect(await ben.ask(call(1, 'work'))).toEqual([
      { op: 'msg', channel: 'a', event: 'message', data: 1 },
      { op: 'ok', id: 1, data: 'done' },
    ])
    clock.advance(1_000)
    await drained
  })

  it('lets handlers in flight finish, and their answers out', async () => {
    const work = deferred<string>()
    const { gateway, clock, visit } = testGateway()
    gateway.on('work', () => work.promise)
    const ann = await visit()
    await ann.ask(call(1, 'work'))
    const drained = gateway.drain({ within: 0 })
    clock.advance(1_000)
    expect(await ann.heard()).toEqual([])
    expect(ann.conn.open).toBe(true)
    work.resolve('done')
    expect(await ann.heard()).toEqual([{ op: 'ok', id: 1, data: 'done' }, bye])
    await drained
  })

  it('waits 5 s for a handler, not longer', async () => {
    const { gateway, clock, visit, hub } = testGateway()
    gateway.on('work', () => new Promise(() => {}))
    const ann = await visit()
    await ann.ask(call(1, 'work'))
    const drained = gateway.drain({ within: 0 })
    await clock.settle()
    clock.advance(100)
    await clock.settle()
    clock.advance(4_800)
    await clock.settle()
    expect(ann.conn.open).toBe(true)
    clock.advance(300)
    expect(await ann.heard()).toEqual([bye])
    await drained
    expect(hub.wheel.size).toBe(0)
  })

  it('is done at once when nobody is here', async () => {
    const { gateway, hub, clock } = testGateway()
    await gateway.drain()
    expect(hub.closed).toBe(true)
    expect(clock.timers).toBe(0)
  })

  it('does not wait for the handlers of clients that went by themselves', async () => {
    const { gateway, clock, visit, hub } = testGateway()
    gateway.on('work', () => new Promise(() => {}))
    const ann = await visit()
    await ann.ask(call(1, 'work'))
    const drained = gateway.drain({ within: 0 })
    ann.conn.peerCloses()
    clock.advance(100)
    await drained
    expect(hub.wheel.size).toBe(0)
  })

  it('turns away who was admitted before and comes only now', async () => {
    const { gateway, clock, visit, admit, hub } = testGateway()
    await visit()
    const ticket = await admit()
    const drained = gateway.drain({ within: 500 })
    const conn = new MemoryConn()
    if (ticket.ok) conn.attach(ticket.accept(conn))
    expect(conn.messages).toEqual([bye])
    expect(conn.closedWith).toEqual({ code: 4200, reason: 'shutdown' })
    expect(hub.count()).toBe(1)
    clock.advance(700)
    await drained
  })

  it('may be asked for twice', async () => {
    const { gateway, clock, visit } = testGateway()
    const log: string[] = []
    gateway.onDisconnect(() => log.push('disconnect'))
    const ann = await visit()
    const both = Promise.all([gateway.drain({ within: 1_000 }), gateway.drain({ within: 1_000 })])
    clock.advance(1_200)
    expect(await ann.heard()).toEqual([bye])
    await both
    expect(log).toEqual(['disconnect'])
  })

  it('goes on when the hub is closed meanwhile', async () => {
    const { gateway, hub, clock, visit } = testGateway()
    for (let n = 0; n < 3; n++) await visit()
    const drained = gateway.drain({ within: 3_000 })
    await hub.close()
    clock.advance(3_000)
    await drained
    expect(hub.wheel.size).toBe(0)
  })
})
