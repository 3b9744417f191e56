import type { Contract, Gateway, User } from '@fanfare/core'
import { serve, type Served } from '@fanfare/ws'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { until } from '../support/until.ts'
import { type Page, runSnippet, type Snippet } from './snippet.ts'
import {
  type Account,
  broadcastingBackend,
  pkgWebsocketBackend,
  websocketBackend,
} from './velocity-backends.ts'

// The client examples of three documents, run as they stand, against servers that do what the documents' servers do.

let served: Served
const pages: Snippet[] = []

function open(name: string, page: Page): Snippet {
  const snippet = runSnippet(name, `ws://127.0.0.1:${String(served.port)}`, page)
  pages.push(snippet)
  return snippet
}

async function serving<U extends User>(gateway: Gateway<Contract, U>): Promise<Gateway<Contract, U>> {
  served = await serve(gateway, { path: '/ws' })
  return gateway
}

afterEach(async () => {
  await Promise.all(pages.splice(0).map((page) => page.close()))
  await served.close()
})

/** The id that a page was greeted with. */
function idOf({ received }: Snippet): string {
  const messages = received as { type?: string; event?: string; data: { client_id?: string } }[]
  const welcome = messages.find(({ type, event }) => (type ?? event) === 'welcome')
  return welcome?.data.client_id ?? 'nobody'
}

/** The messages that a page got. */
function received(page: { readonly received: readonly unknown[] }): Record<string, unknown>[] {
  return page.received as Record<string, unknown>[]
}

describe("the client of Velocity's broadcasting package", () => {
  let gateway: Gateway
  beforeEach(async () => {
    gateway = await serving(broadcastingBackend())
  })

  const visit = (authToken: string): Snippet =>
    open('broadcasting.js', { values: { authToken }, functions: ['updateOrderUI'] })

  it('is subscribed to a public and to a private channel, and shows shipped orders', async () => {
    const page = visit('token-of-123')
    await page.heard('subscription_succeeded', 2)
    expect(page.url).toBe('ws://localhost:6001/ws')
    expect(page.sent).toEqual([
      { type: 'subscribe', data: { channel: 'orders' } },
      { type: 'subscribe', data: { channel: 'private-user.123', auth: 'token-of-123' } },
    ])
    const shipped = { order_id: 12345, tracking: 'ABC123' }
    const data = JSON.stringify(shipped)
    gateway.to(['orders', 'private-user.123']).send('order.shipped', shipped)
    gateway.to('orders').send('OrderUpdate', { order_id: 1 })
    await page.heard('OrderUpdate')
    expect(page.calls).toEqual([
      ['updateOrderUI', shipped],
      ['updateOrderUI', shipped],
    ])
    const id = idOf(page)
    expect(page.logs).toEqual([
      'Connected to WebSocket',
      `Received event: welcome {"id":"${id}","client_id":"${id}","message":"connected","version":"1.0.0"}`,
      'Subscribed to: orders',
      'Subscribed to: private-user.123',
      `Order shipped: ${data}`,
      `Order shipped: ${data}`,
      'Received event: OrderUpdate {"order_id":1}',
    ])
    expect(page.received.slice(3, 5)).toEqual([
      { type: 'order.shipped', data: shipped, channel: 'orders' },
      { type: 'order.shipped', data: shipped, channel: 'private-user.123' },
    ])
  })

  it('is told that it may not have the private channel of somebody else, and keeps the public one', async () => {
    const page = visit('token-of-124')
    await page.heard('error')
    expect(page.received.at(-1)).toEqual({
      type: 'error',
      data: {
        message: 'not allowed to subscribe to private-user.123',
        code: 'UNAUTHORIZED',
        event: 'subscribe',
        channel: 'private-user.123',
      },
    })
    gateway.to('private-user.123').send('order.shipped', { order_id: 1 })
    gateway.to('orders').send('order.shipped', { order_id: 2 })
    await page.heard('order.shipped')
    expect(page.calls).toEqual([['updateOrderUI', { order_id: 2 }]])
  })

  it('does not get what is meant for the others', async () => {
    const [ann, bob] = [visit('token-of-1'), visit('token-of-2')]
    await Promise.all([ann.heard('subscription_succeeded'), bob.heard('subscription_succeeded')])
    const orders = gateway.to('orders')
    orders.except(idOf(ann)).send('order.shipped', { order_id: 1 })
    orders.send('order.shipped', { order_id: 2 })
    await Promise.all([ann.heard('order.shipped'), bob.heard('order.shipped', 2)])
    expect(ann.calls).toEqual([['updateOrderUI', { order_id: 2 }]])
    expect(bob.calls).toEqual([
      ['updateOrderUI', { order_id: 1 }],
      ['updateOrderUI', { order_id: 2 }],
    ])
  })

  it('sees who is in a presence channel, and others come and go', async () => {
    const [ann, bob] = [visit('token-of-1'), visit('token-of-2')]
    const channel = 'presence-chat.room.1'
    const join = (page: Snippet, auth: string): void =>
      page.socket.send(JSON.stringify({ type: 'subscribe', data: { channel, auth } }))
    await Promise.all([ann.heard('error'), bob.heard('error')])
    join(ann, 'token-of-1')
    await ann.heard('presence:subscription_succeeded')
    join(bob, 'token-of-2')
    await Promise.all([ann.heard('presence:member_added'), bob.heard('presence:subscription_succeeded')])
    const [one, two] = [1, 2].map((id) => ({ id, info: { name: `user ${String(id)}` } }))
    expect(ann.received.slice(-3)).toEqual([
      { type: 'subscription_succeeded', data: { channel } },
      { type: 'presence:subscription_succeeded', data: { channel, members: [one] } },
      { type: 'presence:member_added', data: { channel, member: two } },
    ])
    expect(bob.received.at(-1)).toEqual({
      type: 'presence:subscription_succeeded',
      data: { channel, members: [one, two] },
    })
    await bob.close()
    await ann.heard('presence:member_removed')
    expect(ann.logs.at(-1)).toBe(
      `Received event: presence:member_removed ${JSON.stringify({ channel, member: two })}`,
    )
  })

  it('notices the end, and is told why', async () => {
    const page = visit('token-of-123')
    await page.heard('subscription_succeeded', 2)
    await served.close()
    await until(() => page.logs.at(-1) === 'WebSocket connection closed', 'the page to notice')
    expect(page.received.at(-1)).toEqual({ type: 'error', data: { message: 'shutdown', code: 'SHUTDOWN' } })
  })
})

