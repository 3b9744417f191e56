import type { Command } from '../contract/protocol.ts'
import { classifyChannel } from '../ground/channel-name.ts'
import { ClientError, FanfareError, isOutage, LimitError, UnauthorizedError } from '../ground/errors.ts'
import type { Why } from '../ground/why.ts'
import type { Client } from '../hub/client.ts'
import type { CommandTable, Connection } from './connection.ts'
import { GatewayMessage } from './gateway-message.ts'
import { answered, handled, LaterAnswer } from './handling.ts'
import { MAX_WAITING_BYTES } from './inbox.ts'
import { beginJoin, callOffJoins, endJoin, type Join } from './joins.ts'
import { after } from './settle.ts'

/** How large a message with credentials may be: they are kept as long as what they were given for. */
const MAX_CREDENTIALS_BYTES = 32_768

type Of<Do extends Command['do']> = Extract<Command, { do: Do }>

/** What is done with each command. A promise is waited for before the client's next command. */
export const COMMANDS: CommandTable = {
  auth,
  subscribe,
  unsubscribe,
  publish,
  send,
  call: (connection, command) => message(connection, command, command.method),
  raw: (connection, command) => message(connection, command, ''),
  answer,
  members,
  ping: (connection, { ref }) => connection.tell({ on: 'pong', ref }),
  pong: (connection) => {
    connection.pongs++
  },
  reject: (connection, command) => {
    connection.refuse(command, command.why, command.detail)
    if (command.close) connection.client.close(command.why, command.detail)
  },
}

/** Waited for: what the client says meanwhile is run as the one it turned out to be. */
async function auth(connection: Connection, command: Of<'auth'>, bytes: number): Promise<void> {
  const { face, host } = connection
  try {
    checkCredentials(bytes)
    const user = await host.authentication.byMessage(command.credentials, face.handshake, (giveUp) => {
      connection.giveUp = giveUp
    })
    if (!connection.client.connected) return
    if (face.user && face.user.id !== user.id) throw new ClientError('forbidden', 'that is somebody else')
    connection.authDue = false
    connection.tell({ on: 'authed', ref: command.ref, user: user.id })
    host.identified(connection, user)
  } catch (error) {
    if (!connection.client.connected) return
    connection.fail(command, error)
    if (connection.authDue) connection.client.close('unauthorized')
  }
}

/** Not waited for: an authorizer that takes its time must not hold up what else the client says. */
function subscribe(connection: Connection, command: Of<'subscribe'>, bytes: number): void {
  const { client, host } = connection
  const { channel, ref, credentials } = command
  if (credentials !== undefined) checkCredentials(bytes)
  // Fresh credentials for a channel it is in already renew the grant.
  const renews =
    credentials !== undefined && client.subscribedTo(channel) && classifyChannel(channel) !== 'public'
  const options = { ref, credentials }
  const join = beginJoin(connection, channel)
  connection.hold(bytes)
  const ask = (): Promise<void> =>
    renews ? host.hub.renew(client, channel, options) : host.hub.subscribe(client, channel, options)
  const goesInside = host.pipeline.goesAround('subscribe')
  const asked = goesInside ? inside(connection, command, { join, ask }) : ask()
  const ended = (): void => {
    connection.release(bytes)
    endJoin(connection, join)
  }
  asked
    .then(ended, (error: unknown) => {
      ended()
      connection.fail(command, goesInside ? error : toClientError(error), 'middleware')
    })
    .catch(() => {})
}

/** A subscribe inside its middleware. */
async function inside(
  connection: Connection,
  { channel, credentials }: Of<'subscribe'>,
  { join, ask }: { readonly join: Join; readonly ask: () => Promise<void> },
): Promise<void> {
  const enter = async (): Promise<void> => {
    join.admitted = true
    if (join.calledOff) throw new ClientError('cancelled', 'unsubscribed before there was an answer')
    await ask().catch((error: unknown) => {
      throw toClientError(error)
    })
  }
  const context = connection.context('subscribe', { channel, credentials })
  await connection.host.pipeline.run(context, enter)
  if (!join.admitted) throw new ClientError('forbidden', 'not allowed to subscribe')
}

function unsubscribe(connection: Connection, { channel, ref }: Of<'unsubscribe'>): void {
  const { client, host } = connection
  callOffJoins(connection, channel)
  host.hub.unsubscribe(client, channel, { ref })
}

/** @throws ClientError `too-large` */
function checkCredentials(bytes: number): void {
  if (bytes <= MAX_CREDENTIALS_BYTES) return
  throw new ClientError('too-large', `credentials are larger than ${String(MAX_CREDENTIALS_BYTES)} bytes`)
}

/** Errors of a subscribe that are the client's own doing, or that it has to know, and the word for each. */
const SUBSCRIBE_FAULTS: ReadonlyMap<string, Why> = new Map<string, Why>([
  ['bad-name', 'bad-name'],
  ['limit', 'limit'],
  ['cancelled', 'cancelled'],
  ['hub-closed', 'shutdown'],
])

