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

import { checkTogether, defaultSettings } from './config/settings.ts'
import type { ProtocolName, Settings } from './config/table.ts'
import { Rooms } from './demo/rooms.ts'
import type { Host } from './hosts/host.ts'
import { hostNamed } from './hosts/index.ts'
import { serveMetrics } from './metrics.ts'
import { type Plain, plainTransports } from './plain.ts'
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

/**
 * Starts the server that the command `fanfare serve` starts.
 *
 * Rejects with the error of node:net when it cannot listen, with a UsageError when the adapter cannot run here.
 *
 * @param report - where errors go that no client and no caller is told of
 */
export async function serve(
  options: Partial<Settings> = {},
  report: (event: ErrorEvent) => void = logError,
): Promise<Running> {
  const settings = { ...defaultSettings(), ...options }
  checkTogether(settings)
  const start = await hostNamed(settings.adapter)
  const { gateway, hub } = assemble(settings)
  hub.on('error', report)
  const plain = plainTransports(gateway, settings.path)
  const failed = (error: unknown): void => hub.reportError({ error, where: 'conn' })
  let endMetrics: (() => Promise<void>) | undefined
  let host: Host
  let closed: Promise<void> | undefined
  try {
    endMetrics = await serveMetrics(gateway, settings.metricsPort, failed)
    const { path, demo } = settings
    host = await start({
      gateway,
      settings,
      plain,
      site: site({ hub, path, demo, draining: () => closed !== undefined }),
      failed,
    })
  } catch (error) {
    await hub.close()
    await endMetrics?.()
    throw error
  }
  const { port } = host
  return {
    url: `http://${bracketed(settings.host)}:${String(port)}`,
    port,
    hub,
    close: () => {
      closed ??= close(host, plain, () => gateway.drain({ within: settings.drainMs })).then(endMetrics)
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

/** First the clients, who may need new connections to hear of it, then whatever connection is still open. */
async function close(host: Host, plain: Plain, drain: () => Promise<void>): Promise<void> {
  await drain()
  await plain.close()
  await host.close()
}

function logError({ where, error }: ErrorEvent): void {
  const what = error instanceof Error ? (error.stack ?? error.message) : String(error)
  process.stderr.write(`fanfare: error in ${where}: ${what}\n`)
}
