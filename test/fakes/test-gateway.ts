import {
  type Client,
  type ErrorEvent,
  type Gateway,
  type GatewayOptions,
  type Handshake,
  type Hub,
  type HubOptions,
  type Refusal,
  type Ticket,
} from '@fanfare/core'
import { type ManualClock, MemoryConn, testGateway as kitGateway } from '@fanfare/core/testing'

/** What a test may say of a handshake; the rest is that of a program on the same machine. */
export interface HandshakeParts {
  readonly path?: string
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly subprotocols?: readonly string[]
  readonly remoteAddress?: string
}

export function handshake({
  path = '/',
  query = {},
  headers = {},
  subprotocols = [],
  remoteAddress = '127.0.0.1',
}: HandshakeParts = {}): Handshake {
  return {
    path,
    query: (name) => query[name],
    queries: Object.entries(query),
    header: (name) => headers[name],
    remoteAddress,
    subprotocols,
    transport: 'memory',
  }
}

/** One client of a {@link TestGateway}: both its sides. */
export interface Visitor {
  readonly client: Client
  readonly conn: MemoryConn
  /** Says something, lets everything happen that happens without time passing, and returns what came back. */
  ask(...messages: unknown[]): Promise<unknown[]>
  /** What came since it was last asked, after everything has happened. */
  heard(): Promise<unknown[]>
  /** The same, as it stood in the frames. */
  raw(): Promise<(string | Uint8Array)[]>
}

/** A gateway that stands still until it is told to move, and clients without sockets. */
export interface TestGateway {
  readonly gateway: Gateway
  readonly hub: Hub
  readonly clock: ManualClock
  /** The `error` events of the hub. */
  readonly errors: ErrorEvent[]
  admit(parts?: HandshakeParts): Promise<Ticket | Refusal>
  /** Connects a client, and reads its welcome. */
  visit(parts?: HandshakeParts): Promise<Visitor>
}

/** Options of both, as a test gives them: the hub is made by {@link testHub}. */
export interface TestGatewayOptions extends Omit<GatewayOptions, 'hub'> {
  readonly hub?: HubOptions
}

/** An authorizer for tests: whoever brings a name may come in under it. */
export const byName: HubOptions['authorizer'] = ({ credentials }) =>
  typeof credentials === 'string' && {
    allowed: true,
    member: { id: credentials, info: { name: credentials } },
  }

/** Authentication for tests: whoever brings a token is who it says. */
export const byToken: NonNullable<GatewayOptions['authenticate']> = ({ token }) =>
  token === undefined ? undefined : { id: token }

/** A handshake with a token in its header. */
export const bearer = (token: string): HandshakeParts => ({ headers: { authorization: `Bearer ${token}` } })

/** A call, as the native protocol writes it. */
export const call = (id: number | undefined, method: string, data: unknown = null): object => ({
  op: 'call',
  id,
  method,
  data,
})

/** That of the kit, with clients that show their frames as they come. */
export function testGateway({ hub: hubOptions, ...options }: TestGatewayOptions = {}): TestGateway {
  const { gateway, hub, clock, errors } = kitGateway({
    ...options,
    hub: { authorizer: byName, ...hubOptions },
  })
  const admit = (parts?: HandshakeParts): Promise<Ticket | Refusal> => gateway.admit(handshake(parts))

  async function visit(parts?: HandshakeParts): Promise<Visitor> {
    const ticket = await admit(parts)
    if (!ticket.ok) throw new Error(`refused: ${ticket.message}`)
    const { conn, client } = accept(hub, ticket)
    const raw = async (): Promise<(string | Uint8Array)[]> => {
      await clock.settle()
      return conn.received.splice(0)
    }
    const heard = async (): Promise<unknown[]> => (await raw()).map(parsed)
    await heard()
    return {
      client,
      conn,
      heard,
      raw,
      ask: (...messages) => {
        for (const message of messages) conn.says(message)
        return heard()
      },
    }
  }

  return { gateway, hub, clock, errors, admit, visit }
}

function parsed(data: string | Uint8Array): unknown {
  if (typeof data !== 'string') return data
  try {
    return JSON.parse(data)
  } catch {
    return data
  }
}

/** Opens a connection with a ticket. */
export function accept(hub: Hub, ticket: Ticket): { conn: MemoryConn; client: Client } {
  let client: Client | undefined
  hub.once('connect', (added) => {
    client = added
  })
  const conn = new MemoryConn()
  conn.attach(ticket.accept(conn))
  if (!client) throw new Error('the hub was given no client')
  return { conn, client }
}

/** A promise, and the means to settle it. */
export interface Deferred<T> {
  readonly promise: Promise<T>
  resolve(value: T): void
  reject(error: unknown): void
}

export function deferred<T = void>(): Deferred<T> {
  let settle: Pick<Deferred<T>, 'resolve' | 'reject'> | undefined
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject }
  })
  if (!settle) throw new Error('a promise calls its executor at once')
  return { promise, ...settle }
}
