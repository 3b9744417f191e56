import { FanfareClient, type ClientOptions, type EventOf, type WebSocketClass } from '@fanfare/client'
import { defineContract } from '@fanfare/core/contract'
import { WebSocket as NodeWebSocket } from 'ws'
import { z } from 'zod'

export const contract = defineContract({
  events: {
    'orders.{orgId}': { shipped: z.object({ id: z.number() }), cancelled: z.string() },
    'presence-room.{id}': { typing: z.boolean() },
  },
  direct: { notice: z.object({ text: z.string() }), at: z.string().transform((text) => new Date(text)) },
  messages: {
    sum: { data: z.array(z.number()), reply: z.object({ total: z.number() }) },
    reload: {},
  },
  questions: { colour: { data: z.object({ of: z.string() }), reply: z.string() } },
  presence: {
    'presence-room.{id}': z.object({ name: z.string() }),
    'presence-lobby': z.object({ seat: z.number() }),
  },
})

const client = new FanfareClient<typeof contract>('ws://server')
const orders = client.channel('orders.7')

export async function events(): Promise<void> {
  orders.on('shipped', ({ id }, { event, from }) => [id.toFixed(), event satisfies 'shipped', from?.user])
  orders.on('cancelled', (why) => why.toUpperCase())
  // @ts-expect-error there is no such event on that channel
  orders.on('typing', () => {})
  // @ts-expect-error there is no such channel
  client.channel('invoices.7')
  // @ts-expect-error its data is an object
  orders.on('shipped', (data: string) => data)
  for await (const event of orders) {
    if (event.event === 'shipped') event.data.id.toFixed()
    else event.data.toUpperCase()
    // @ts-expect-error it is one or the other
    void event.data.id
  }
  const one: EventOf<typeof contract, 'orders.7'> = { channel: 'orders.7', event: 'cancelled', data: 'late' }
  await orders.publish('shipped', { id: 1 }, { echo: true })
  // @ts-expect-error its id is a number
  await orders.publish('shipped', { id: 'one' })
  void one
}

export async function presence(): Promise<void> {
  const room = client.channel('presence-room.1')
  void room.members[0]?.info?.name.toUpperCase()
  room.when('joined', ({ id, info }) => [id, info?.name])
  room.when('subscribed', ({ me, members }) => [me?.info?.name, members.length])
  room.when('gap', ({ count, reason }) => [count.toFixed(), reason])
  const lobby = client.channel('presence-lobby')
  lobby.me?.info?.seat.toFixed()
  // @ts-expect-error info has no such field
  void lobby.me?.info?.name
  // @ts-expect-error 'joined' is no event, so on() does not know it
  room.on('joined', () => {})
  // @ts-expect-error there is no such signal
  room.when('typing', () => {})
}

export async function messages(): Promise<void> {
  const { total } = await client.call('sum', [1, 2], { timeoutMs: 100, signal: AbortSignal.timeout(50) })
  total.toFixed()
  await client.call('reload')
  client.notify('sum', [1])
  // @ts-expect-error its data is a list of numbers
  await client.call('sum', 'one')
  // @ts-expect-error its data may not be left out
  await client.call('sum')
  // @ts-expect-error there is no such message
  client.notify('multiply', [1])
  client.onDirect('notice', ({ text }) => text.toUpperCase())
  await client.send({ user: 'ada' }, 'notice', { text: 'hi' })
  // What is written is what the schema takes, not what it makes of it.
  await client.send('1.1', 'at', '2026-01-01')
  // @ts-expect-error it has a text
  await client.send('1.1', 'notice', {})
  client.answer('colour', ({ of }) => of)
  client.answer('colour', async ({ of }) => of)
  // @ts-expect-error the answer is a string
  client.answer('colour', () => 7)
}

export async function withoutContract(): Promise<void> {
  const any = new FanfareClient('ws://server')
  any.channel('whatever').on('x', (data: unknown) => data)
  const answer: unknown = await any.call('anything', { at: 'all' })
  any.on('state', ({ state, retryInMs }) => [
    state satisfies 'idle' | 'connecting' | 'open' | 'waiting' | 'closed',
    retryInMs,
  ])
  void answer
}

// The classes of the browser and of the package `ws` will do.
export const classes: WebSocketClass[] = [WebSocket, NodeWebSocket]
export const options: ClientOptions = {
  getToken: async () => 'token',
  WebSocket: NodeWebSocket,
  queue: { messages: 5 },
}
