import type { Tests } from './tests.ts'
import { noise, turns, until } from '../contract-suite/wait.ts'
import type { World } from './world.ts'

const LARGE = noise(65_536)

/** The hub closes. */
export const CLOSING: Tests<World> = {
  async 'close sends what was written, then the code and the reason'({ probe, peer, expect }) {
    probe.write('a', 'x'.repeat(300_000), 'z')
    probe.conn.close(4321, 'that is all')
    await until(() => peer.ended, 'the end')
    expect(peer.received.map((data) => data.length)).toEqual([1, 300_000, 1])
    expect(peer.ended).toEqual({ code: 4321, reason: 'that is all' })
    await probe.over()
  },

  async 'close waits for a peer that takes nothing, and then sends everything'({ probe, peer, expect }) {
    peer.stall()
    const written = await probe.fill(LARGE)
    probe.conn.close(4000, 'later')
    await turns(20)
    expect(peer.ended).toBe(undefined)
    peer.resume()
    await until(() => peer.ended, 'the end')
    expect(peer.received.length).toBe(written)
    expect(peer.ended).toEqual({ code: 4000, reason: 'later' })
  },

  async 'the code of an ordinary end arrives, with an empty reason'({ probe, peer, expect }) {
    probe.conn.close(1000, '')
    await until(() => peer.ended, 'the end')
    expect(peer.ended).toEqual({ code: 1000, reason: '' })
  },

  async 'a reason of 123 bytes of UTF-8 arrives whole'({ probe, peer, expect }) {
    const reason = '€'.repeat(41)
    probe.conn.close(4999, reason)
    await until(() => peer.ended, 'the end')
    expect(peer.ended).toEqual({ code: 4999, reason })
  },

  async 'close is idempotent: the first one counts, and the end is reported once'({ probe, peer, expect }) {
    probe.conn.close(4001, 'first')
    probe.conn.close(4002, 'second')
    await until(() => peer.ended, 'the end')
    expect(peer.ended).toEqual({ code: 4001, reason: 'first' })
    await probe.over()
    probe.conn.close(4003, 'third')
    await turns(20)
    expect(probe.ends.length).toBe(1)
  },

  async 'after close nothing throws, and nothing more arrives'({ probe, peer, expect }) {
    probe.write('before')
    probe.conn.close(1000, '')
    expect(typeof probe.write('after')).toBe('boolean')
    expect(probe.conn.bufferedBytes).toBeGreaterThan(-1)
    await probe.over()
    expect(typeof probe.write('long after')).toBe('boolean')
    await until(() => peer.ended, 'the end')
    expect(peer.received).toEqual(['before'])
    await until(() => probe.conn.bufferedBytes === 0, 'nothing to be buffered')
  },

  async 'nothing that is written after close arrives, even when the close has to wait'({
    probe,
    peer,
    expect,
  }) {
    peer.stall()
    const written = await probe.fill(LARGE)
    probe.conn.close(1000, '')
    probe.write('after')
    peer.resume()
    await until(() => peer.ended, 'the end')
    expect(peer.received.length).toBe(written)
  },
}