describe("the page of Velocity's websocket package", () => {
  let gateway: Gateway<Contract, Account>
  beforeEach(async () => {
    gateway = await serving(websocketBackend())
  })

  const visit = async (token = 'ann:free'): Promise<Snippet> => {
    const page = open('websocket.js', { values: { token }, functions: ['renderChat'] })
    await page.heard('chat')
    return page
  }

  it('shows its token, is greeted with its id, and joins a room', async () => {
    const page = await visit()
    expect(page.url).toBe('wss://example.com/ws?token=ann:free')
    expect(page.sent).toEqual([{ type: 'join', data: { room: 'lobby' } }])
    expect(page.logs).toEqual([`connected as ${idOf(page)}`])
    expect(page.calls).toEqual([['renderChat', 'room', 'welcome to lobby']])
    expect(gateway.group('lobby').ids()).toEqual([idOf(page)])
  })

  it('is welcomed before the application says anything', async () => {
    const page = await visit()
    const id = idOf(page)
    expect(page.received).toEqual([
      { type: 'welcome', data: { id, client_id: id, message: 'connected', version: '1.0.0' } },
      { type: 'hello', data: { user: 'ann' } },
      { type: 'chat', data: { text: 'welcome to lobby' }, from: 'room' },
    ])
  })

  it.each(['wrong', ''])('is not let in with the token %j', async (token) => {
    const page = open('websocket.js', { values: { token }, functions: ['renderChat'] })
    await until(() => page.socket.readyState === page.socket.CLOSED, 'the refusal')
    expect(page.errors).toEqual(['Unexpected server response: 401'])
    expect([page.received, page.sent]).toEqual([[], []])
    expect(gateway.stats().connections).toBe(0)
  })

  it('chats with everybody, itself included, under its own id', async () => {
    const [ann, bob] = [await visit(), await visit('bob:free')]
    ann.call('send', 'chat', { text: 'hi' })
    await Promise.all([ann.heard('chat', 3), bob.heard('chat', 2)])
    expect(ann.calls.at(-1)).toEqual(['renderChat', idOf(ann), 'hi'])
    expect(bob.calls.at(-1)).toEqual(['renderChat', idOf(ann), 'hi'])
    bob.socket.send(JSON.stringify({ type: 'chat', data: { text: 'I am Ann' }, from: idOf(ann) }))
    await ann.heard('chat', 4)
    expect(ann.calls.at(-1)).toEqual(['renderChat', idOf(bob), 'I am Ann'])
  })

  it('is refused what it may not do in the words of the handler', async () => {
    const [page, admin] = [await visit(), await visit('eve:admin')]
    page.call('send', 'admin:purge', {})
    await page.heard('error')
    expect(page.received.at(-1)).toEqual({ type: 'error', data: { reason: 'forbidden' } })
    admin.call('send', 'admin:purge', {})
    await Promise.all([page.heard('purged'), admin.heard('purged')])
    expect(page.received.at(-1)).toEqual({ type: 'purged', data: null })
  })

  it('goes on after messages that nobody handles or understands', async () => {
    const page = await visit()
    page.call('send', 'nonsense', { a: 1 })
    page.call('send', '', { a: 1 })
    page.call('send', 'chat')
    page.call('send', 'chat', { text: 'still here' })
    await page.heard('chat', 2)
    expect(page.received.slice(-4)).toEqual([
      {
        type: 'error',
        data: { message: 'nobody here handles that', code: 'INVALID_EVENT', event: 'nonsense' },
      },
      { type: 'error', data: { message: 'Event name is required', code: 'INVALID_EVENT' } },
      { type: 'error', data: { message: 'text is a string', code: 'INVALID_DATA', event: 'chat' } },
      expect.objectContaining({ type: 'chat', data: { text: 'still here' } }),
    ])
  })

  it('leaves its groups when it goes', async () => {
    const page = await visit()
    await page.close()
    await until(() => gateway.group('lobby').isEmpty, 'the group to be left')
    expect(gateway.groups()).toEqual([])
  })
})

