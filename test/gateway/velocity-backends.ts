import { type Client, ClientError, Gateway, type GatewayClient, Hub, velocity } from '@fanfare/core'

/**
 * What the servers in the documentation of Velocity's packages do, done with a gateway: one function per document, with
 * the handlers of its examples. Groups and rooms are channels here, into which the server alone puts clients.
 *
 * @module
 */

const GROUP = 'group:'
const EVERYBODY = `${GROUP}everybody`

/** Channels for the server's own sets of clients. */
class Sets {
  readonly #hub: Hub

  constructor(hub: Hub) {
    this.#hub = hub
  }

  join(client: Client, name: string): Promise<void> {
    return this.#hub.subscribe(client, name)
  }

  leave(client: Client, name: string): void {
    this.#hub.unsubscribe(client, name)
  }

  /** Sends to all in a set. */
  send(
    name: string,
    event: string,
    data: unknown,
    more: { from?: string; except?: string[] } = {},
  ): Promise<void> {
    const { from: client, except } = more
    return this.#hub.publish({
      channel: name,
      event,
      data: JSON.stringify(data),
      except,
      from: client === undefined ? undefined : { client },
    })
  }
}

/** Document of `broadcast`: private channels by token, events from the backend. */
export function broadcastingBackend(): Gateway {
  const hub = new Hub({
    authorizer: ({ channel, credentials }) => {
      const user = /^token-of-(\d+)$/.exec(String(credentials))?.[1]
      if (channel.startsWith('private-user.')) return channel === `private-user.${String(user)}`
      if (channel.startsWith('presence-chat.'))
        return {
          allowed: user !== undefined,
          member: { id: Number(user), info: { name: `user ${String(user)}` } },
        }
      return false
    },
  })
  return new Gateway({ hub, protocols: { '/': velocity({ key: 'type' }) } })
}

/** Document of `websocket`: chat with everybody, a room to join, an administrator's command. */
export function websocketBackend(): Gateway {
  const hub = new Hub()
  const gateway = new Gateway({ hub, protocols: { '/': velocity({ key: 'type' }) } })
  const sets = new Sets(hub)
  hub.on('connect', (client) => void sets.join(client, EVERYBODY))
  return gateway
    .on('chat', (client, { data }) =>
      sets.send(EVERYBODY, 'chat', { text: textIn(data, 'text') }, { from: client.id }),
    )
    .on('join', async ({ client }, { data }) => {
      const room = textIn(data, 'room')
      await sets.join(client, GROUP + room)
      await sets.send(GROUP + room, 'chat', { text: `welcome to ${room}` }, { from: 'room' })
    })
    .on('admin:purge', (client) => {
      if (client.metadata.get('plan') !== 'admin') client.send('error', { reason: 'forbidden' })
    })
}

/** Document of `pkg/websocket`: rooms, and events for which one has to be logged in. */
export function pkgWebsocketBackend(now: () => number): Gateway {
  const hub = new Hub()
  const gateway = new Gateway({ hub, protocols: { '/': velocity({ key: 'event', now }) } })
  const sets = new Sets(hub)
  const announce = (room: string, event: string, { id }: GatewayClient, does: string): Promise<void> =>
    sets.send(
      GROUP + room,
      event,
      { user_id: id, room, message: `User ${id} ${does} the room` },
      { except: event === 'user_joined' ? [id] : [] },
    )
  return gateway
    .on('join_room', async (client, { data }) => {
      const room = textIn(data, 'room')
      await sets.join(client.client, GROUP + room)
      await announce(room, 'user_joined', client, 'joined')
      client.send('room_joined', { room, message: 'Successfully joined the room' })
    })
    .on('leave_room', (client, { data }) => {
      const room = textIn(data, 'room')
      sets.leave(client.client, GROUP + room)
      return announce(room, 'user_left', client, 'left')
    })
    .on('chat_message', (client, { data }) =>
      sets.send(GROUP + textIn(data, 'room'), 'new_message', {
        text: textIn(data, 'text'),
        user: client.id,
        timestamp: Math.floor(now() / 1_000),
      }),
    )
    .on('protected', (client) => {
      if (client.metadata.get('authenticated') === true) return
      throw new ClientError('unauthorized', 'Authentication required for this action')
    })
}

/** A text in the data of a message. @throws ClientError when there is none */
function textIn(data: unknown, name: string): string {
  const value = (data as Record<string, unknown> | null)?.[name]
  if (typeof value !== 'string') throw new ClientError('bad-frame', `${name} is a string`)
  return value
}
