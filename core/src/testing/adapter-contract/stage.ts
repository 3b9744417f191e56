import type { Conn } from '../../contract/conn.ts'
import type { GatewayOptions } from '../../gateway/options.ts'
import { hostPlatform, type Scheduler } from '../../ground/platform.ts'
import type { Client } from '../../hub/client.ts'
import type { DisconnectEvent } from '../../hub/events.ts'
import { Hub } from '../../hub/hub.ts'
import type { HubOptions } from '../../hub/options.ts'
import { plain } from '../../hub/plain.ts'
import { ManualClock } from '../manual-clock.ts'
import { WatchedGateway } from './probe.ts'
import type { Expect } from '../contract-suite/runner.ts'
import type { Peer, Stand } from './stand.ts'
import type { Bench } from './tests.ts'
import { until } from '../contract-suite/wait.ts'

/** Makes hubs on the adapter under test. Time stands still in them until the test lets it pass; the sockets do not wait. */
export interface Stage {
  readonly expect: Expect
  /** @param gateway - without protocols of its own it speaks `plain`; without an opinion any page may connect */
  readonly open: (hub: HubOptions, gateway?: GatewayOptions) => Promise<Scene>
}

/** A hub with a gateway on the adapter. */
export interface Scene {
  readonly hub: Hub
  readonly gateway: WatchedGateway
  readonly clock: ManualClock
  readonly stand: Stand
  readonly gone: DisconnectEvent[]
  /** A client. */
  readonly enter: () => Promise<Participant>
  /** A client that is subscribed to {@link CHANNEL}. */
  readonly join: () => Promise<Participant>
}

/** One client: the hub's side and the peer's. */
export interface Participant {
  readonly client: Client
  readonly conn: Conn
  readonly peer: Peer
}

/** What everybody is subscribed to. */
export const CHANNEL = 'news'

/** Runs a test with hubs on the adapter under test, and takes everything away again. */
export async function onStage(bench: Bench, run: (stage: Stage) => Promise<void>): Promise<void> {
  const closers: (() => Promise<void>)[] = []
  const open: Stage['open'] = async (hubOptions, gatewayOptions = {}) => {
    const { scene, close } = await openScene(bench, hubOptions, gatewayOptions)
    closers.push(close)
    return scene
  }
  try {
    await run({ open, expect: bench.expect })
  } finally {
    for (const close of closers) await close()
  }
}

interface Opened {
  readonly scene: Scene
  readonly close: () => Promise<void>
}

async function openScene(
  { make, expect }: Bench,
  hubOptions: HubOptions,
  options: GatewayOptions,
): Promise<Opened> {
  const clock = new ManualClock()
  const { scheduler: real } = hostPlatform()
  const scheduler: Scheduler = { turn: (end) => real.turn(end), after: (ms, end) => clock.after(ms, end) }
  const hub = new Hub({ ...hubOptions, platform: { clock, scheduler } })
  const gateway = new WatchedGateway({ protocols: { '/': plain() }, allowedOrigins: ['*'], ...options, hub })
  const gone: DisconnectEvent[] = []
  hub.on('disconnect', (event) => gone.push(event))
  const stand = await make(gateway)
  const peers: Peer[] = []
  const enter: Scene['enter'] = async () => {
    const before = gateway.conns.length
    const peer = await stand.connect()
    peers.push(peer)
    await until(() => gateway.conns.length > before, 'the client')
    const [client, conn] = [hub.clients().at(-1), gateway.conns.at(-1)]
    if (!client || !conn) throw new Error('the client went at once')
    return { client, conn, peer }
  }
  const join: Scene['join'] = async () => {
    const participant = await enter()
    await hub.subscribe(participant.client, CHANNEL)
    return participant
  }
  const close = async (): Promise<void> => {
    for (const peer of peers) peer.destroy()
    await stand.close()
    await hub.close()
    expect(hub.wheel.size).toBe(0)
  }
  return { scene: { hub, gateway, clock, stand, gone, enter, join }, close }
}
