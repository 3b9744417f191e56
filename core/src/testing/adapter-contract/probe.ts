import type { Batch, Conn, Frame, Handshake, Session } from '../../contract/conn.ts'
import type { Refusal, Ticket } from '../../gateway/admission.ts'
import { Gateway } from '../../gateway/gateway.ts'
import type { GatewayOptions } from '../../gateway/options.ts'
import { turns, until, utf8Size } from '../contract-suite/wait.ts'

/** A gateway that shows the connections it is handed. */
export class WatchedGateway extends Gateway {
  readonly conns: Conn[] = []

  override async admit(handshake: Handshake): Promise<Ticket | Refusal> {
    const admission = await super.admit(handshake)
    if (!admission.ok) return admission
    return {
      ...admission,
      accept: (conn) => {
        this.conns.push(conn)
        return admission.accept(conn)
      },
    }
  }
}

/** A gateway without a hub behind it: tests hold the connections themselves, and see what is reported of them. */
export class ProbeGateway extends Gateway {
  readonly probes: Probe[] = []

  constructor(options: GatewayOptions = {}) {
    super({ allowedOrigins: ['*'], ...options })
  }

  override async admit(handshake: Handshake): Promise<Ticket | Refusal> {
    const admission = await super.admit(handshake)
    if (!admission.ok) return admission
    return {
      ...admission,
      accept: (conn) => {
        const probe = new Probe(conn)
        this.probes.push(probe)
        return probe
      },
    }
  }
}

/** One connection as the hub would see it. */
export class Probe implements Session {
  readonly conn: Conn
  readonly received: (string | Uint8Array)[] = []
  readonly ends: { code: number | undefined; reason: string | undefined }[] = []
  /** How often room was reported. */
  rooms = 0
  /** Called with each message. */
  onReceive: (data: string | Uint8Array) => void = () => {}

  constructor(conn: Conn) {
    this.conn = conn
  }

  receive(data: string | Uint8Array): void {
    this.received.push(plainData(data))
    this.onReceive(data)
  }

  writable(): void {
    this.rooms++
  }

  closed(code?: number, reason?: string): void {
    this.ends.push({ code, reason })
  }

  leave(): void {
    this.conn.close(4200, 'shutdown')
  }

  /** Writes one batch of these messages. */
  write(...messages: (string | Uint8Array)[]): boolean {
    return this.conn.write(batchOf(messages.map((data) => frameOf(data))))
  }

  /** Writes until there is no room left. Returns how many messages of this size that took. */
  async fill(message: string): Promise<number> {
    const batch = batchOf([frameOf(message)])
    for (let written = 1; written < 10_000; written++) {
      if (!this.conn.write(batch)) return written
      await turns(1)
    }
    throw new Error('a peer that takes nothing never leaves the connection without room')
  }

  /** Resolves when it was reported that the peer is gone. */
  async over(): Promise<void> {
    await until(() => this.ends.length > 0, 'the session to hear that the peer is gone')
  }
}

/** A frame of its own. */
export function frameOf(data: string | Uint8Array, lane: Frame['lane'] = 'data'): Frame {
  return { data, bytes: typeof data === 'string' ? utf8Size(data) : data.byteLength, lane }
}

/** A batch of these frames. */
export function batchOf(frames: readonly Frame[], readers = 1): Batch {
  return { frames, bytes: frames.reduce((sum, frame) => sum + frame.bytes, 0), readers }
}

/** Text as it is, bytes as a plain Uint8Array, so that a test can compare them whatever class they came in. */
export function plainData(data: string | Uint8Array): string | Uint8Array {
  return typeof data === 'string' ? data : Uint8Array.from(data)
}