describe("the page of Velocity's websocket package, when it says too much", () => {
  const visit = async (): Promise<Snippet> => {
    const page = open('websocket.js', { values: { token: 'ann:free' }, functions: ['renderChat'] })
    await page.heard('chat')
    return page
  }

  it('is told when to try again, and is heard then', async () => {
    await serving(websocketBackend({ rateLimit: { messages: { rate: 2, burst: 2 } } }))
    const page = await visit()
    for (const text of ['one', 'two', 'three']) page.call('send', 'chat', { text })
    await page.heard('rate_limit_exceeded')
    const limited = (page.received as { type: string }[]).find(
      ({ type }) => type === 'rate_limit_exceeded',
    ) as { data: { retry_after: number } } | undefined
    const retryNs = limited?.data.retry_after ?? 0
    expect(limited).toEqual({
      type: 'rate_limit_exceeded',
      data: { message: 'too many messages', retry_after: retryNs, event: 'chat' },
    })
    // As Go prints a duration.
    expect(retryNs).toBeGreaterThan(0)
    expect(retryNs).toBeLessThanOrEqual(500_000_000)
    const heard = page.calls.length
    // So long, and no longer.
    await new Promise((resolve) => setTimeout(resolve, retryNs / 1_000_000))
    page.call('send', 'chat', { text: 'four' })
    await until(() => page.calls.length > heard, 'the message to be heard')
    expect(page.calls.at(-1)).toEqual(['renderChat', idOf(page), 'four'])
  })

  it('is sent away, and told why', async () => {
    await serving(websocketBackend({ rateLimit: { messages: { rate: 1, burst: 1 }, strikes: 2 } }))
    const page = await visit()
    const codes: number[] = []
    page.socket.on('close', (code) => codes.push(code))
    for (const text of ['one', 'two', 'three']) page.call('send', 'chat', { text })
    await until(() => codes.length === 1, 'the end')
    expect(codes).toEqual([4102])
    const told = received(page).filter(({ type }) => type === 'rate_limit_exceeded')
    expect(told).toMatchObject([{ data: { event: 'chat' } }, { data: { event: 'chat' } }])
    expect(page.received.at(-1)).toBe(told[1])
  })
})

