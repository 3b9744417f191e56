import type { Lane, Message } from '@fanfare/core'
import type { MemoryConn } from '@fanfare/core/testing'
import { type Action, CHANNELS } from './actions.ts'
import type { Stage } from './stage.ts'

/** What the hub and its model have in common: the same can be done to both. Clients are named by their number. */
export interface Side {
  readonly stage: Stage
  readonly conns: readonly MemoryConn[]
  add(dialect: number, highWater: number): void
  subscribe(client: number, channel: string, options: { credentials?: unknown; ref?: number }): void
  unsubscribe(client: number, channel: string, ref: number | undefined): void
  renew(client: number, channel: string, options: { credentials?: unknown; ref?: number }): void
  review(channel: string): void
  broadcast(
    channels: string | string[],
    data: Data,
    options: { except?: string | string[]; key?: string },
  ): void
  publish(message: Message): void
  deliver(message: Message): void
  malformed(): void
  send(client: number, data: Data, options: { event?: string; key?: string }): void
  sendTo(id: string, data: Data): void
  sendToMany(clients: number[], data: Data, options: { key?: string }): void
  tell(client: number, lane: Lane, data: string): void
  gap(channel: string): void
  close(client: number, code: number | 'terminated' | 'slow' | undefined, reason: string | undefined): void
  leave(client: number): void
  serve(client: number): void
  attach(): void
  detach(): void
  closeHub(): void
}

export type Data = string | Uint8Array

/** The ids that a test hub gives. */
export function clientId(client: number): string {
  return `1.${String(client + 1)}`
}

/** Does something to one side. What it throws is noted by its code. */
export function perform(side: Side, action: Action): void {
  const handler = HANDLERS[action.do] as (side: Side, action: Action) => void
  try {
    handler(side, action)
  } catch (error) {
    const code = (error as { code?: unknown }).code
    if (typeof code !== 'string') throw error
    side.stage.log.push(`${action.do} throws ${code}`)
  }
}

type Handlers = {
  readonly [Verb in Action['do']]: (side: Side, action: Extract<Action, { do: Verb }>) => void
}

const HANDLERS: Handlers = {
  add: (side, { dialect, highWater }) => side.add(dialect, highWater),
  subscribe: (side, { client, channel, credentials, ref }) =>
    withClient(side, client, (at) => side.subscribe(at, name(channel), defined({ credentials, ref }))),
  unsubscribe: (side, { client, channel, ref }) =>
    withClient(side, client, (at) => side.unsubscribe(at, name(channel), ref)),
  renew: (side, { client, channel, credentials, ref }) =>
    withClient(side, client, (at) => side.renew(at, name(channel), defined({ credentials, ref }))),
  review: (side, { channel }) => side.review(name(channel)),
  broadcast: (side, { channels, except, key, content }) => {
    const [only, ...others] = ids(side, except)
    side.broadcast(
      channels.length === 1 ? name(channels[0]!) : channels.map(name),
      side.stage.content(content),
      defined({ key, except: only !== undefined && others.length === 0 ? only : ids(side, except) }),
    )
  },
  publish: (side, { channel, except, event, key, content }) => {
    const data = side.stage.content(content)
    side.publish({ channel: name(channel), data, ...defined({ event, key, except: ids(side, except) }) })
  },
  deliver: (side, { channel, content }) =>
    side.deliver({ channel: name(channel), data: side.stage.content(content), id: 'from the bus' }),
  malformed: (side) => side.malformed(),
  send: (side, { client, event, key, content }) =>
    withClient(side, client, (at) => side.send(at, side.stage.content(content), defined({ event, key }))),
  sendTo: (side, { client, content }) => side.sendTo(ids(side, [client])[0]!, side.stage.content(content)),
  sendToMany: (side, { clients, key, content }) => {
    const known = clients.filter((at) => at < side.conns.length)
    side.sendToMany(known, side.stage.content(content), defined({ key }))
  },
  tell: (side, { client, lane, size }) =>
    withClient(side, client, (at) => side.tell(at, lane, 't'.repeat(size))),
  gap: (side, { channel }) => side.gap(name(channel)),
  close: (side, { client, code, reason }) => withClient(side, client, (at) => side.close(at, code, reason)),
  leave: (side, { client }) => withClient(side, client, (at) => side.leave(at)),
  serve: (side, { client }) => withClient(side, client, (at) => side.serve(at)),
  says: (side, { client, size }) => withConn(side, client, (conn) => conn.says('s'.repeat(size))),
  peerCloses: (side, { client, code }) => withConn(side, client, (conn) => conn.peerCloses(code, 'bye')),
  stall: (side, { client }) => withConn(side, client, (conn) => conn.stall()),
  resume: (side, { client }) => withConn(side, client, (conn) => conn.resume()),
  failNextWrite: (side, { client }) => withConn(side, client, (conn) => conn.failNextWrite()),
  drain: (side, { client, frames }) => withConn(side, client, (conn) => conn.drain(frames)),
  answer: ({ stage }, { call, how }) => nth(stage.openAnswers, call)?.(how),
  authorizer: ({ stage }, { how }) => void (stage.answer = how),
  attach: (side) => side.attach(),
  detach: (side) => side.detach(),
  relayAnswer: ({ stage }, { call, ok }) => nth(stage.openRelayCalls, call)?.(ok),
  relay: ({ stage }, { open, publish }) => void (stage.relay = { open, publish }),
  closeHub: (side) => side.closeHub(),
}

function name(channel: number): string {
  return CHANNELS[channel % CHANNELS.length]!
}

/** The ids of clients; a number beyond all of them is nobody's. */
function ids(side: Side, clients: readonly number[]): string[] {
  return clients.map((client) => (client < side.conns.length ? clientId(client) : '9.9'))
}

function nth<T>(list: readonly T[], at: number): T | undefined {
  return list[at % list.length]
}

function withClient(side: Side, client: number, then: (at: number) => void): void {
  if (side.conns.length > 0) then(client % side.conns.length)
}

function withConn(side: Side, client: number, then: (conn: MemoryConn) => void): void {
  const conn = nth(side.conns, client)
  if (conn) then(conn)
}

type Defined<T> = { [Key in keyof T]: Exclude<T[Key], undefined> }

/** Without the parts that are `undefined`. */
function defined<T extends object>(parts: T): Partial<Defined<T>> {
  return Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined)) as Partial<
    Defined<T>
  >
}
