import type { Handshake } from '../contract/conn.ts'
import type { Refusal, Ticket } from '../gateway/admission.ts'
import { MemoryConn } from './memory-conn.ts'

/** What a test says of a connection before it is accepted. Whatever is left out is as a plain program would have it. */
export interface DialOptions {
  /** @defaultValue `'/'` */
  readonly path?: string
  readonly query?: Readonly<Record<string, string>>
  /** By lower-case name. */
  readonly headers?: Readonly<Record<string, string>>
  readonly remoteAddress?: string
  readonly subprotocols?: readonly string[]
  /** See {@link MemoryConn}. */
  readonly highWater?: number
}

/** The gateway did not let the connection in. */
export class DialRefused extends Error {
  override readonly name = 'DialRefused'
  /** What an adapter would answer over HTTP. */
  readonly refusal: Refusal

  constructor(refusal: Refusal) {
    super(`refused with ${String(refusal.status)} (${refusal.why}): ${refusal.message}`)
    this.refusal = refusal
  }
}

/**
 * Connects to a gateway as an adapter would, without a socket. What the gateway says first, such as a welcome, is there
 * when the clock has settled.
 *
 * @throws DialRefused when the gateway refuses the handshake
 */
export async function dial(
  gateway: { admit(handshake: Handshake): Promise<Ticket | Refusal> },
  options: DialOptions = {},
): Promise<MemoryConn> {
  const ticket = await gateway.admit(handshake(options))
  if (!ticket.ok) throw new DialRefused(ticket)
  const conn = new MemoryConn(options.highWater)
  return conn.attach(ticket.accept(conn))
}

function handshake({ path = '/', query = {}, headers = {}, ...rest }: DialOptions): Handshake {
  const { remoteAddress = '127.0.0.1', subprotocols = [] } = rest
  const own = (record: Readonly<Record<string, string>>, name: string): string | undefined =>
    Object.hasOwn(record, name) ? record[name] : undefined
  return {
    path,
    query: (name) => own(query, name),
    header: (name) => own(headers, name.toLowerCase()),
    queries: Object.entries(query),
    headers: Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const),
    remoteAddress,
    subprotocols,
    transport: 'memory',
  }
}