describe("the client of Velocity's earlier websocket package", () => {
  const NOW_S = 1_700_000_000
  let gateway: Gateway<Contract, Account>
  beforeEach(async () => {
    gateway = await serving(pkgWebsocketBackend(() => NOW_S * 1_000 + 999))
  })

  const arrive = (token: string | null): Snippet =>
    open('pkg-websocket.js', {
      values: { localStorage: { getItem: (name: string) => (name === 'auth_token' ? token : 'another') } },
      functions: ['handleWelcome', 'displayMessage', 'showUserJoined'],
    })
  const visit = async (token: string): Promise<Snippet> => {
    const page = arrive(token)
    await page.heard('authenticated')
    return page
  }

  it('is welcomed, sends its token, and is logged in', async () => {
    const page = await visit('ann:free')
    const id = idOf(page)
    expect(page.sent).toEqual([{ event: 'authenticate', data: { token: 'ann:free' } }])
    expect(page.calls).toEqual([
      ['handleWelcome', { id, client_id: id, message: 'connected', version: '1.0.0' }],
    ])
    expect(page.logs[0]).toBe('Connected to WebSocket server')
    expect(page.received.at(-1)).toEqual({ event: 'authenticated', data: { user: 'ann' } })
    expect(gateway.client(id)?.user).toEqual({ id: 'ann', plan: 'free' })
  })

  it.each(['wrong', null])('is not let in with the token %j, and told so', async (token) => {
    const page = arrive(token)
    const codes: number[] = []
    page.socket.on('close', (code) => codes.push(code))
    await until(() => codes.length === 1, 'the end')
    expect(codes).toEqual([4009])
    expect(received(page).map(({ event }) => event)).toEqual(['welcome', 'auth_failed'])
    expect(page.received[1]).toEqual({
      event: 'auth_failed',
      data: { message: 'who are you?', code: 'UNAUTHORIZED' },
    })
    expect(gateway.clients()).toEqual([])
  })

  it('may go on talking while its token is looked up', async () => {
    const page = arrive('ann:free')
    await page.heard('welcome')
    await until(() => page.sent.length === 1, 'the token to be sent')
    page.call('joinRoom', 'general')
    page.call('sendChatMessage', 'first', 'general')
    await page.heard('new_message')
    const names = (page.received as { event: string }[]).map(({ event }) => event)
    expect(names).toEqual(['welcome', 'authenticated', 'room_joined', 'new_message'])
  })

  it('joins a room, which the others are told, and talks there', async () => {
    const [ann, bob] = [await visit('ann:free'), await visit('bob:guest')]
    ann.call('joinRoom', 'general')
    await ann.heard('room_joined')
    expect(ann.received.at(-1)).toEqual({
      event: 'room_joined',
      data: { room: 'general', message: 'Successfully joined the room' },
    })
    bob.call('joinRoom', 'general')
    await Promise.all([ann.heard('user_joined'), bob.heard('room_joined')])
    const joined = { user_id: 'bob', room: 'general', message: 'User bob joined the room' }
    expect(ann.calls.at(-1)).toEqual(['showUserJoined', joined])
    bob.call('sendChatMessage', 'hello', 'general')
    await Promise.all([ann.heard('new_message'), bob.heard('new_message')])
    const message = { text: 'hello', user: 'bob', timestamp: NOW_S }
    expect(ann.calls.at(-1)).toEqual(['displayMessage', message])
    expect(bob.calls.at(-1)).toEqual(['displayMessage', message])
    expect(bob.calls.filter(([name]) => name === 'showUserJoined')).toEqual([])
  })

  it('leaves a room, which the others are told', async () => {
    const [ann, bob] = [await visit('ann:free'), await visit('bob:free')]
    for (const page of [ann, bob]) {
      page.call('joinRoom', 'general')
      await page.heard('room_joined')
    }
    bob.call('sendMessage', 'leave_room', { room: 'general' })
    await ann.heard('user_left')
    expect(ann.received.at(-1)).toEqual({
      event: 'user_left',
      data: { user_id: 'bob', room: 'general', message: 'User bob left the room' },
    })
    expect(ann.logs.at(-1)).toBe('Unknown message event: user_left')
    expect(bob.received.some((message) => (message as { event: string }).event === 'user_left')).toBe(false)
  })

  it('gets what is for its user in each of its tabs', async () => {
    const [tab, other, bob] = [await visit('ann:free'), await visit('ann:free'), await visit('bob:free')]
    expect(gateway.toUser('ann').send('new_message', { text: 'for Ann' })).toBe(2)
    await Promise.all([tab.heard('new_message'), other.heard('new_message')])
    expect(tab.calls.at(-1)).toEqual(['displayMessage', { text: 'for Ann' }])
    expect(bob.calls.filter(([name]) => name === 'displayMessage')).toEqual([])
  })

  it('pings, and gets the time in seconds', async () => {
    const page = await visit('ann:free')
    page.call('sendMessage', 'ping', {})
    await page.heard('pong')
    expect(page.received.at(-1)).toEqual({ event: 'pong', data: { timestamp: NOW_S } })
  })

  it('is told of its mistakes as the documentation has it', async () => {
    const page = await visit('bob:guest')
    page.call('sendMessage', '', {})
    page.call('sendMessage', 'chat_message', null)
    page.call('sendMessage', 'protected', {})
    await page.heard('unauthorized')
    expect(page.received.slice(-3)).toEqual([
      { event: 'error', data: { message: 'Event name is required', code: 'INVALID_EVENT' } },
      {
        event: 'error',
        data: { message: 'Message data is required', code: 'INVALID_DATA', event: 'chat_message' },
      },
      {
        event: 'unauthorized',
        data: { message: 'Authentication required for this action', event: 'protected' },
      },
    ])
  })
})
