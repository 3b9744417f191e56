import type { Tests } from './tests.ts'
import { noise, turns, until } from '../contract-suite/wait.ts'
import type { World } from './world.ts'

const LARGE = noise(65_536)

/** The hub cuts. */
export const CUTTING: Tests<World> = {
  async 'terminate cuts the connection, and the end is reported once'({ probe, peer, expect }) {
    probe.conn.terminate()
    await probe.over()
    await until(() => peer.ended, 'the end')
    expect(peer.ended?.code).toBe(1006)
    probe.conn.terminate()
    probe.conn.close(1000, '')
    await turns(20)
    expect(probe.ends.length).toBe(1)
  },

  async 'terminate frees megabytes at once that a peer does not take'({ probe, peer, expect }) {
    peer.stall()
    await probe.fill(LARGE)
    for (let at = 0; at < 64; at++) probe.write(LARGE)
    expect(probe.conn.bufferedBytes).toBeGreaterThan(32 * LARGE.length)
    probe.conn.terminate()
    await probe.over()
    await until(() => probe.conn.bufferedBytes === 0, 'nothing to be buffered')
    peer.resume()
    await until(() => peer.ended, 'the end')
  },

  async 'no room is reported once it is over'({ probe, peer, expect }) {
    peer.stall()
    await probe.fill(LARGE)
    probe.conn.terminate()
    peer.resume()
    await probe.over()
    await until(() => peer.ended, 'the end')
    expect(probe.rooms).toBe(0)
  },

  async 'terminate puts an end to a close that cannot be finished'({ probe, peer, expect }) {
    peer.stall()
    await probe.fill(LARGE)
    probe.conn.close(4000, 'goodbye')
    probe.conn.terminate()
    await probe.over()
    await until(() => probe.conn.bufferedBytes === 0, 'nothing to be buffered')
    expect(probe.ends.length).toBe(1)
  },

  async 'after terminate nothing throws, and nothing more arrives'({ probe, peer, expect }) {
    probe.conn.terminate()
    expect(typeof probe.write('after')).toBe('boolean')
    probe.conn.close(4000, 'after')
    await probe.over()
    expect(typeof probe.write('long after')).toBe('boolean')
    await until(() => peer.ended, 'the end')
    expect(peer.received).toEqual([])
    expect(probe.conn.bufferedBytes).toBe(0)
  },
}
