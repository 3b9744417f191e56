import type { Tests } from './tests.ts'
import { noise, turns, until } from '../contract-suite/wait.ts'
import type { World } from './world.ts'

const LARGE = noise(65_536)

/** The peer goes. */
export const LEAVING: Tests<World> = {
  async 'a close by the peer is reported once, with its code and reason'({ probe, peer, expect }) {
    peer.close(4444, 'grüße')
    await probe.over()
    expect(probe.ends).toEqual([{ code: 4444, reason: 'grüße' }])
    await until(() => peer.ended, 'the end')
    await turns(20)
    expect(probe.ends.length).toBe(1)
  },

  async 'messages sent before a close are received before it is reported'({ probe, peer, expect }) {
    probe.onReceive = () => expect(probe.ends).toEqual([])
    for (let at = 0; at < 50; at++) peer.send(`message ${String(at)}`)
    peer.close(1000, '')
    await probe.over()
    expect(probe.received.length).toBe(50)
  },

  async 'a close by a peer that takes nothing is reported all the same'({ probe, peer, expect }) {
    peer.stall()
    await probe.fill(LARGE)
    peer.close(4000, 'enough')
    await probe.over()
    expect(probe.ends).toEqual([{ code: 4000, reason: 'enough' }])
  },

  async 'a peer that vanishes is reported once'({ probe, peer, expect }) {
    probe.write('hello')
    await until(() => peer.received.length === 1, 'the message')
    peer.destroy()
    await probe.over()
    await turns(20)
    expect(probe.ends.length).toBe(1)
  },

  async 'a peer that vanishes with much still to come frees the buffers'({ probe, peer }) {
    peer.stall()
    await probe.fill(LARGE)
    peer.destroy()
    await probe.over()
    await until(() => probe.conn.bufferedBytes === 0, 'nothing to be buffered')
  },

  async 'when both sides close at the same time the end is reported once'({ probe, peer, expect }) {
    peer.close(4001, 'mine')
    probe.conn.close(4002, 'yours')
    await probe.over()
    await until(() => peer.ended, 'the end')
    await turns(20)
    expect(probe.ends.length).toBe(1)
  },

  async 'after the peer is gone nothing throws'({ probe, peer, expect }) {
    peer.close(1000, '')
    await probe.over()
    expect(typeof probe.write('anybody there?')).toBe('boolean')
    probe.conn.close(1000, '')
    probe.conn.terminate()
    await turns(20)
    expect(probe.ends.length).toBe(1)
  },
}
