import { catchUp, last, numbers, range, ROOMY, Speaker } from './speaker.ts'
import type { Participant, Scene, Stage } from './stage.ts'
import type { Tests } from './tests.ts'
import { until } from '../contract-suite/wait.ts'

/** When a slow peer has to go. */
export const EVICTIONS: Tests<Stage> = {
  async 'a peer that takes nothing for the write timeout is evicted, with nothing left of it'({
    open,
    expect,
  }) {
    const { hub, clock, gone, join } = await open({ outbox: ROOMY, writeTimeoutMs: 10_000 })
    const slow = await join()
    const speaker = new Speaker(hub)
    slow.peer.stall()
    await speaker.fill(slow)
    clock.advance(9_000)
    expect(gone.length).toBe(0)
    clock.advance(2_000)
    expect(gone.map(({ client, why }) => [client.id, why])).toEqual([[slow.client.id, 'slow']])
    await freed({ hub, clock, expect }, slow)
  },

  async 'a peer that takes what waits within the write timeout stays'({ open, expect }) {
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
    expect(gone.length).toBe(0)
    expect(numbers(slow.peer)).toEqual(range(0, speaker.sent))
  },

  async 'evicted with megabytes queued: gone and freed within 1.5 s'({ open, expect }) {
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
    expect(gone.map(({ client, why }) => [client.id, why])).toEqual([[slow.client.id, 'slow']])
    await freed({ hub, clock, expect }, slow)
  },

  async 'closing a hub does not wait for a peer that takes nothing'({ open, expect }) {
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
    await freed({ hub, clock, expect }, slow)
    await closing
  },

  async 'a slow peer that vanishes leaves nothing behind'({ open, expect }) {
    const { hub, clock, gone, join } = await open({ outbox: ROOMY })
    const slow = await join()
    const speaker = new Speaker(hub)
    slow.peer.stall()
    await speaker.fill(slow)
    slow.peer.destroy()
    await until(() => gone.length === 1, 'the departure')
    expect(gone.map(({ client, why }) => [client.id, why])).toEqual([[slow.client.id, 'closed']])
    await freed({ hub, clock, expect }, slow)
  },
}

/** Within 1.5 s of the hub's time the transport is cut; what it held is free as soon as it has noticed. */
async function freed(
  { hub, clock, expect }: Pick<Scene, 'hub' | 'clock'> & Pick<Stage, 'expect'>,
  { conn, peer }: Participant,
): Promise<void> {
  expect(hub.stats().frames.queuedBytes).toBe(0)
  clock.advance(1_500)
  await until(() => conn.bufferedBytes === 0, 'the transport to be freed')
  peer.resume()
  await until(() => peer.ended, 'the peer to notice')
}
