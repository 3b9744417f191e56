import type { Gateway } from '../../gateway/gateway.ts'

/** What a stand or its peers may be able to do beside what all of them can. */
export type Ability = 'ask' | 'freeze' | 'sendRaw' | 'begin' | 'ping'

/** The far end of one connection. */
export interface Peer {
  /** The messages that arrived, whole and in order: text, and bytes as a plain `Uint8Array`. */
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
  /** From now on gives no sign of life, as if its cable were cut: takes nothing, answers nothing. */
  freeze?(): void
  /** Sends the first so many bytes of a message, and not the last of it. */
  begin?(bytes: number): void
  /** Sends so many pings of the transport at once. */
  ping?(count: number): void
  /** Puts these bytes on the wire as they are. */
  sendRaw?(bytes: Uint8Array): void
}

/** How somebody asks to be let in. */
export interface Knock {
  /** Below the mount. @defaultValue `'/'` */
  readonly path?: string
  readonly query?: Readonly<Record<string, string>>
  /** By lower-case name. `host` among them takes the place of the real one. */
  readonly headers?: Readonly<Record<string, string>>
}

/** What a {@link Knock} was answered. */
export interface KnockAnswer {
  /** The HTTP status of the refusal; 0 where there is no such thing. */
  readonly status: number | 'connected'
  /** Headers of the refusal, by lower-case name. */
  readonly headers: Readonly<Record<string, string>>
  /** For transports whose clients get to see no status: the close code that was said instead. */
  readonly closeCode?: number | undefined
}

/** A gateway that peers can connect to. */
export interface Stand {
  /** Resolves when the gateway has accepted the connection. Connects to `/`. */
  connect(): Promise<Peer>
  /** Closes the adapter, not the gateway. The peers are gone by then. */
  close(): Promise<void>
  /** Asks to be let in, tells the answer, and goes. */
  ask?(knock: Knock): Promise<KnockAnswer>
  /** What breaks the rules of the transport, by name: for peers that can `sendRaw`. */
  readonly malformed?: Readonly<Record<string, Uint8Array>>
}

/** Puts a gateway on the adapter under test, where clients speak what the gateway serves at `/`. */
export type MakeStand = (gateway: Gateway) => Promise<Stand>
