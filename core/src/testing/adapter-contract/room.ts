import type { Tests } from './tests.ts'
import { noise, turns, until } from '../contract-suite/wait.ts'
import type { World } from './world.ts'

const KIB = 1_024
const LARGE = noise(64 * KIB)

/** Back-pressure: whoever takes nothing is no longer written to. */
export const ROOM: Tests<World> = {
  async 'with room, write says true, nothing stays buffered, and room is not reported'({
    probe,
    peer,
    expect,
  }) {
    for (let at = 0; at < 50; at++) {
      expect(probe.write(at % 2 === 0 ? 'small' : LARGE.slice(0, 20 * KIB))).toBe(true)
      await until(() => peer.received.length === at + 1, 'the message')
    }
    await until(() => probe.conn.bufferedBytes === 0, 'nothing to be buffered')
    expect(probe.rooms).toBe(0)
  },

  async 'a peer that takes nothing makes write say false; room is reported once, when there is'({
    probe,
    peer,
    expect,
  }) {
    peer.stall()
    const written = await probe.fill(LARGE)
    expect(probe.conn.bufferedBytes).toBeGreaterThan(0)
    await turns(20)
    expect(probe.rooms).toBe(0)
    peer.resume()
    await until(() => probe.rooms > 0, 'room to be reported')
    await until(() => peer.received.length === written, 'everything to arrive')
    expect(probe.rooms).toBe(1)
    expect(probe.write('more')).toBe(true)
  },

  async 'bufferedBytes grows with what is taken, and returns to 0'({ probe, peer, expect }) {
    peer.stall()
    await probe.fill(LARGE)
    const before = probe.conn.bufferedBytes
    probe.write(noise(20 * KIB), noise(20 * KIB))
    expect(probe.conn.bufferedBytes).toBeGreaterThan(before + 20 * KIB)
    peer.resume()
    await until(() => probe.conn.bufferedBytes === 0, 'nothing to be buffered')
  },

  async 'a batch is taken in any case, even without room'({ probe, peer, expect }) {
    peer.stall()
    const written = await probe.fill(LARGE)
    probe.write('these', 'too')
    probe.write('and this')
    peer.resume()
    await until(() => peer.received.length === written + 3, 'everything to arrive')
    expect(peer.received.slice(written)).toEqual(['these', 'too', 'and this'])
  },

  async 'full, with room and full again: everything arrives once and in order'({ probe, peer, expect }) {
    let written = 0
    for (let round = 1; round <= 3; round++) {
      peer.stall()
      written += await probe.fill(`${String(round)}${LARGE}`)
      peer.resume()
      await until(() => probe.rooms === round, 'room to be reported')
    }
    await until(() => peer.received.length === written, 'everything to arrive')
    const rounds = peer.received.map((data) => Number(String(data)[0]))
    expect(rounds).toEqual(rounds.toSorted((a, b) => a - b))
  },

  async 'a peer that takes nothing is still heard'({ probe, peer, expect }) {
    peer.stall()
    await probe.fill(LARGE)
    peer.send('help')
    await until(() => probe.received.length === 1, 'the message')
    expect(probe.received).toEqual(['help'])
  },
}
