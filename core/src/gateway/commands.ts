import type { Command } from '../contract/protocol.ts'
import { classifyChannel } from '../ground/channel-name.ts'
import { ClientError, FanfareError } from '../ground/errors.ts'
import type { Why } from '../ground/why.ts'
import type { CommandTable, Connection } from './connection.ts'
import { GatewayMessage } from './gateway-message.ts'

/** What is done with each command. A promise is waited for before the client's next command. */
export const COMMANDS: CommandTable = {
  subscribe,
  unsubscribe: ({ client, host }, { channel, ref }) => host.hub.unsubscribe(client, channel, { ref }),
  publish,
  call: (connection, command) => connection.handle(command, new GatewayMessage(command.method, command.data)),
  raw: (connection, command) => connection.handle(command, new GatewayMessage('', command.data)),
  members,
  ping: (connection, { ref }) => connection.tell({ on: 'pong', ref }),
  pong: () => {},
  reject: (connection, command) => {
    connection.refuse(command, command.why, command.detail)
    if (command.close) connection.client.close(command.why, command.detail)
  },
  auth: notYet,
  send: notYet,
  answer: notYet,
}

/** Not waited for: an authorizer that takes its time must not hold up what else the client says. */
function subscribe(connection: Connection, command: Extract<Command, { do: 'subscribe' }>): void {
  const { channel, ref, credentials } = command
  connection.host.hub
    .subscribe(connection.client, channel, { ref, credentials })
    .catch((error: unknown) => connection.fail(command, toClientError(error)))
}

/** Errors of a subscribe that are the client's own doing, or that it has to know, and the word for each. */
const SUBSCRIBE_FAULTS: ReadonlyMap<string, Why> = new Map<string, Why>([
  ['bad-name', 'bad-name'],
  ['unauthorized', 'unauthorized'],
  ['limit', 'limit'],
  ['cancelled', 'cancelled'],
  ['hub-closed', 'shutdown'],
])

function toClientError(error: unknown): unknown {
  if (!(error instanceof FanfareError)) return error
  const why = SUBSCRIBE_FAULTS.get(error.code)
  return why === undefined ? error : new ClientError(why, error.message, { cause: error })
}

/**
 * A message to the others in a private or presence channel that the client is subscribed to. An application that handles
 * the event gets it instead, and decides itself who gets what.
 */
function publish(connection: Connection, command: Extract<Command, { do: 'publish' }>): void | Promise<void> {
  const { client, host } = connection
  const { channel, event, data, ref } = command
  if (!client.subscribedTo(channel)) throw new ClientError('not-subscribed', 'subscribe to the channel first')
  if (host.handlerFor(event)) return connection.handle(command, new GatewayMessage(event, data, channel))
  if (classifyChannel(channel) === 'public') {
    throw new ClientError('forbidden', 'clients publish to private and presence channels only')
  }
  const except = command.echo ? undefined : [client.id]
  return host.hub.publish({ channel, event, data: data.data, except, from: { client: client.id } }).then(
    () => {
      if (ref !== undefined) connection.tell({ on: 'reply', ref })
    },
    (error: unknown) => connection.fail(command, error, 'relay'),
  )
}

/** Only those who are in a presence channel may see who else is. */
function members(connection: Connection, command: Extract<Command, { do: 'members' }>): void {
  const roster = connection.host.hub.roster(connection.client, command.channel)
  if (!roster) throw new ClientError('not-subscribed', 'subscribe to the presence channel first')
  connection.tell({ on: 'members', ref: command.ref, channel: command.channel, roster })
}

function notYet(connection: Connection, command: Command): void {
  connection.refuse(command, 'disabled', 'this server does not offer that')
}
