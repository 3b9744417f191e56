import type { Driver } from '@fanfare/broadcasting'
import { defineContract } from '@fanfare/core/contract'
import { z } from 'zod'
import { Broadcaster } from '@fanfare/broadcasting'
import { broadcast, defaultBroadcaster, setDefaultBroadcaster } from '@fanfare/broadcasting'
import { fakeBroadcaster } from '@fanfare/broadcasting/testing'
import { Hub } from '@fanfare/core'

// What does not compile here is the failure; `@ts-expect-error` is the assertion that something must not compile.

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
function holds<_Fact extends true>(): void {}

declare const driver: Driver
declare const id: string

const contract = defineContract({
  events: {
    'orders.{orgId}': {
      shipped: z.object({ id: z.number() }),
      paid: z.object({ at: z.string().transform((text) => new Date(text)) }),
    },
    'private-user.{id}': { note: z.string(), shipped: z.object({ id: z.number() }) },
    'presence-chat.{id}': { said: z.object({ text: z.string() }) },
    lobby: { chat: z.string() },
    board: { moved: z.object({ x: z.number() }) },
    desk: { moved: z.object({ y: z.number() }) },
  },
})
const broadcaster = new Broadcaster(driver, { contract, hub: new Hub() })

void broadcaster.channel('orders.7').emit('shipped', { id: 1 })
void broadcaster.channel(`orders.${id}`, 'orders.8').toOthers('1.2').when(true).emit('paid', { at: 'noon' })
void broadcaster.private('user.7').emit('note', 'hello')
void broadcaster.private(`user.${id}`).emit('note', 'hello')
void broadcaster.private('private-user.7').emit('note', 'hello')
void broadcaster.channel('private-user.7').emit('note', 'hello')
void broadcaster.presence('chat.1').emit('said', { text: 'hello' })
void broadcaster.presence('chat.1', 'presence-chat.2').emit('said', { text: 'hello' })
broadcaster.clients('lobby')

// @ts-expect-error there is no such channel
broadcaster.channel('invoices')
// @ts-expect-error it is a private one
broadcaster.channel('user.7')
// @ts-expect-error there is no such private channel
broadcaster.private('lobby')
// @ts-expect-error there is no such presence channel
broadcaster.presence('user.7')
// @ts-expect-error there is no such channel
broadcaster.clients('invoices')
// @ts-expect-error there is no such event on this channel
void broadcaster.channel('orders.7').emit('chat', 'hello')
// @ts-expect-error there is no such event on this channel
void broadcaster.private('user.7').emit('paid', { at: 'noon' })
// @ts-expect-error the data has another form
void broadcaster.channel('orders.7').emit('shipped', { id: 'one' })
// @ts-expect-error the data has another form
void broadcaster.private('user.7').emit('note', 7)
// @ts-expect-error the data has another form
void broadcaster.presence('chat.7').emit('said', 'hello')

// Of several channels: the events that all of them have.
void broadcaster.channel('orders.7').private('user.7').emit('shipped', { id: 1 })
// @ts-expect-error only one of them has it
void broadcaster.channel('orders.7').private('user.7').emit('note', 'hello')
// @ts-expect-error only one of them has it
void broadcaster.channel('orders.7', 'lobby').emit('chat', 'hello')

// @ts-expect-error what the event has on one of them is not what it has on the other
void broadcaster.channel('board', 'desk').emit('moved', { x: 1 })
void broadcaster.channel('board', 'desk').emit('moved', { x: 1, y: 2 })

// Without a contract everything is there, untyped.
const untyped = new Broadcaster(driver)
void untyped.channel('any').private('thing').presence('goes').emit('here', { at: 'all' })
void untyped.channel(id).emit(id, undefined)
untyped.clients(id)
void broadcast.channel('any').emit('thing', 1)
void broadcast.private('any').emit('thing', 1)

// A typed broadcaster can be the default, and can be had back typed.
setDefaultBroadcaster(broadcaster)
holds<Equal<ReturnType<typeof defaultBroadcaster>, Broadcaster>>()
void defaultBroadcaster().channel('any').emit('thing', 1)
void defaultBroadcaster<typeof contract>().private('user.7').emit('note', 'hello')
// @ts-expect-error there is no such event on this channel
void defaultBroadcaster<typeof contract>().private('user.7').emit('paid', 'hello')

// What takes a broadcaster takes a fake.
const fake = fakeBroadcaster<typeof contract>()
const taken: Broadcaster<typeof contract> = fake
void taken
fake.assertBroadcast('private-user.7', 'note', (data) => {
  holds<Equal<typeof data, string>>()
  return data === 'hello'
})
fake.assertBroadcast('private-user.7')
fake.assertBroadcastTimes('lobby', 'chat', 1)
// @ts-expect-error there is no such event on this channel
fake.assertBroadcast('lobby', 'note')
// @ts-expect-error there is no such channel
fake.assertNotBroadcast('invoices')
fakeBroadcaster().assertBroadcast(id, id, (data) => {
  holds<Equal<typeof data, unknown>>()
  return true
})
holds<Equal<ReturnType<typeof untyped.clients>, string[]>>()
