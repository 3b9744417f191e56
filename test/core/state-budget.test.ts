import { describe, expect, it } from 'vitest'

import { testHub } from '@fanfare/core/testing'

describe('the budget for what is remembered of clients', () => {
  it('is 0 again when all have left, whoever came first', async () => {
    const { hub, connect } = testHub({
      authorizer: () => ({ allowed: true, member: { id: 'm', info: 'i' } }),
    })
    const [ann, ben, eve] = [connect().client, connect().client, connect().client]
    for (const channel of ['a', 'private-b', 'presence-c']) {
      for (const client of [ann, ben, eve]) {
        await hub.subscribe(client, channel, { credentials: { token: 'x'.repeat(100) } })
      }
    }
    expect(hub.budgets.state.used).toBeGreaterThan(3 * 800 + 9 * 250)
    hub.unsubscribe(ann, 'a')
    ann.close()
    hub.unsubscribe(ben, 'private-b')
    eve.close()
    expect(hub.budgets.state.used).toBeGreaterThan(0)
    ben.close()
    expect(hub.budgets.state.used).toBe(0)
  })

  it('counts a shared channel once', async () => {
    const { hub, connect } = testHub()
    await hub.subscribe(connect().client, 'room')
    const first = hub.budgets.state.used
    await hub.subscribe(connect().client, 'room')
    expect(hub.budgets.state.used - first).toBeLessThan(first / 2)
  })

  it('counts credentials that are renewed, and infos of members', async () => {
    const info = 'x'.repeat(5_000)
    const { hub, connect } = testHub({ authorizer: () => ({ allowed: true, member: { id: 'm', info } }) })
    const { client } = connect()
    await hub.subscribe(client, 'presence-room')
    const before = hub.budgets.state.used
    expect(before).toBeGreaterThan(5_000)
    await hub.renew(client, 'presence-room', { credentials: 'x'.repeat(10_000) })
    expect(hub.budgets.state.used).toBe(before + 10_000)
    await hub.renew(client, 'presence-room', { credentials: undefined })
    expect(hub.budgets.state.used).toBe(before)
  })

  it('closes those of whom most is remembered, as limit', async () => {
    const { hub, connect } = testHub({ budgets: { state: 1_000_000 } })
    const quiet = Array.from({ length: 100 }, () => connect())
    for (const { client } of quiet) await hub.subscribe(client, 'news')
    const greedy = Array.from({ length: 20 }, () => connect())
    for (const [n, { client }] of greedy.entries()) {
      for (let channel = 0; channel < 128 && client.connected; channel++) {
        await hub.subscribe(client, `c-${String(n)}-${String(channel)}`).catch(() => {})
      }
    }
    expect(hub.budgets.state.used).toBeLessThanOrEqual(1_000_000)
    expect(quiet.every(({ conn }) => conn.open)).toBe(true)
    const closed = greedy.filter(({ conn }) => !conn.open)
    expect(closed.length).toBeGreaterThan(10)
    expect(closed.every(({ conn }) => conn.closedWith?.code === 4103)).toBe(true)
  })
})
