import {
  type Authorizer,
  type ErrorEvent,
  Gateway,
  Hub,
  isOutage,
  native,
  plain,
  type Protocol,
  velocity,
} from '@fanfare/core'

import { sentence } from './bus/sentence.ts'
import { ServerBus } from './bus/server-bus.ts'
import { checkTogether, defaultSettings } from './config/settings.ts'
import type { ProtocolName, Settings } from './config/table.ts'
import { Rooms } from './demo/rooms.ts'
import type { Host, StartHost } from './hosts/host.ts'
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
 * Rejects with the error of node:net when it cannot listen, with a UsageError when the adapter cannot run here. A bus that
 * cannot be reached does not keep it from starting.
 *
 * @param report - where errors go that no client and no caller is told of
 * @param remark - told, a line at a time, how the bus is doing
 */
export async function serve(
  options: Partial<Settings> = {},
  report: (event: ErrorEvent) => void = logError,
  remark: (line: string) => void = log,
): Promise<Running> {
  const settings = { ...defaultSettings(), ...options }
  checkTogether(settings)
  const start = await hostNamed(settings.adapter)
  const bus = await ServerBus.open(settings, remark)
  const assembled = assemble(settings, bus)
  const { hub } = assembled
  hub.on('error', report)
  await bus?.join(hub)
  try {
    return await open(settings, assembled, start)
  } catch (error) {
    await hub.close()
    assembled.rooms.close()
    await bus?.close()
    throw error
  }
}

/** What is served. */
interface Assembled {
  readonly hub: Hub
  readonly gateway: Gateway
  readonly rooms: Rooms
  readonly bus: ServerBus | undefined
  /** The port, once it is known. */
  port: number
}

async function open(settings: Settings, assembled: Assembled, start: StartHost): Promise<Running> {
  const { gateway, hub, bus } = assembled
  const { path, demo } = settings
  const plain = plainTransports(gateway, path)
  const failed = (error: unknown): void => hub.reportError({ error, where: 'conn' })
  const figures = (): string => gateway.metrics() + (bus?.figures() ?? '')
  const endMetrics = await serveMetrics(figures, settings.metricsPort, failed)
  let closed: Promise<void> | undefined
  let host: Host
  try {
    const draining = (): boolean => closed !== undefined
    host = await start({
      ...{ gateway, settings, plain, failed },
      site: site({ hub, path, demo, bus, draining }),
    })
  } catch (error) {
    await endMetrics?.()
    throw error
  }
  assembled.port = host.port
  return {
    url: `http://${bracketed(settings.host)}:${String(host.port)}`,
    port: host.port,
    hub,
    close: () => {
      closed ??= close(assembled, host, plain, settings.drainMs).then(endMetrics)
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

function assemble(settings: Settings, bus: ServerBus | undefined): Assembled {
  const { writeTimeoutMs, nodeName, memoryBytes } = settings
  const authorizer: Authorizer | undefined = settings.demo ? (request) => rooms.authorize(request) : undefined
  const platform = memoryBytes === 0 ? {} : { memoryLimit: () => memoryBytes }
  const hub = new Hub({ writeTimeoutMs, authorizer, platform })
  const node = (): string => (nodeName === 'port' ? String(assembled.port) : nodeName)
  const rooms = new Rooms(hub, settings.demo && bus ? { bus, node } : undefined)
  const gateway = new Gateway({
    hub,
    protocols: { '/': PROTOCOLS[settings.protocol]() },
    allowedOrigins: settings.allowedOrigins,
    maxConnections: settings.maxConnections,
    maxMessageBytes: settings.maxMessageBytes,
    handshakeTimeoutMs: settings.handshakeTimeoutMs,
    maxHalfOpen: settings.maxHalfOpen,
    trustedProxies: settings.trustedProxies,
    rateLimit: {
      messages: { rate: settings.rateLimit, burst: settings.rateBurst },
      handshakesPerAddress: { rate: settings.handshakeRate, burst: settings.handshakeBurst },
    },
    heartbeat: { intervalMs: settings.pingIntervalMs, timeoutMs: settings.pongTimeoutMs },
  })
  if (settings.demo) rooms.open(gateway)
  const assembled: Assembled = { hub, gateway, rooms, bus, port: settings.port }
  return assembled
}

/**
 * First the clients, who may need new connections to hear of it, then whatever connection is still open. The bus comes after
 * the hub: what the clients caused by going is still told to the other servers.
 */
async function close(
  { gateway, rooms, bus }: Assembled,
  host: Host,
  plain: Plain,
  drainMs: number,
): Promise<void> {
  await gateway.drain({ within: drainMs })
  rooms.close()
  const left = bus?.close()
  await plain.close()
  await host.close()
  await left
}

function log(line: string): void {
  process.stderr.write(`fanfare: ${line}\n`)
}

function logError({ where, error }: ErrorEvent): void {
  // That the bus is down is said already, and no mistake in any program.
  const outage = where === 'relay' && isOutage(error)
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  log(`error in ${where}: ${outage ? sentence(error) : text}`)
}
