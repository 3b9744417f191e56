import type { Tests } from './tests.ts'
import { sameBytes, until, utf8Size } from '../contract-suite/wait.ts'
import type { World } from './world.ts'

/** What is written arrives. */
export const WRITING: Tests<World> = {
  async 'a batch arrives whole, in order, between the one before it and the one after it'({
    probe,
    peer,
    expect,
  }) {
    probe.write('first')
    probe.write('a', 'b', 'c')
    probe.write('last')
    await until(() => peer.received.length === 5, 'five messages')
    expect(peer.received).toEqual(['first', 'a', 'b', 'c', 'last'])
  },

  async 'batches written in one turn arrive in the order of the writes'({ probe, peer, expect }) {
    const messages = Array.from({ length: 500 }, (_, at) => `message ${String(at)}`)
    for (let at = 0; at < messages.length; at += 5) probe.write(...messages.slice(at, at + 5))
    await until(() => peer.received.length === messages.length, 'all messages')
    expect(peer.received).toEqual(messages)
  },

  async 'text arrives as it is: empty, unicode, NUL, line ends'({ probe, peer, expect }) {
    const texts = ['', ' ', 'grüße', '\u{1f600}\u{10ffff}', 'a\0b', '\r\n\n\u2028', '\ufeff{"a":1}', '"\\']
    probe.write(...texts)
    await until(() => peer.received.length === texts.length, 'all texts')
    expect(peer.received).toEqual(texts)
  },

  async 'binary arrives as it is: empty, every byte, a view into something larger'({ probe, peer, expect }) {
    const every = Uint8Array.from({ length: 256 }, (_, at) => at)
    const blobs = [new Uint8Array(0), every, every.subarray(16, 32)]
    probe.write(...blobs)
    await until(() => peer.received.length === blobs.length, 'all bytes')
    expect(peer.received).toEqual(blobs.map((blob) => Uint8Array.from(blob)))
  },

  async 'text and binary keep their kind side by side'({ probe, peer, expect }) {
    probe.write('1', Uint8Array.of(50), '3')
    await until(() => peer.received.length === 3, 'three messages')
    expect(peer.received).toEqual(['1', Uint8Array.of(50), '3'])
  },

  async 'large messages arrive whole: 125 bytes to 300 kB'({ probe, peer, expect }) {
    const sizes = [125, 126, 127, 65_535, 65_536, 300_000]
    probe.write(...sizes.map((size) => 'ü'.repeat(size / 2) + 'x'.repeat(size % 2)))
    await until(() => peer.received.length === sizes.length, 'all sizes')
    expect(peer.received.map((data) => (typeof data === 'string' ? utf8Size(data) : data.length))).toEqual(
      sizes,
    )
    expect(peer.received.at(-1)).toBe('ü'.repeat(150_000))
  },

  async 'large binary arrives whole'({ probe, peer, expect }) {
    const blob = Uint8Array.from({ length: 300_000 }, (_, at) => at % 251)
    probe.write('before', blob)
    await until(() => peer.received.length === 2, 'two messages')
    expect(sameBytes(peer.received[1], blob)).toBe(true)
  },
}