function toClientError(error: unknown): unknown {
  if (!(error instanceof FanfareError)) return error
  const why = error instanceof UnauthorizedError ? error.why : SUBSCRIBE_FAULTS.get(error.code)
  if (why === undefined) return error
  const afterMs = error instanceof LimitError ? error.afterMs : undefined
  return new ClientError(why, error.message, { cause: error, afterMs })
}

/** A message for the application. */
function message(connection: Connection, command: Of<'call' | 'raw'>, name: string): void | Promise<void> {
  const { host } = connection
  const handler = host.handlers.for(name)
  if (handler === 'ignore') return undefined
  if (handler === 'error') {
    if (command.do !== 'raw') connection.refuse(command, 'unknown', 'nobody here handles that')
    return undefined
  }
  if (command.do === 'call' && !host.validation.knows(name)) {
    host.handlers.unknown++
    connection.refuse(command, 'unknown', 'there is no such message')
    return undefined
  }
  const said = new GatewayMessage(name, command.data)
  const context = connection.context('message', { message: said })
  return answered(connection, command, () => {
    const valid = command.do === 'raw' ? undefined : host.validation.message(said)
    return handled(connection, context, valid, handler)
  })
}

/**
 * A message to the others in a private or presence channel that the client is subscribed to. An application that handles
 * the event gets it instead, and decides itself who gets what.
 */
function publish(connection: Connection, command: Of<'publish'>, bytes: number): void | Promise<void> {
  const { client, host } = connection
  const { channel, event } = command
  if (!client.subscribedTo(channel)) throw new ClientError('not-subscribed', 'subscribe to the channel first')
  const handles = host.handlers.has(event)
  if (!handles && classifyChannel(channel) === 'public') {
    throw new ClientError('forbidden', 'clients publish to private and presence channels only')
  }
  const said = new GatewayMessage(event, command.data, channel)
  const context = connection.context('publish', { message: said, channel })
  const handler = handles ? host.handlers.for(event) : undefined
  if (typeof handler === 'function') {
    return answered(connection, command, () =>
      handled(connection, context, host.validation.event(said), handler),
    )
  }
  let relayed: LaterAnswer | undefined
  const step = (): void => {
    relayed = new LaterAnswer(relay(connection, command, bytes))
  }
  return answered(connection, command, () =>
    after(handled(connection, context, host.validation.event(said), step), () => relayed),
  )
}

/**
 * The text goes to the others as the client wrote it. What the client says next does not wait for the bus: what it publishes
 * reaches it in order all the same.
 */
async function relay(
  connection: Connection,
  { channel, event, data, echo }: Of<'publish'>,
  bytes: number,
): Promise<void> {
  const { client, face, host } = connection
  if (connection.waitingBytes > MAX_WAITING_BYTES) throw new ClientError('rate', 'too much waits for the bus')
  const from = { client: client.id, user: face.user?.id }
  connection.hold(bytes)
  try {
    await host.hub.publish({ channel, event, data: data.data, except: echo ? undefined : [client.id], from })
  } catch (error) {
    if (isOutage(error)) {
      host.hub.reportRelayError(error, channel)
      throw new ClientError('local-only', 'delivered by this node alone: it has lost the others', {
        cause: error,
      })
    }
    host.failed({ error, where: 'relay', client, channel })
    throw new ClientError('internal', 'something went wrong here', { cause: error })
  } finally {
    connection.release(bytes)
  }
}

/** To one client, or to all of one user on this node. */
function send(connection: Connection, command: Of<'send'>): void | Promise<void> {
  const { client, face, host } = connection
  if (!host.directMessages) throw new ClientError('disabled', 'clients do not send to each other here')
  const { event, data, to } = command
  const said = new GatewayMessage(event, data)
  const context = connection.context('publish', { message: said })
  return answered(connection, command, () =>
    handled(connection, context, host.validation.direct(said), () => {
      const from = { client: client.id, user: face.user?.id }
      const reached = host.hub.sendToMany(addressees(connection, to), data.text, { event, from })
      if (reached === 0) throw new ClientError('not-found', 'nobody here has that id')
    }),
  )
}

function addressees({ host }: Connection, to: Of<'send'>['to']): Iterable<Client> {
  if (to.user !== undefined) return host.clientsOf(to.user)
  const client = host.hub.client(to.client ?? '')
  return client ? [client] : []
}

function answer(connection: Connection, command: Of<'answer'>): void {
  if (!connection.questions.answer(command.ref, command.data, command.error)) {
    throw new ClientError('not-found', 'there is no such question')
  }
}

/** Only those who are in a presence channel may see who else is. */
function members(connection: Connection, command: Of<'members'>): void {
  const roster = connection.host.hub.roster(connection.client, command.channel)
  if (!roster) throw new ClientError('not-subscribed', 'subscribe to the presence channel first')
  connection.tell({ on: 'members', ref: command.ref, channel: command.channel, roster })
}
