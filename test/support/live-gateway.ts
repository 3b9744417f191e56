import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

import {
  type Client,
  type DisconnectEvent,
  type ErrorEvent,
  type GatewayOptions,
  Hub,
  type HubOptions,
  type Platform,
} from '@fanfare/core'
import { ManualClock } from '@fanfare/core/testing'
import { attach, type Attached, type AttachOptions } from '@fanfare/ws'
import { onTestFinished } from 'vitest'

import { WatchedGateway } from '../contracts/conn-stand.ts'
import { until } from './until.ts'

/** What a test wants of a gateway on a real server. */
export interface LiveOptions extends Omit<GatewayOptions, 'hub'> {
  readonly hub?: HubOptions
  readonly mount?: AttachOptions
  /** @defaultValue a server without any other routes */
  readonly server?: Server
  /** Lets time pass by itself. @defaultValue `false`: it stands still until `clock` is moved. The sockets do not wait. */
  readonly realTime?: boolean
}

/** A gateway on a real server, taken away after the test. */
export interface Live {
  readonly hub: Hub
  readonly gateway: WatchedGateway
  readonly clock: ManualClock
  readonly server: Server
  readonly attached: Attached
  readonly port: number
  /** `ws://127.0.0.1:port` */
  readonly url: string
  readonly gone: DisconnectEvent[]
  readonly errors: ErrorEvent[]
  /** The server's ends of all TCP connections there were. */
  readonly sockets: Socket[]
  /** The client that connects next. */
  nextClient(): Promise<Client>
}

/** Time stands still, sockets do not. */
export function standingTime(clock: ManualClock): Partial<Platform> {
  return { clock, scheduler: { turn: (end) => setImmediate(end), after: (ms, end) => clock.after(ms, end) } }
}

export async function liveGateway(options: LiveOptions = {}): Promise<Live> {
  const { hub: hubOptions, mount, server = createServer(), realTime = false, ...gatewayOptions } = options
  const clock = new ManualClock()
  const hub = new Hub({ ...hubOptions, ...(realTime ? {} : { platform: standingTime(clock) }) })
  const gateway = new WatchedGateway({ hub, ...gatewayOptions })
  const gone: DisconnectEvent[] = []
  const errors: ErrorEvent[] = []
  const sockets: Socket[] = []
  hub.on('disconnect', (event) => gone.push(event)).on('error', (event) => errors.push(event))
  server.on('connection', (socket) => sockets.push(socket))
  const attached = attach(gateway, server, mount)
  const port = await listening(server)
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy()
    await attached.close()
    await hub.close()
  })
  const nextClient = (): Promise<Client> => new Promise((resolve) => hub.once('connect', resolve))
  const url = `ws://127.0.0.1:${String(port)}`
  return { hub, gateway, clock, server, attached, port, url, gone, errors, sockets, nextClient }
}

/** Has a server listen on a free port of this machine until the test is finished. */
export async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return (server.address() as AddressInfo).port
}

/** Resolves when the server knows of so many connections. */
export async function connected({ sockets }: Live, count: number): Promise<void> {
  await until(() => sockets.length >= count, `${String(count)} connections`)
}
