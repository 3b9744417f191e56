import { echoing, heard, NATIVE, served } from './speech.ts'
import type { Stage } from './stage.ts'
import type { Tests } from './tests.ts'
import { until } from '../contract-suite/wait.ts'

const MOST = 1_000

/** What one client may do, and what it costs the others: nothing. */
export const LIMITS: Tests<Stage> = {
  async 'a message larger than maxMessageBytes ends that connection, and no other'({ open, expect }) {
    const scene = echoing(await open({}, { ...NATIVE, maxMessageBytes: MOST }))
    const [greedy, other] = [await scene.enter(), await scene.enter()]
    greedy.peer.send('x'.repeat(MOST + 1))
    await until(() => scene.gone.length === 1, 'the end')
    expect(scene.gone.map(({ client }) => client.id)).toEqual([greedy.client.id])
    await until(() => greedy.peer.ended, 'the peer to notice')
    await served(other)
    expect(scene.hub.count()).toBe(1)
  },

  async 'who sends a message larger than maxMessageBytes is told 1009'({ open, expect }) {
    const scene = await open({}, { ...NATIVE, maxMessageBytes: MOST })
    const { peer } = await scene.enter()
    peer.send('x'.repeat(MOST + 1))
    await until(() => peer.ended && scene.gone.length === 1, 'the end')
    expect([peer.ended?.code, scene.gone[0]?.code]).toEqual([1009, 1009])
  },

  async 'a message as large as maxMessageBytes is taken'({ open, expect }) {
    const scene = echoing(await open({}, { ...NATIVE, maxMessageBytes: MOST }))
    const { peer } = await scene.enter()
    const message = JSON.stringify({ op: 'call', id: 1, method: 'echo', data: '' })
    peer.send(message.replace('""', `"${'x'.repeat(MOST - message.length)}"`))
    await until(() => peer.received.length === 2, 'the answer')
    expect(heard(peer)[1]?.op).toBe('ok')
    expect(scene.gone.length).toBe(0)
  },

  async 'who says too much is told, then closed with 4102; the others are served'({ open, expect }) {
    const messages = { rate: 1, burst: 3 }
    const scene = echoing(await open({}, { ...NATIVE, rateLimit: { messages, strikes: 2 } }))
    const [loud, other] = [await scene.enter(), await scene.enter()]
    for (let at = 0; at < 10; at++) loud.peer.send('{"op":"ping"}')
    await until(() => loud.peer.ended, 'the end')
    expect(loud.peer.ended?.code).toBe(4102)
    const told = heard(loud.peer).map(({ op, code }) => code ?? op)
    expect(told).toEqual(['welcome', 'pong', 'pong', 'pong', 'rate', 'rate', 'rate'])
    expect(scene.gone.map(({ client }) => client.id)).toEqual([loud.client.id])
    await served(other)
  },
}

/** What is only begun: with a peer that may say half of something. */
export const LIMITS_OF_THE_UNFINISHED: Tests<Stage> = {
  async 'a message that is not whole within messageTimeoutMs ends that connection, and no other'({
    open,
    expect,
  }) {
    const scene = echoing(await open({}, { ...NATIVE, messageTimeoutMs: 5_000 }))
    const [slow, other] = [await scene.enter(), await scene.enter()]
    slow.peer.begin?.(100)
    await until(() => scene.hub.budgets.inbound.used > 0, 'the beginning')
    scene.clock.advance(4_500)
    expect(scene.gone.length).toBe(0)
    scene.clock.advance(1_000)
    await until(() => scene.gone.length === 1, 'the end')
    expect(scene.gone.map(({ client, why }) => [client.id, why])).toEqual([[slow.client.id, 'timeout']])
    await until(() => slow.peer.ended, 'the peer to notice')
    await until(() => scene.hub.budgets.inbound.used === 0, 'nothing to be held')
    await served(other)
  },

  async 'unfinished messages are on the budget: when it is spent, who has most goes, as rate'({
    open,
    expect,
  }) {
    const options = { ...NATIVE, maxMessageBytes: 1_000_000 }
    const scene = echoing(await open({ budgets: { inbound: 1_000_000 } }, options))
    const [small, other] = [await scene.enter(), await scene.enter()]
    small.peer.begin?.(1_000)
    const greedy = [await scene.enter(), await scene.enter(), await scene.enter(), await scene.enter()]
    for (const { peer } of greedy) peer.begin?.(400_000)
    await until(() => scene.gone.length >= 2, 'the largest to go')
    await until(() => scene.hub.budgets.inbound.used < 1_000_000, 'what they had begun to be freed')
    const ids = greedy.map(({ client }) => client.id)
    expect(scene.gone.filter(({ client, why }) => why !== 'rate' || !ids.includes(client.id))).toEqual([])
    expect(small.client.connected).toBe(true)
    await served(other)
    for (const { peer } of [small, ...greedy]) peer.destroy()
    await until(() => scene.hub.budgets.inbound.used === 0, 'nothing to be held')
  },
}

/** With transports that have pings. */
export const LIMITS_OF_PINGS: Tests<Stage> = {
  async 'who sends more than maxControlFrames pings in a second is closed as rate; the others are served'({
    open,
    expect,
  }) {
    const scene = echoing(await open({}, { ...NATIVE, maxControlFrames: 20 }))
    const [loud, other] = [await scene.enter(), await scene.enter()]
    for (const { peer } of [loud, other]) peer.ping?.(20)
    await served(loud, 1)
    await served(other, 1)
    expect(scene.gone.length).toBe(0)
    scene.clock.advance(1_100)
    for (const { peer } of [loud, other]) peer.ping?.(20)
    loud.peer.ping?.(1)
    await until(() => scene.gone.length === 1, 'the end')
    expect(scene.gone.map(({ client, why }) => [client.id, why])).toEqual([[loud.client.id, 'rate']])
    await until(() => loud.peer.ended, 'the peer to notice')
    await served(other, 2)
  },
}
