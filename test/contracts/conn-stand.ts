import {
  type Batch,
  type Conn,
  type Frame,
  Gateway,
  type GatewayOptions,
  type Handshake,
  type Refusal,
  type Session,
  type Ticket,
} from '@fanfare/core'

import { until } from '../support/until.ts'

/** The far end of one connection. */
export interface Peer {
  /** The messages that arrived, whole and in order: text, and bytes. */
  readonly received: readonly (string | Uint8Array)[]
  /** How the connection ended as the peer sees it: 1006 when it was cut. `undefined` while it is open. */
  readonly ended: { readonly code: number; readonly reason: string } | undefined
  send(data: string | Uint8Array): void
  /** Takes nothing from now on. What lies between the two ends may still be filled. */
  stall(): void
  /** Takes what waits, and what comes. */
  resume(): void
  /** Goes, and says so. */
  close(code: number, reason: string): void
  /** Goes without a word. */
  destroy(): void
}

/** A gateway that peers can connect to. */
export interface Stand {
  /** Resolves when the gateway has accepted the connection. */
  connect(): Promise<Peer>
  /** Closes the adapter, not the gateway. The peers are gone by then. */
  close(): Promise<void>
}

/** Puts a gateway on the adapter under test. The gateway speaks `/`, and any page may connect. */
export type MakeStand = (gateway: Gateway) => Promise<Stand>

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
      await new Promise((resolve) => setImmediate(resolve))
    }
    throw new Error('a peer that takes nothing never leaves the connection without room')
  }

  /** Resolves when it was reported that the peer is gone. */
  async over(): Promise<void> {
    await until(() => this.ends.length > 0, 'the session to hear that the peer is gone')
  }
}

export function frameOf(data: string | Uint8Array, lane: Frame['lane'] = 'data'): Frame {
  return { data, bytes: Buffer.byteLength(data), lane }
}

export function batchOf(frames: readonly Frame[], readers = 1): Batch {
  return { frames, bytes: frames.reduce((sum, frame) => sum + frame.bytes, 0), readers }
}

/** Text as it is, bytes as a plain Uint8Array, so that a test can compare them whatever class they came in. */
export function plainData(data: string | Uint8Array): string | Uint8Array {
  return typeof data === 'string' ? data : Uint8Array.from(data)
}
