import {
  type Client,
  type Conn,
  type DisconnectEvent,
  Hub,
  type HubOptions,
  native,
  type OutboxPressure,
  plain,
  type Protocol,
} from '@fanfare/core'
import { ManualClock } from '@fanfare/core/testing'
import { expect } from 'vitest'

import { noise } from '../support/noise.ts'
import { turns, until } from '../support/until.ts'
import { type MakeStand, type Peer, type Stand, WatchedGateway } from './conn-stand.ts'
import type { Tests } from './contract.ts'

/** Makes hubs on the adapter under test. Time stands still in them until the test lets it pass; the sockets do not wait. */
export interface Stage {
  open(options: HubOptions, protocol?: Protocol): Promise<Scene>
}

interface Scene {
  readonly hub: Hub
  readonly clock: ManualClock
  readonly gone: DisconnectEvent[]
  /** A client that is subscribed to `news`. */
  join(): Promise<Participant>
}

interface Participant {
  readonly client: Client
  readonly conn: Conn
  readonly peer: Peer
}

const CHANNEL = 'news'
const FRAMES = 8
const ROOMY = { frames: FRAMES, bytes: 64 * 1_048_576 }
const PADDING = noise(64 * 1_024)
/** More than an outbox of {@link FRAMES} takes. */
const BEYOND = 20

/** Broadcasts numbered messages; a message is its number and a lot of padding, so that buffers fill quickly. */
class Speaker {
  readonly #hub: Hub
  sent = 0

  constructor(hub: Hub) {
    this.#hub = hub
  }

  async say(key?: string): Promise<void> {
    const message = JSON.stringify(`${String(this.sent++)} ${PADDING}`)
    this.#hub.broadcast(CHANNEL, message, { key })
    await turns(1)
  }

  /** Speaks until something has to wait in the outbox of this client. Returns how many messages it was handed so far. */
  async fill({ client }: Participant): Promise<number> {
    while (client.queued.frames === 0) {
      if (this.sent > 5_000) throw new Error('a peer that takes nothing never makes the hub wait')
      await this.say()
    }
    return this.sent - 1
  }

  async sayMore(count: number, key: (at: number) => string | undefined = () => undefined): Promise<void> {
    for (let at = 0; at < count; at++) await this.say(key(at))
  }
}

/** The numbers of the messages that a peer received, in order. Other messages are left out. */
function numbers({ received }: Peer): number[] {
  return received.map((data) => Number.parseInt(String(data).slice(1), 10)).filter((number) => number >= 0)
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, at) => from + at)
}

/** Lets the peer read again until it has everything that waited for it. */
async function catchUp({ client, conn, peer }: Participant): Promise<void> {
  peer.resume()
  await until(() => client.queued.frames === 0 && conn.bufferedBytes === 0, 'everything that waits to go out')
}

/** Says one last message and waits for it: everything before it has arrived then. */
async function last(speaker: Speaker, { peer }: Participant): Promise<void> {
  const number = speaker.sent
  await speaker.say()
  await until(() => numbers(peer).at(-1) === number, 'the last message')
}

