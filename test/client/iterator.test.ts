import { describe, expect, it } from 'vitest'

import { codeOf, recorder, stage, type Stage } from './support/stage.ts'

async function reading(buffer?: number) {
  const scene = stage()
  await scene.open()
  const channel = scene.client.channel('orders')
  const events = channel.events({ buffer })
  await scene.clock.settle()
  scene.socket.grants('sub')
  return { scene, channel, events }
}

function says({ socket }: Stage, ...numbers: number[]): void {
  for (const data of numbers) socket.says({ op: 'msg', channel: 'orders', event: 'x', data })
}

describe('a loop over a channel', () => {
  it('subscribes, gets the events in order, and unsubscribes at its end', async () => {
    const scene = stage()
    await scene.open()
    const got: unknown[] = []
    const loop = (async () => {
      for await (const { event, data } of scene.client.channel('orders')) {
        got.push([event, data])
        if (got.length === 3) break
      }
    })()
    await scene.clock.settle()
    scene.socket.grants('sub')
    says(scene, 1, 2, 3, 4)
    await loop
    await scene.clock.settle()
    expect(got).toEqual([
      ['x', 1],
      ['x', 2],
      ['x', 3],
    ])
    expect(scene.socket.last('unsub')).toMatchObject({ channel: 'orders' })
  })

  it('that is slow loses the oldest, and is told how many right there', async () => {
    const { scene, channel, events } = await reading(3)
    const gaps = recorder()
    channel.when('gap', gaps)
    says(scene, 1, 2, 3, 4, 5)
    expect((await events.next()).value).toMatchObject({ data: 3, missed: 2 })
    expect((await events.next()).value).not.toHaveProperty('missed')
    expect((await events.next()).value).toMatchObject({ data: 5 })
    expect(gaps.calls).toEqual([[{ channel: 'orders', count: 2, reason: 'buffer' }]])
  })

  it('goes on after a reconnection', async () => {
    const { scene, events } = await reading()
    const next = events.next()
    await scene.reopen()
    scene.socket.grants('sub')
    says(scene, 1)
    expect((await next).value).toMatchObject({ data: 1 })
  })

  it('ends with unsubscribe(), after what is still there', async () => {
    const { scene, channel, events } = await reading()
    says(scene, 1)
    channel.unsubscribe()
    expect((await events.next()).value).toMatchObject({ data: 1 })
    expect(await events.next()).toEqual({ done: true, value: undefined })
  })

  it('ends with close()', async () => {
    const { scene, events } = await reading()
    const next = events.next()
    scene.client.close()
    expect(await next).toEqual({ done: true, value: undefined })
  })

  it('throws once when the channel is refused', async () => {
    const scene = stage()
    await scene.open()
    const events = scene.client.channel('private-x').events()
    const outcome = codeOf(events.next())
    await scene.clock.settle()
    scene.socket.refuses('sub', 'unauthorized')
    await scene.clock.settle()
    expect(outcome.code).toBe('unauthorized')
    expect((await events.next()).done).toBe(true)
  })

  it('throws when the server says never', async () => {
    const { scene, events } = await reading()
    const outcome = codeOf(events.next())
    scene.socket.drops(4011, 'terminated')
    await scene.clock.settle()
    expect(outcome.code).toBe('terminated')
  })

  it('may be one of several, and of several readers', async () => {
    const { scene, channel, events } = await reading()
    const other = channel.events()
    const [first, second] = [events.next(), events.next()]
    says(scene, 1, 2)
    expect([(await first).value?.data, (await second).value?.data]).toEqual([1, 2])
    expect((await other.next()).value).toMatchObject({ data: 1 })
    await other.return?.()
    await scene.clock.settle()
    expect(channel.state).toBe('subscribed')
  })
})
