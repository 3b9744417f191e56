import { ClientError, defineContract } from '@fanfare/core'
import { DialRefused, testGateway } from '@fanfare/core/testing'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'

const contract = defineContract({
  events: { 'private-orders.{id}': { shipped: z.object({ to: z.string() }) } },
  direct: { notice: z.string() },
  messages: {
    sum: { data: z.array(z.number()), reply: z.object({ total: z.number() }) },
    wait: { data: z.number(), reply: z.string() },
    fail: {},
  },
  questions: { colour: { data: z.string(), reply: z.string() } },
})

function world() {
  const kit = testGateway({ contract, authorize: ({ credentials }) => credentials === 'please' })
  kit.gateway
    .on('sum', (_client, { data }) => ({ total: data.reduce((sum, one) => sum + one, 0) }))
    .on('wait', (_client, { data }) => new Promise((done) => kit.hub.wheel.after(data, () => done('over'))))
    .on('fail', () => {
      throw new ClientError('forbidden', 'not you')
    })
  return kit
}

describe('a client in a test', () => {
  it('calls handlers and gets their answers', async () => {
    const { visit } = world()
    const ann = await visit()
    expect(ann.id).toBe('1.1')
    expect(await ann.call('sum', [1, 2, 3])).toEqual({ total: 6 })
  })

  it('gets errors as errors, with their code', async () => {
    const { visit, errors } = world()
    const ann = await visit()
    await expect(ann.call('fail')).rejects.toMatchObject({ code: 'forbidden', message: 'not you' })
    await expect(ann.call('sum', ['one'] as never)).rejects.toMatchObject({ code: 'invalid' })
    await expect(ann.call('what' as never)).rejects.toMatchObject({ code: 'unknown' })
    expect(errors).toEqual([])
  })

  it('waits for answers that take time, which the test lets pass', async () => {
    const { visit, clock } = world()
    const ann = await visit()
    const answer = ann.call('wait', 5_000)
    await clock.settle()
    clock.advance(5_100)
    await clock.settle()
    expect(await answer).toBe('over')
  })

  it('subscribes, publishes and hears what others say, each event once', async () => {
    const { gateway, visit } = world()
    const [ann, ben] = [await visit(), await visit()]
    await expect(ann.subscribe('private-orders.7')).rejects.toMatchObject({ code: 'unauthorized' })
    await ann.subscribe('private-orders.7', 'please')
    await ben.subscribe('private-orders.7', 'please')
    await ben.publish('private-orders.7', 'shipped', { to: 'Ghent' })
    gateway.to('private-orders.7').send('shipped', { to: 'Lille' })
    expect(await ann.events('private-orders.7', 'shipped')).toEqual([{ to: 'Ghent' }, { to: 'Lille' }])
    expect(await ann.events('private-orders.7', 'shipped')).toEqual([])
    await ann.unsubscribe('private-orders.7')
    gateway.to('private-orders.7').send('shipped', { to: 'Metz' })
    expect(await ann.heard()).toEqual([])
  })

  it('gets what is sent to it alone, and answers questions', async () => {
    const { gateway, visit, clock } = world()
    const ann = await visit()
    const client = gateway.client(ann.id)
    client?.send('notice', 'hello')
    expect(await ann.direct('notice')).toEqual(['hello'])
    ann.answer('colour', (of) => (of === 'sky' ? 'blue' : raise('I do not know')))
    const [sky, mood] = [client?.ask('colour', 'sky'), client?.ask('colour', 'mood')]
    const failure = mood?.catch((error: unknown) => error)
    await clock.settle()
    expect(await sky).toBe('blue')
    expect(await failure).toMatchObject({ code: 'answer-error' })
  })

  it('goes', async () => {
    const { gateway, visit } = world()
    const ann = await visit()
    await ann.close()
    expect(gateway.client(ann.id)).toBeUndefined()
  })

  it('is refused as by an adapter', async () => {
    const { visit } = world()
    await expect(visit({ path: '/nowhere' })).rejects.toThrow(DialRefused)
  })
})

function raise(message: string): never {
  throw new Error(message)
}