const POLICIES: Tests<Stage> = {
  async 'a slow peer that is waited for loses nothing'({ open }) {
    const { hub, join } = await open({ outbox: ROOMY })
    const slow = await join()
    const speaker = new Speaker(hub)
    slow.peer.stall()
    await speaker.fill(slow)
    await speaker.sayMore(FRAMES - 1)
    await catchUp(slow)
    await last(speaker, slow)
    expect(numbers(slow.peer)).toEqual(range(0, speaker.sent))
    expect(slow.client.drops).toBe(0)
  },

  async 'drop-newest: what does not fit is lost, and counted to the unit'({ open }) {
    const { hub, join } = await open({ outbox: ROOMY })
    const slow = await join()
    const speaker = new Speaker(hub)
    slow.peer.stall()
    const handed = await speaker.fill(slow)
    await speaker.sayMore(FRAMES - 1 + BEYOND)
    expect(slow.client.drops).toBe(BEYOND)
    await catchUp(slow)
    await last(speaker, slow)
    expect(numbers(slow.peer)).toEqual([...range(0, handed + FRAMES), speaker.sent - 1])
  },

  async 'drop-oldest: the newest that fit arrive, in order'({ open }) {
    const { hub, join } = await open({ outbox: ROOMY, slowConsumer: 'drop-oldest' })
    const slow = await join()
    const speaker = new Speaker(hub)
    slow.peer.stall()
    const handed = await speaker.fill(slow)
    await speaker.sayMore(FRAMES - 1 + BEYOND)
    expect(slow.client.drops).toBe(BEYOND)
    const newest = range(speaker.sent - FRAMES, speaker.sent)
    await catchUp(slow)
    await last(speaker, slow)
    expect(numbers(slow.peer)).toEqual([...range(0, handed), ...newest, speaker.sent - 1])
  },

  async 'conflate: of each key the newest value arrives'({ open }) {
    const { hub, join } = await open({ outbox: ROOMY, slowConsumer: 'conflate' })
    const slow = await join()
    const speaker = new Speaker(hub)
    slow.peer.stall()
    const handed = await speaker.fill(slow)
    await speaker.sayMore(BEYOND, (at) => (at % 2 === 0 ? 'even' : 'odd'))
    const newest = [speaker.sent - 2, speaker.sent - 1]
    expect(slow.client.dropCounts.conflated).toBe(slow.client.drops)
    await catchUp(slow)
    await last(speaker, slow)
    const arrived = numbers(slow.peer)
    expect(arrived.slice(0, handed)).toEqual(range(0, handed))
    expect(arrived).toEqual(expect.arrayContaining(newest))
    expect(arrived.length + slow.client.drops).toBe(speaker.sent)
  },

  async 'disconnect: the slow one is closed as slow, the others go on'({ open }) {
    const { hub, gone, join } = await open({ outbox: ROOMY, slowConsumer: 'disconnect' })
    const [slow, quick] = [await join(), await join()]
    const speaker = new Speaker(hub)
    slow.peer.stall()
    await speaker.fill(slow)
    await speaker.sayMore(FRAMES)
    expect(gone).toEqual([expect.objectContaining({ client: slow.client, why: 'slow', code: 4101 })])
    expect(hub.channelCount(CHANNEL)).toBe(1)
    await last(speaker, quick)
    expect(numbers(quick.peer)).toEqual(range(0, speaker.sent))
  },

  async 'a function decides message by message, and sees how full it is'({ open }) {
    const seen: OutboxPressure[] = []
    const { hub, join } = await open({
      outbox: ROOMY,
      slowConsumer: (pressure) => (seen.push(pressure) % 2 === 0 ? 'drop-newest' : 'drop-oldest'),
    })
    const slow = await join()
    const speaker = new Speaker(hub)
    slow.peer.stall()
    await speaker.fill(slow)
    await speaker.sayMore(FRAMES - 1 + BEYOND)
    expect(slow.client.drops).toBe(BEYOND)
    expect(seen).toHaveLength(BEYOND)
    expect(seen[0]).toMatchObject({ client: slow.client.id, channel: CHANNEL, frames: FRAMES, dropped: 0 })
    expect(seen[0]!.bytes).toBeGreaterThan(FRAMES * PADDING.length)
    await catchUp(slow)
    await last(speaker, slow)
    expect(numbers(slow.peer)).toHaveLength(speaker.sent - BEYOND)
  },

  async 'a gap is told where the hole is, with its size'({ open }) {
    const { hub, join } = await open({ outbox: ROOMY }, native())
    const slow = await join()
    const speaker = new Speaker(hub)
    slow.peer.stall()
    const handed = await speaker.fill(slow)
    await speaker.sayMore(FRAMES - 1 + BEYOND)
    await catchUp(slow)
    await speaker.say()
    const messages = (): { op: string; data?: string }[] =>
      slow.peer.received.map((data) => JSON.parse(String(data)) as { op: string; data?: string })
    const final = String(speaker.sent - 1)
    await until(() => messages().at(-1)?.data?.startsWith(final), 'the last message')
    const story = messages().map(({ op, data, ...rest }) =>
      op === 'msg' ? parseInt(data!, 10) : { op, ...rest },
    )
    expect(story.slice(story.indexOf(0))).toEqual([
      ...range(0, handed + FRAMES),
      { op: 'gap', channel: CHANNEL, count: BEYOND, reason: 'slow' },
      speaker.sent - 1,
    ])
  },

  async 'what one peer does not take holds up nobody else'({ open }) {
    const { hub, join } = await open({ outbox: ROOMY })
    const [slow, quick] = [await join(), await join()]
    const speaker = new Speaker(hub)
    slow.peer.stall()
    await speaker.fill(slow)
    for (let round = 0; round < BEYOND; round++) await last(speaker, quick)
    expect(numbers(quick.peer)).toEqual(range(0, speaker.sent))
    expect(quick.client.drops).toBe(0)
  },
}

