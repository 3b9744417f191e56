import { describe, expect, it } from 'vitest'

import { testGateway, testHub, type TestPeer } from '@fanfare/core/testing'

const KIB = 1_024
/** What a command that is not done with counts for beside its message. */
const COMMAND = 512

const never = (): Promise<never> => new Promise(() => {})

function calls(peer: TestPeer, method: string, bytes: number): number {
  const frame = { op: 'call', id: 1, method, data: '' }
  frame.data = 'x'.repeat(bytes - JSON.stringify(frame).length)
  peer.conn.says(frame)
  return bytes
}

describe('the budget for what clients have on the way', () => {
  it('holds a message as long as it waits or is handled, and nothing after', async () => {
    const { gateway, hub, visit } = testGateway()
    const done: (() => void)[] = []
    gateway.on('slow', () => new Promise<void>((resolve) => done.push(resolve)))
    gateway.on('quick', () => 1)
    const ann = await visit()
    calls(ann, 'quick', 1_000)
    expect(hub.budgets.inbound.used).toBe(0)
    calls(ann, 'slow', 1_000)
    calls(ann, 'slow', 2_000)
    expect(hub.budgets.inbound.used).toBe(3_000 + 2 * COMMAND)
    done.shift()?.()
    await ann.heard()
    expect(hub.budgets.inbound.used).toBe(2_000 + COMMAND)
    done.shift()?.()
    await ann.heard()
    expect(hub.budgets.inbound.used).toBe(0)
  })

  it('holds a subscribe until it has its answer', async () => {
    const { hub, clock, visit } = testGateway({ authorize: never })
    const ann = await visit()
    ann.conn.says(`{"op":"sub","id":1,"channel":"private-a","auth":"${'x'.repeat(10_000)}"}`)
    expect(hub.budgets.inbound.used).toBeGreaterThan(10_000 + COMMAND)
    ann.conn.says('{"op":"unsub","channel":"private-a"}')
    await ann.heard()
    clock.advance(1_100)
    expect(hub.budgets.inbound.used).toBe(0)
  })

  it('closes those with most on the way, as rate, and leaves the others alone', async () => {
    const { gateway, hub, visit } = testGateway({ hub: { budgets: { inbound: 1_000 * KIB } } })
    gateway.on('never', never)
    const [small, large, idle] = [await visit(), await visit(), await visit()]
    calls(small, 'never', 400 * KIB)
    for (let n = 0; n < 2; n++) calls(large, 'never', 290 * KIB)
    expect([small, large].map(({ conn }) => conn.open)).toEqual([true, true])
    calls(small, 'never', 100 * KIB)
    expect(large.conn.closedWith?.code).toBe(4102)
    expect([small, idle].map(({ conn }) => conn.open)).toEqual([true, true])
    expect(hub.budgets.inbound.used).toBe(500 * KIB + 2 * COMMAND)
    expect(hub.budgets.inbound.evictions).toBe(1)
  })

  it('counts what is handled at once for a second: it is garbage, and takes memory until it is collected', async () => {
    const { gateway, hub, clock, visit } = testGateway({ hub: { budgets: { inbound: 1_000 * KIB } } })
    gateway.on('quick', () => 1)
    const [flooding, steady] = [await visit(), await visit()]
    for (let second = 0; second < 5; second++) {
      for (let n = 0; n < 4; n++) calls(steady, 'quick', 40 * KIB)
      for (let n = 0; n < 9; n++) calls(flooding, 'quick', 90 * KIB)
      expect(hub.budgets.inbound.used).toBe(970 * KIB)
      clock.advance(1_100)
      expect(hub.budgets.inbound.used).toBe(0)
    }
    for (let n = 0; n < 12; n++) calls(flooding, 'quick', 90 * KIB)
    expect(flooding.conn.closedWith?.code).toBe(4102)
    expect(steady.conn.open).toBe(true)
    await steady.close()
    expect(hub.budgets.inbound.used).toBe(0)
  })

  it('holds nothing of a client that is gone, even if its handler returns later', async () => {
    const { gateway, hub, visit } = testGateway()
    let finish = (): void => {}
    gateway.on('slow', () => new Promise<void>((resolve) => (finish = resolve)))
    const ann = await visit()
    for (let n = 0; n < 3; n++) calls(ann, 'slow', 1_000)
    await ann.close()
    expect(hub.budgets.inbound.used).toBe(0)
    finish()
    await ann.heard()
    expect(hub.budgets.inbound.used).toBe(0)
  })

  it('counts many small commands by what they take', async () => {
    const { gateway, hub, visit } = testGateway({ hub: { budgets: { inbound: 500 * KIB } } })
    gateway.on('never', never)
    const crowd = await Promise.all(Array.from({ length: 10 }, () => visit()))
    for (const peer of crowd) for (let n = 0; n < 200; n++) calls(peer, 'never', 60)
    expect(hub.budgets.inbound.used).toBeLessThanOrEqual(500 * KIB)
    expect(hub.budgets.inbound.evictions).toBeGreaterThan(0)
  })
})

it('what clients say before anybody serves them is on the budget', () => {
  const { hub, connect } = testHub({ budgets: { inbound: 100 * KIB } })
  const [ann, ben] = [connect(), connect()]
  ann.client.session.receive('x'.repeat(60 * KIB))
  ben.client.session.receive('x'.repeat(30 * KIB))
  expect(hub.budgets.inbound.used).toBe(90 * KIB)
  ben.client.session.receive('x'.repeat(20 * KIB))
  expect([ann, ben].map(({ conn }) => conn.closedWith?.code)).toEqual([4102, undefined])
  expect(hub.budgets.inbound.used).toBe(50 * KIB)
  void ben.client.serve(() => {})
  expect(hub.budgets.inbound.used).toBe(0)
})

describe('credentials', () => {
  it('of a channel are at most 32 KiB, with the message that brings them', async () => {
    const { visit } = testGateway({ authorize: () => true })
    const ann = await visit()
    await expect(ann.subscribe('private-b', 'x'.repeat(32_000))).resolves.toMatchObject({ op: 'ok' })
    await expect(ann.subscribe('private-c', 'x'.repeat(33_000))).rejects.toMatchObject({ code: 'too-large' })
  })

  it('of a client too', async () => {
    const { visit } = testGateway({ authenticate: () => ({ id: 'ann' }), authenticateAt: 'message' })
    const ann = await visit()
    ann.conn.says(`{"op":"auth","id":1,"token":"${'x'.repeat(32_769)}"}`)
    await ann.heard()
    expect(ann.conn.open).toBe(false)
  })
})
