import { ClientError, type Contract, Gateway, type GatewayOptions, type User, velocity } from '@fanfare/core'

/**
 * What the servers in the documentation of Velocity's packages do, done with a gateway: one function per document, with
 * the handlers of its examples.
 *
 * @module
 */

/** Somebody with an account. */
export interface Account extends User {
  readonly plan: 'guest' | 'free' | 'admin'
}

/** Tokens look like `ann:free`; any other is none. */
function accountOf(token: string | undefined): Account | undefined {
  const [, id, plan] = /^([a-z]+):(guest|free|admin)$/.exec(token ?? '') ?? []
  return id === undefined ? undefined : { id, plan: plan as Account['plan'] }
}

/** Document of `broadcast`: private channels by token, events from the backend. */
export function broadcastingBackend(): Gateway {
  return new Gateway({
    protocols: { '/': velocity({ key: 'type' }) },
    authorize: ({ channel, credentials }) => {
      const user = /^token-of-(\d+)$/.exec(String(credentials))?.[1]
      if (channel.startsWith('private-user.')) return channel === `private-user.${String(user)}`
      const member = { id: Number(user), info: { name: `user ${String(user)}` } }
      return { allowed: user !== undefined && channel.startsWith('presence-chat.'), member }
    },
  })
}

/** Document of `websocket`: a token in the address, chat with everybody, a room to join, an administrator's command. */
export function websocketBackend(
  options: Pick<GatewayOptions, 'rateLimit'> = {},
): Gateway<Contract, Account> {
  const gateway = new Gateway({
    ...options,
    protocols: { '/': velocity({ key: 'type' }) },
    authenticate: ({ token }) => accountOf(token),
  })
  gateway.onConnect((client) => {
    client.metadata.set('plan', client.user?.plan)
    client.send('hello', { user: client.user?.id })
  })
  return gateway
    .on('chat', ({ id }, { data }) => {
      gateway.everyone().send('chat', { text: textIn(data, 'text') }, { from: { client: id } })
    })
    .on('join', (client, { data }) => {
      const room = textIn(data, 'room')
      const from = { client: 'room' }
      gateway
        .group(room)
        .add(client)
        .send('chat', { text: `welcome to ${room}` }, { from })
    })
    .on('admin:purge', (client) => {
      if (client.metadata.get('plan') !== 'admin') client.send('error', { reason: 'forbidden' })
      else gateway.broadcast('purged', null)
    })
}

/** How long looking up a token takes. */
const LOOKUP_MS = 20

/** Document of `pkg/websocket`: a token in the first message, rooms, and events that are not for guests. */
export function pkgWebsocketBackend(now: () => number): Gateway<Contract, Account> {
  const gateway = new Gateway({
    protocols: { '/': velocity({ key: 'event', now }) },
    authenticateAt: 'message',
    authenticate: async ({ token }) => {
      await new Promise((resolve) => setTimeout(resolve, LOOKUP_MS))
      return accountOf(token)
    },
  })
  const about = (user: User | undefined, room: string, does: string): object => ({
    user_id: user?.id,
    room,
    message: `User ${String(user?.id)} ${does} the room`,
  })
  return gateway
    .on('join_room', (client, { data }) => {
      const room = textIn(data, 'room')
      gateway
        .group(room)
        .add(client)
        .except(client.id)
        .send('user_joined', about(client.user, room, 'joined'))
      client.send('room_joined', { room, message: 'Successfully joined the room' })
    })
    .on('leave_room', (client, { data }) => {
      const room = textIn(data, 'room')
      gateway
        .group(room)
        .remove(client)
        .send('user_left', about(client.user, room, 'left'))
    })
    .on('chat_message', ({ user }, { data }) => {
      gateway.group(textIn(data, 'room')).send('new_message', {
        text: textIn(data, 'text'),
        user: user?.id,
        timestamp: Math.floor(now() / 1_000),
      })
    })
    .on('protected', (client) => {
      if (client.user?.plan !== 'guest') return
      throw new ClientError('unauthorized', 'Authentication required for this action')
    })
}

/** A text in the data of a message. @throws ClientError when there is none */
function textIn(data: unknown, name: string): string {
  const value = (data as Record<string, unknown> | null)?.[name]
  if (typeof value !== 'string') throw new ClientError('bad-frame', `${name} is a string`)
  return value
}