const EVICTIONS: Tests<Stage> = {
  async 'a peer that takes nothing for the write timeout is evicted, with nothing left of it'({ open }) {
    const { hub, clock, gone, join } = await open({ outbox: ROOMY, writeTimeoutMs: 10_000 })
    const slow = await join()
    const speaker = new Speaker(hub)
    slow.peer.stall()
    await speaker.fill(slow)
    clock.advance(9_000)
    expect(gone).toEqual([])
    clock.advance(2_000)
    expect(gone).toEqual([expect.objectContaining({ client: slow.client, why: 'slow' })])
    await freed({ hub, clock }, slow)
  },

  async 'a peer that takes what waits within the write timeout stays'({ open }) {
    const { hub, clock, gone, join } = await open({ outbox: ROOMY, writeTimeoutMs: 10_000 })
    const slow = await join()
    const speaker = new Speaker(hub)
    for (let round = 0; round < 3; round++) {
      slow.peer.stall()
      const before = speaker.sent
      while (slow.client.queued.frames === 0) await speaker.say()
      expect(speaker.sent).toBeGreaterThan(before)
      clock.advance(8_000)
      await catchUp(slow)
    }
    await last(speaker, slow)
    expect(gone).toEqual([])
    expect(numbers(slow.peer)).toEqual(range(0, speaker.sent))
  },

  async 'evicted with megabytes queued: gone and freed within 1.5 s'({ open }) {
    const outbox = { frames: 10_000, bytes: 8 * 1_048_576 }
    const { hub, clock, gone, join } = await open({ outbox, slowConsumer: 'disconnect' })
    const slow = await join()
    const speaker = new Speaker(hub)
    slow.peer.stall()
    await speaker.fill(slow)
    let most = 0
    while (slow.client.connected) {
      most = Math.max(most, hub.stats().frames.queuedBytes)
      await speaker.say()
    }
    expect(most).toBeGreaterThan(4 * 1_048_576)
    expect(gone).toEqual([expect.objectContaining({ client: slow.client, why: 'slow' })])
    await freed({ hub, clock }, slow)
  },

  async 'closing a hub does not wait for a peer that takes nothing'({ open }) {
    const { hub, clock, gone, join } = await open({ outbox: ROOMY })
    const [slow, quick] = [await join(), await join()]
    const speaker = new Speaker(hub)
    slow.peer.stall()
    await speaker.fill(slow)
    const closing = hub.close()
    await until(() => quick.peer.ended, 'the quick one to be told')
    expect(quick.peer.ended).toEqual({ code: 4200, reason: 'shutdown' })
    expect(numbers(quick.peer)).toEqual(range(0, speaker.sent))
    expect(gone.map(({ why }) => why)).toEqual(['shutdown', 'shutdown'])
    await freed({ hub, clock }, slow)
    await closing
  },

  async 'a slow peer that vanishes leaves nothing behind'({ open }) {
    const { hub, clock, gone, join } = await open({ outbox: ROOMY })
    const slow = await join()
    const speaker = new Speaker(hub)
    slow.peer.stall()
    await speaker.fill(slow)
    slow.peer.destroy()
    await until(() => gone.length === 1, 'the departure')
    expect(gone[0]).toMatchObject({ client: slow.client, why: 'closed' })
    await freed({ hub, clock }, slow)
  },
}

/** Within 1.5 s of the hub's time the transport is cut; what it held is free as soon as it has noticed. */
async function freed(
  { hub, clock }: Pick<Scene, 'hub' | 'clock'>,
  { conn, peer }: Participant,
): Promise<void> {
  expect(hub.stats().frames.queuedBytes).toBe(0)
  clock.advance(1_500)
  await until(() => conn.bufferedBytes === 0, 'the transport to be freed')
  peer.resume()
  await until(() => peer.ended, 'the peer to notice')
}

export const SLOW_PEER_TESTS: Tests<Stage> = { ...POLICIES, ...EVICTIONS }

/** Runs a test with hubs on the adapter under test, and takes everything away again. */
export async function withHub(make: MakeStand, run: (stage: Stage) => Promise<void>): Promise<void> {
  const closers: (() => Promise<void>)[] = []
  const open: Stage['open'] = async (options, protocol = plain()) => {
    const scene = await openScene(make, options, protocol)
    closers.push(scene.close)
    return scene
  }
  try {
    await run({ open })
  } finally {
    for (const close of closers) await close()
  }
}

async function openScene(
  make: MakeStand,
  options: HubOptions,
  protocol: Protocol,
): Promise<Scene & { close(): Promise<void> }> {
  const clock = new ManualClock()
  const hub = new Hub({
    ...options,
    platform: {
      clock,
      scheduler: { turn: (end) => setImmediate(end), after: (ms, end) => clock.after(ms, end) },
    },
  })
  const gateway = new WatchedGateway({ hub, protocols: { '/': protocol }, allowedOrigins: ['*'] })
  const gone: DisconnectEvent[] = []
  hub.on('disconnect', (event) => gone.push(event))
  const stand: Stand = await make(gateway)
  const peers: Peer[] = []
  return {
    hub,
    clock,
    gone,
    async join() {
      const before = hub.clients().length
      const peer = await stand.connect()
      peers.push(peer)
      await until(() => hub.count() > before, 'the client')
      const client = hub.clients().at(-1)!
      await hub.subscribe(client, CHANNEL)
      return { client, conn: gateway.conns.at(-1)!, peer }
    },
    async close() {
      for (const peer of peers) peer.destroy()
      await stand.close()
      await hub.close()
      expect(hub.wheel.size).toBe(0)
    },
  }
}
