import { expect } from 'vitest'

import { noise } from '../support/noise.ts'
import { turns, until } from '../support/until.ts'
import { type MakeStand, type Peer, Probe, ProbeGateway } from './conn-stand.ts'
import { contract, inWorld, type Skip, type Tests } from './contract.ts'
import { SLOW_PEER_TESTS, withHub } from './slow-peers.ts'

/** One connection: the hub's end and the peer's. */
interface World {
  readonly probe: Probe
  readonly peer: Peer
}

const KIB = 1_024
const LARGE = noise(64 * KIB)

const WRITING: Tests<World> = {
  async 'a batch arrives whole, in order, between the one before it and the one after it'({ probe, peer }) {
    probe.write('first')
    probe.write('a', 'b', 'c')
    probe.write('last')
    await until(() => peer.received.length === 5, 'five messages')
    expect(peer.received).toEqual(['first', 'a', 'b', 'c', 'last'])
  },

  async 'batches written in one turn arrive in the order of the writes'({ probe, peer }) {
    const messages = Array.from({ length: 500 }, (_, at) => `message ${String(at)}`)
    for (let at = 0; at < messages.length; at += 5) probe.write(...messages.slice(at, at + 5))
    await until(() => peer.received.length === messages.length, 'all messages')
    expect(peer.received).toEqual(messages)
  },

  async 'text arrives as it is: empty, unicode, NUL, line ends'({ probe, peer }) {
    const texts = ['', ' ', 'grüße', '\u{1f600}\u{10ffff}', 'a\0b', '\r\n\n\u2028', '\ufeff{"a":1}', '"\\']
    probe.write(...texts)
    await until(() => peer.received.length === texts.length, 'all texts')
    expect(peer.received).toEqual(texts)
  },

  async 'binary arrives as it is: empty, every byte, a view into something larger'({ probe, peer }) {
    const every = Uint8Array.from({ length: 256 }, (_, at) => at)
    const blobs = [new Uint8Array(0), every, every.subarray(16, 32)]
    probe.write(...blobs)
    await until(() => peer.received.length === blobs.length, 'all bytes')
    expect(peer.received).toEqual(blobs.map((blob) => Uint8Array.from(blob)))
  },

  async 'text and binary keep their kind side by side'({ probe, peer }) {
    probe.write('1', Uint8Array.of(50), '3')
    await until(() => peer.received.length === 3, 'three messages')
    expect(peer.received).toEqual(['1', Uint8Array.of(50), '3'])
  },

  async 'large messages arrive whole: 125 bytes to 300 kB'({ probe, peer }) {
    const sizes = [125, 126, 127, 65_535, 65_536, 300_000]
    probe.write(...sizes.map((size) => 'ü'.repeat(size / 2) + 'x'.repeat(size % 2)))
    await until(() => peer.received.length === sizes.length, 'all sizes')
    expect(peer.received.map((data) => Buffer.byteLength(data))).toEqual(sizes)
    expect(peer.received.at(-1)).toBe('ü'.repeat(150_000))
  },

  async 'large binary arrives whole'({ probe, peer }) {
    const blob = Uint8Array.from({ length: 300_000 }, (_, at) => at % 251)
    probe.write('before', blob)
    await until(() => peer.received.length === 2, 'two messages')
    expect(Buffer.compare(peer.received[1] as Uint8Array, blob)).toBe(0)
  },
}

