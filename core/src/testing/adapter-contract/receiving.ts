import type { Tests } from './tests.ts'
import { sameBytes, until } from '../contract-suite/wait.ts'
import type { World } from './world.ts'

/** What the peer says is received. */
export const RECEIVING: Tests<World> = {
  async 'messages of the peer are received whole and in order'({ probe, peer, expect }) {
    const messages = ['one', '', 'zwölf', 'a\0b', '\u{1f600}', 'x'.repeat(300_000), 'last']
    for (const message of messages) peer.send(message)
    await until(() => probe.received.length === messages.length, 'all messages')
    expect(probe.received).toEqual(messages)
  },

  async 'binary messages of the peer are received as bytes'({ probe, peer, expect }) {
    const blob = Uint8Array.from({ length: 70_000 }, (_, at) => at % 253)
    peer.send(Uint8Array.of(0, 255))
    peer.send('text between')
    peer.send(blob)
    peer.send(new Uint8Array(0))
    await until(() => probe.received.length === 4, 'all messages')
    expect(probe.received.slice(0, 2)).toEqual([Uint8Array.of(0, 255), 'text between'])
    expect(sameBytes(probe.received[2], blob)).toBe(true)
    expect(probe.received[3]).toEqual(new Uint8Array(0))
  },

  async 'an answer may be written, and the connection closed, while a message is received'({
    probe,
    peer,
    expect,
  }) {
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
