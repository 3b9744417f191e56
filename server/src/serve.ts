import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

import {
  type Authorizer,
  type ErrorEvent,
  Gateway,
  Hub,
  native,
  plain,
  type Protocol,
  velocity,
} from '@fanfare/core'
import { attach, type Attached } from '@fanfare/ws'

import { checkTogether, defaultSettings } from './config/settings.ts'
import type { ProtocolName, Settings } from './config/table.ts'
import { Rooms } from './demo/rooms.ts'
import { listen } from './listen.ts'
import { serveMetrics } from './metrics.ts'
import { site } from './site.ts'

/** A server that runs. */
export interface Running {
  /** `http://host:port` */
  readonly url: string
  readonly port: number
  /** The hub, for a program that wants to publish. */
  readonly hub: Hub
  /**
   * Takes nothing more, tells every client, over the time of the setting `drain`, and resolves when all of them are gone,
   * some 5 s later at most. Idempotent.
   */
  close(): Promise<void>
}

/** Connections that are no clients and may be there all the same: those that get told that the server is full. */
const SPARE_CONNECTIONS = 256
const IDLE_MS = 5_000

/**
 * Starts the server that the command `fanfare serve` starts.
 *
 * Rejects with the error of node:net when it cannot listen.
 *
 * @param report - where errors go that no client and no caller is told of
 */
export async function serve(
  options: Partial<Settings> = {},
  report: (event: ErrorEvent) => void = logError,
): Promise<Running> {
  const settings = { ...defaultSettings(), ...options }
  checkTogether(settings)
  const { gateway, hub } = assemble(settings)
  hub.on('error', report)
  const server = createServer(limits(settings), site({ hub, path: settings.path, demo: settings.demo }))
  server.maxConnections = settings.maxConnections + SPARE_CONNECTIONS
  const attached = attach(gateway, server, { path: settings.path })
  const failed = (error: unknown): void => hub.reportError({ error, where: 'conn' })
  let endMetrics: (() => Promise<void>) | undefined
  try {
    endMetrics = await serveMetrics(gateway, settings.metricsPort, failed)
    await listen(server, settings, failed)
  } catch (error) {
    await hub.close()
    await endMetrics?.()
    throw error
  }
  const { port } = server.address() as AddressInfo
  let closed: Promise<void> | undefined
  return {
    url: `http://${bracketed(settings.host)}:${String(port)}`,
    port,
    hub,
    close: () => {
      closed ??= close(server, attached, () => gateway.drain({ within: settings.drainMs })).then(endMetrics)
      return closed
    },
  }
}

const PROTOCOLS: Readonly<Record<ProtocolName, () => Protocol>> = {
  native,
  plain,
  'velocity-type': () => velocity({ key: 'type' }),
  'velocity-event': () => velocity({ key: 'event' }),
}

/** A host as it stands in a URL. */
export function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

function assemble(settings: Settings): { gateway: Gateway; hub: Hub } {
  const { writeTimeoutMs } = settings
  const authorizer: Authorizer | undefined = settings.demo ? (request) => rooms.authorize(request) : undefined
  const hub = new Hub({ writeTimeoutMs, authorizer })
  const rooms = new Rooms(hub)
  const gateway = new Gateway({
    hub,
    protocols: { '/': PROTOCOLS[settings.protocol]() },
    allowedOrigins: settings.allowedOrigins,
    maxConnections: settings.maxConnections,
    maxMessageBytes: settings.maxMessageBytes,
    handshakeTimeoutMs: settings.handshakeTimeoutMs,
    rateLimit: { messages: { rate: settings.rateLimit, burst: settings.rateBurst } },
    heartbeat: { intervalMs: settings.pingIntervalMs, timeoutMs: settings.pongTimeoutMs },
  })
  if (settings.demo) rooms.open(gateway)
  return { gateway, hub }
}

/** A request has to come within the time of a handshake, whole: nobody sends us large ones. */
function limits({ handshakeTimeoutMs }: Settings): Parameters<typeof createServer>[0] {
  return {
    headersTimeout: handshakeTimeoutMs,
    requestTimeout: handshakeTimeoutMs,
    keepAliveTimeout: IDLE_MS,
    connectionsCheckingInterval: 1_000,
  }
}

/** First the door, then the clients, then whatever plain HTTP connection is still open. */
async function close(server: Server, attached: Attached, drain: () => Promise<void>): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  await drain()
  await attached.close()
  server.closeAllConnections()
  await closed
}

function logError({ where, error }: ErrorEvent): void {
  const what = error instanceof Error ? (error.stack ?? error.message) : String(error)
  process.stderr.write(`fanfare: error in ${where}: ${what}\n`)
}