const ROOM: Tests<World> = {
  async 'with room, write says true, nothing stays buffered, and room is not reported'({ probe, peer }) {
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

  async 'bufferedBytes grows with what is taken, and returns to 0'({ probe, peer }) {
    peer.stall()
    await probe.fill(LARGE)
    const before = probe.conn.bufferedBytes
    probe.write(noise(20 * KIB), noise(20 * KIB))
    expect(probe.conn.bufferedBytes).toBeGreaterThan(before + 20 * KIB)
    peer.resume()
    await until(() => probe.conn.bufferedBytes === 0, 'nothing to be buffered')
  },

  async 'a batch is taken in any case, even without room'({ probe, peer }) {
    peer.stall()
    const written = await probe.fill(LARGE)
    probe.write('these', 'too')
    probe.write('and this')
    peer.resume()
    await until(() => peer.received.length === written + 3, 'everything to arrive')
    expect(peer.received.slice(written)).toEqual(['these', 'too', 'and this'])
  },

  async 'full, with room and full again: everything arrives once and in order'({ probe, peer }) {
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

  async 'a peer that takes nothing is still heard'({ probe, peer }) {
    peer.stall()
    await probe.fill(LARGE)
    peer.send('help')
    await until(() => probe.received.length === 1, 'the message')
    expect(probe.received).toEqual(['help'])
  },
}

const RECEIVING: Tests<World> = {
  async 'messages of the peer are received whole and in order'({ probe, peer }) {
    const messages = ['one', '', 'zwölf', 'a\0b', '\u{1f600}', 'x'.repeat(300_000), 'last']
    for (const message of messages) peer.send(message)
    await until(() => probe.received.length === messages.length, 'all messages')
    expect(probe.received).toEqual(messages)
  },

  async 'binary messages of the peer are received as bytes'({ probe, peer }) {
    const blob = Uint8Array.from({ length: 70_000 }, (_, at) => at % 253)
    peer.send(Uint8Array.of(0, 255))
    peer.send('text between')
    peer.send(blob)
    peer.send(new Uint8Array(0))
    await until(() => probe.received.length === 4, 'all messages')
    expect(probe.received.slice(0, 2)).toEqual([Uint8Array.of(0, 255), 'text between'])
    expect(Buffer.compare(probe.received[2] as Uint8Array, blob)).toBe(0)
    expect(probe.received[3]).toEqual(new Uint8Array(0))
  },

  async 'an answer may be written, and the connection closed, while a message is received'({ probe, peer }) {
    probe.onReceive = (data) => {
      probe.write(`you said ${String(data)}`)
      if (data === 'bye') probe.conn.close(4001, 'as you wish')
    }
    peer.send('hello')
    peer.send('bye')
    await until(() => peer.ended, 'the end')
    expect(peer.received).toEqual(['you said hello', 'you said bye'])
    expect(peer.ended).toEqual({ code: 4001, reason: 'as you wish' })
  },
}

const CLOSING: Tests<World> = {
  async 'close sends what was written, then the code and the reason'({ probe, peer }) {
    probe.write('a', 'x'.repeat(300_000), 'z')
    probe.conn.close(4321, 'that is all')
    await until(() => peer.ended, 'the end')
    expect(peer.received.map((data) => data.length)).toEqual([1, 300_000, 1])
    expect(peer.ended).toEqual({ code: 4321, reason: 'that is all' })
    await probe.over()
  },

  async 'close waits for a peer that takes nothing, and then sends everything'({ probe, peer }) {
    peer.stall()
    const written = await probe.fill(LARGE)
    probe.conn.close(4000, 'later')
    await turns(20)
    expect(peer.ended).toBeUndefined()
    peer.resume()
    await until(() => peer.ended, 'the end')
    expect(peer.received.length).toBe(written)
    expect(peer.ended).toEqual({ code: 4000, reason: 'later' })
  },

  async 'the code of an ordinary end arrives, with an empty reason'({ probe, peer }) {
    probe.conn.close(1000, '')
    await until(() => peer.ended, 'the end')
    expect(peer.ended).toEqual({ code: 1000, reason: '' })
  },

  async 'a reason of 123 bytes of UTF-8 arrives whole'({ probe, peer }) {
    const reason = '€'.repeat(41)
    probe.conn.close(4999, reason)
    await until(() => peer.ended, 'the end')
    expect(peer.ended).toEqual({ code: 4999, reason })
  },

  async 'close is idempotent: the first one counts, and the end is reported once'({ probe, peer }) {
    probe.conn.close(4001, 'first')
    probe.conn.close(4002, 'second')
    await until(() => peer.ended, 'the end')
    expect(peer.ended).toEqual({ code: 4001, reason: 'first' })
    await probe.over()
    probe.conn.close(4003, 'third')
    await turns(20)
    expect(probe.ends).toHaveLength(1)
  },

  async 'after close nothing throws, and nothing more arrives'({ probe, peer }) {
    probe.write('before')
    probe.conn.close(1000, '')
    expect(typeof probe.write('after')).toBe('boolean')
    expect(probe.conn.bufferedBytes).toBeGreaterThanOrEqual(0)
    await probe.over()
    expect(typeof probe.write('long after')).toBe('boolean')
    await until(() => peer.ended, 'the end')
    expect(peer.received).toEqual(['before'])
    await until(() => probe.conn.bufferedBytes === 0, 'nothing to be buffered')
  },

  async 'nothing that is written after close arrives, even when the close has to wait'({ probe, peer }) {
    peer.stall()
    const written = await probe.fill(LARGE)
    probe.conn.close(1000, '')
    probe.write('after')
    peer.resume()
    await until(() => peer.ended, 'the end')
    expect(peer.received).toHaveLength(written)
  },
}

const LEAVING: Tests<World> = {
  async 'a close by the peer is reported once, with its code and reason'({ probe, peer }) {
    peer.close(4444, 'grüße')
    await probe.over()
    expect(probe.ends).toEqual([{ code: 4444, reason: 'grüße' }])
    await until(() => peer.ended, 'the end')
    await turns(20)
    expect(probe.ends).toHaveLength(1)
  },

  async 'messages sent before a close are received before it is reported'({ probe, peer }) {
    probe.onReceive = () => expect(probe.ends).toEqual([])
    for (let at = 0; at < 50; at++) peer.send(`message ${String(at)}`)
    peer.close(1000, '')
    await probe.over()
    expect(probe.received).toHaveLength(50)
  },

  async 'a close by a peer that takes nothing is reported all the same'({ probe, peer }) {
    peer.stall()
    await probe.fill(LARGE)
    peer.close(4000, 'enough')
    await probe.over()
    expect(probe.ends).toEqual([{ code: 4000, reason: 'enough' }])
  },

  async 'a peer that vanishes is reported once'({ probe, peer }) {
    probe.write('hello')
    await until(() => peer.received.length === 1, 'the message')
    peer.destroy()
    await probe.over()
    await turns(20)
    expect(probe.ends).toHaveLength(1)
  },

  async 'a peer that vanishes with much still to come frees the buffers'({ probe, peer }) {
    peer.stall()
    await probe.fill(LARGE)
    peer.destroy()
    await probe.over()
    await until(() => probe.conn.bufferedBytes === 0, 'nothing to be buffered')
  },

  async 'when both sides close at the same time the end is reported once'({ probe, peer }) {
    peer.close(4001, 'mine')
    probe.conn.close(4002, 'yours')
    await probe.over()
    await until(() => peer.ended, 'the end')
    await turns(20)
    expect(probe.ends).toHaveLength(1)
  },

  async 'after the peer is gone nothing throws'({ probe, peer }) {
    peer.close(1000, '')
    await probe.over()
    expect(typeof probe.write('anybody there?')).toBe('boolean')
    probe.conn.close(1000, '')
    probe.conn.terminate()
    await turns(20)
    expect(probe.ends).toHaveLength(1)
  },
}

const CUTTING: Tests<World> = {
  async 'terminate cuts the connection, and the end is reported once'({ probe, peer }) {
    probe.conn.terminate()
    await probe.over()
    await until(() => peer.ended, 'the end')
    expect(peer.ended?.code).toBe(1006)
    probe.conn.terminate()
    probe.conn.close(1000, '')
    await turns(20)
    expect(probe.ends).toHaveLength(1)
  },

  async 'terminate frees megabytes at once that a peer does not take'({ probe, peer }) {
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

  async 'no room is reported once it is over'({ probe, peer }) {
    peer.stall()
    await probe.fill(LARGE)
    probe.conn.terminate()
    peer.resume()
    await probe.over()
    await until(() => peer.ended, 'the end')
    expect(probe.rooms).toBe(0)
  },

  async 'terminate puts an end to a close that cannot be finished'({ probe, peer }) {
    peer.stall()
    await probe.fill(LARGE)
    probe.conn.close(4000, 'goodbye')
    probe.conn.terminate()
    await probe.over()
    await until(() => probe.conn.bufferedBytes === 0, 'nothing to be buffered')
    expect(probe.ends).toHaveLength(1)
  },

  async 'after terminate nothing throws, and nothing more arrives'({ probe, peer }) {
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

/**
 * What every `Conn` has to do, and what becomes of slow peers through it. `make` puts a gateway on the adapter under test;
 * a skip names the tests that cannot hold there, and why.
 */
export function connContract(
  name: string,
  make: MakeStand,
  { skip = [] }: { readonly skip?: readonly Skip[] } = {},
): void {
  const alone = { ...WRITING, ...ROOM, ...RECEIVING, ...CLOSING, ...LEAVING, ...CUTTING }
  const tests = {
    ...inWorld(alone, (run) => withProbe(make, run)),
    ...inWorld(SLOW_PEER_TESTS, (run) => withHub(make, run)),
  }
  contract(`Conn: ${name}`, tests, skip)
}

async function withProbe(make: MakeStand, run: (world: World) => Promise<void>): Promise<void> {
  const gateway = new ProbeGateway({ maxMessageBytes: 1_000_000 })
  const stand = await make(gateway)
  const peer = await stand.connect()
  try {
    await until(() => gateway.probes.length === 1, 'the connection to be accepted')
    await run({ probe: gateway.probes[0]!, peer })
  } finally {
    peer.destroy()
    await stand.close()
  }
}
