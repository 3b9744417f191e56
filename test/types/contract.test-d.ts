import type {
  ChannelNames,
  Contract,
  EventInput,
  EventNames,
  EventOutput,
  InfoOf,
  MessageNames,
  MessageOutput,
  ParamsOf,
  ReplyInput,
} from '@fanfare/core/contract'
import { defineContract, Gateway } from '@fanfare/core'
import { type } from 'arktype'
import * as v from 'valibot'
import { z } from 'zod'

// What does not compile here is the failure; `@ts-expect-error` is the assertion that something must not compile.

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
function holds<_Fact extends true>(): void {}

const contract = defineContract({
  events: {
    'orders.{orgId}': {
      shipped: z.object({ id: z.number() }),
      paid: z.object({ at: z.string().transform((text) => new Date(text)) }),
    },
    lobby: { chat: v.string() },
  },
  direct: { note: z.string() },
  messages: {
    chat: { data: z.object({ text: z.string() }), reply: z.object({ ok: z.boolean() }) },
    count: { data: type({ n: 'number' }) },
    hello: {},
  },
  questions: { color: { data: z.object({ why: z.string() }), reply: z.enum(['red', 'blue']) } },
  presence: { 'presence-room.{id}': z.object({ name: z.string() }) },
})
type C = typeof contract

holds<Equal<EventNames<C, 'orders.7'>, 'shipped' | 'paid'>>()
holds<Equal<EventNames<C, 'lobby'>, 'chat'>>()
holds<Equal<EventInput<C, 'orders.7', 'shipped'>, { id: number }>>()
holds<Equal<EventInput<C, 'orders.{orgId}', 'shipped'>, { id: number }>>()
// What a client gets is what was emitted: nothing transforms it on its way.
holds<Equal<EventOutput<C, 'orders.7', 'paid'>, { at: string }>>()
holds<Equal<MessageOutput<C, 'chat'>, { text: string }>>()
holds<Equal<MessageOutput<C, 'count'>, { n: number }>>()
holds<Equal<ReplyInput<C, 'chat'>, { ok: boolean }>>()
holds<Equal<ReplyInput<C, 'hello'>, unknown>>()
holds<Equal<MessageNames<C>, 'chat' | 'count' | 'hello'>>()
holds<Equal<ChannelNames<C>, `orders.${string}` | 'lobby'>>()
holds<Equal<InfoOf<C, 'presence-room.9'>, { name: string }>>()
holds<Equal<ParamsOf<'a.{x}.b.{y}'>, 'x' | 'y'>>()

// Without a contract everything is there, untyped.
holds<Equal<MessageNames<Contract>, string>>()
holds<Equal<EventNames<Contract, 'any'>, string>>()
holds<Equal<EventInput<Contract, 'any', 'thing'>, unknown>>()
holds<Equal<MessageOutput<Contract, 'any'>, unknown>>()

const gateway = new Gateway({
  contract,
  authenticate: ({ token }) => (token === 'ada' ? { id: 'u1', plan: 'pro' as const } : undefined),
})

gateway.on('chat', (client, message) => {
  holds<Equal<typeof message.data, { text: string }>>()
  holds<Equal<NonNullable<typeof client.user>['plan'], 'pro'>>()
  return { ok: true }
})
gateway.on('count', async (_client, message) => message.data.n)
// @ts-expect-error there is no such message
gateway.on('shout', () => undefined)
// @ts-expect-error the reply has another form
gateway.on('chat', () => ({ ok: 'yes' }))

gateway.to('orders.7').send('shipped', { id: 1 })
gateway.to(['orders.7', 'orders.8']).except('1.2').send('paid', { at: '2026-11-20' })
// @ts-expect-error there is no such event on this channel
gateway.to('orders.7').send('chat', 'hello')
// @ts-expect-error the data has another form
gateway.to('orders.7').send('shipped', { id: 'one' })
// @ts-expect-error there is no such channel
gateway.to('invoices').send('shipped', { id: 1 })

gateway.everyone().send('note', 'hello')
gateway.group('staff').except('1.2').send('note', 'hello')
// @ts-expect-error there is no such direct event
gateway.everyone().send('shipped', { id: 1 })
// @ts-expect-error the data has another form
gateway.group('staff').send('note', 7)

gateway.onConnect(async (client) => {
  const answer = await gateway.client(client.id)?.ask('color', { why: 'curious' })
  holds<Equal<typeof answer, 'red' | 'blue' | undefined>>()
})

const untyped = new Gateway()
untyped.on('anything', (_client, message) => {
  holds<Equal<typeof message.data, unknown>>()
  return message.text
})
untyped.to('any').send('thing', { at: 'all' })
untyped.broadcast('thing', 1)
