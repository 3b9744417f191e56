import type { RequestListener, Server } from 'node:http'

import type { Gateway } from '@fanfare/core'
import { nodeListener } from '@fanfare/http/node'

import { send } from '../answer.ts'
import type { Settings } from '../config/table.ts'
import type { Plain } from '../plain.ts'
import type { Site } from '../site.ts'
import { limitResting } from './resting.ts'

/** What a host is made of. */
export interface HostOptions {
  readonly gateway: Gateway
  readonly settings: Settings
  /** Server-sent events and long polls. */
  readonly plain: Plain
  readonly site: Site
  /** Told what goes wrong after the start. */
  readonly failed: (error: unknown) => void
}

/** A runtime's HTTP server with the gateway, the other transports and the site on it. */
export interface Host {
  readonly port: number
  /** Ends it. Clients were told already. */
  close(): Promise<void>
}

/** Starts a host. Rejects with the error of node:net, or one like it, when it cannot listen. */
export type StartHost = (options: HostOptions) => Promise<Host>

/** node:http judges by the time that passed, also while the process stood still and read nothing. */
const PATIENCE = 3
/** How long a body may take is the gateway's to judge. */
const BODY_MS = 30_000

/**
 * For the first request of a connection the adapter has a deadline of its own, in which only the time counts in which the
 * process was awake; those of node:http are for later ones, and three times as long.
 */
export function limits({ handshakeTimeoutMs }: Settings): {
  readonly headersTimeout: number
  readonly requestTimeout: number
  readonly keepAliveTimeout: number
  readonly connectionsCheckingInterval: number
} {
  return {
    headersTimeout: PATIENCE * handshakeTimeoutMs,
    requestTimeout: PATIENCE * handshakeTimeoutMs + BODY_MS,
    keepAliveTimeout: 5_000,
    connectionsCheckingInterval: 1_000,
  }
}

/** Connections that are told that the server is full. */
const SPARE_CONNECTIONS = 256

/** Bounds the connections that are no clients: none of them takes a client's place, and there is always room for one more. */
export function limitSockets(server: Server, { maxConnections, maxHalfOpen }: Settings): void {
  limitResting(server, maxHalfOpen)
  // A client that polls has two; those that ask for nothing have two bounds, before their first request and after it.
  server.maxConnections = 2 * maxConnections + 2 * maxHalfOpen + SPARE_CONNECTIONS
}

/** Answers everything but upgrades, on `node:http`. */
export function listenerOf({ plain, site }: HostOptions): RequestListener {
  const listeners = plain.adapters.map((adapter) => nodeListener(adapter))
  return (request, response) => {
    const at = plain.find(request.url ?? '')
    if (at === undefined) send(request, response, site(request.method ?? '', request.url ?? ''))
    else listeners[at]?.(request, response)
  }
}
