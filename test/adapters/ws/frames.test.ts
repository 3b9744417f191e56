import { plain } from '@fanfare/core'
import { describe, expect, it } from 'vitest'

import { type Live, liveGateway, type LiveOptions } from '../../support/live-gateway.ts'
import { RawPeer, rawFrame } from '../../support/raw-peer.ts'
import { SocketInMemory } from '../../support/socket-in-memory.ts'
import { turns, until } from '../../support/until.ts'

const LIMIT = 1_000
/** The kinds of length, without and with a mask. */
const SECOND_BYTES = [0, 1, 125, 126, 127, 128, 129, 253, 254, 255]

/** A gateway that tells a client the size of each message. */
async function measuring(options: LiveOptions = {}): Promise<Live> {
  const live = await liveGateway({ protocols: { '/': plain() }, maxMessageBytes: LIMIT, ...options })
  live.gateway.onMessage(({ client }, { text, binary }) => {
    client.send(String(binary?.length ?? Buffer.byteLength(text)))
  })
  return live
}

/** Sends these bytes, for which the connection is closed. Returns the code, and how the hub was told. */
async function closedFor(
  live: Live,
  bytes: Uint8Array,
): Promise<{ code: number | undefined; told: unknown[] }> {
  const peer = await RawPeer.upgraded(live.port)
  peer.send(bytes)
  await until(() => peer.closeCode !== undefined || peer.closed, 'the close frame')
  await until(() => live.gone.length > 0, 'the departure')
  peer.send(rawFrame(0x88))
  await peer.over()
  return { code: peer.closeCode, told: [...live.gone.map(({ code }) => code), ...live.errors] }
}

const filled = (size: number): Buffer => Buffer.alloc(size, 'x')

describe('the limit on message size', () => {
  it.each([
    ['text', [rawFrame(0x81, filled(LIMIT))]],
    ['bytes', [rawFrame(0x82, filled(LIMIT))]],
    ['two pieces', [rawFrame(0x01, filled(LIMIT - 1)), rawFrame(0x80, filled(1))]],
    [
      'two pieces with a ping between',
      [rawFrame(0x01, filled(1)), rawFrame(0x89), rawFrame(0x80, filled(LIMIT - 1))],
    ],
  ])('lets %s of just that size pass', async (_what, frames) => {
    const { port } = await measuring()
    const peer = await RawPeer.upgraded(port)
    peer.send(Buffer.concat(frames))
    await until(() => peer.texts.length > 0, 'the answer')
    expect(peer.texts).toEqual([String(LIMIT)])
  })

  it('counts bytes, not characters', async () => {
    const bytes = rawFrame(0x81, Buffer.from('ü'.repeat(LIMIT / 2) + 'x'))
    expect(await closedFor(await measuring(), bytes)).toEqual({ code: 1009, told: [1009] })
  })

  it.each([
    ['text', rawFrame(0x81, filled(LIMIT + 1))],
    ['bytes', rawFrame(0x82, filled(LIMIT + 1))],
    ['two pieces', Buffer.concat([rawFrame(0x01, filled(LIMIT)), rawFrame(0x80, filled(1))])],
    ['a head that announces it', Buffer.of(0x81, 0xfe, 0x03, 0xe9)],
    ['a head that announces a terabyte', Buffer.of(0x82, 0xff, 0, 0, 1, 0, 0, 0, 0, 0)],
    ['a length with the highest bit set', Buffer.of(0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 1)],
    ['a length of 2^64 - 1', Buffer.of(0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)],
  ])('closes with 1009 for one byte more: %s', async (_what, bytes) => {
    expect(await closedFor(await measuring(), bytes)).toEqual({ code: 1009, told: [1009] })
  })

  it('holds however large it is', async () => {
    const live = await measuring({ maxMessageBytes: 2 ** 32 })
    expect(await closedFor(live, Buffer.of(0x82, 0xff, 0, 0, 1, 0, 0, 0, 0, 0))).toEqual({
      code: 1009,
      told: [1009],
    })
  })
})

describe('what is no legal frame closes the connection', () => {
  it.each<[number, string, Buffer]>([
    [1002, 'a reserved opcode', rawFrame(0x83)],
    [1002, 'a reserved control opcode', rawFrame(0x8b)],
    [1002, 'RSV1 without compression', rawFrame(0xc1, filled(4))],
    [1002, 'RSV2', rawFrame(0xa1)],
    [1002, 'RSV3', rawFrame(0x91)],
    [1002, 'a frame without a mask', Buffer.of(0x81, 1, 0x78)],
    [1002, 'a ping in pieces', rawFrame(0x09)],
    [1002, 'a ping of 126 bytes', rawFrame(0x89, filled(126))],
    [1002, 'a close frame of 126 bytes', rawFrame(0x88, filled(126))],
    [1002, 'a close frame of one byte', rawFrame(0x88, filled(1))],
    [1002, 'a close code that nobody may send', rawFrame(0x88, Buffer.of(0x03, 0xed))],
    [1002, 'a close code that does not exist', rawFrame(0x88, Buffer.of(0x00, 0x01))],
    [1002, 'a piece of nothing', rawFrame(0x80, filled(1))],
    [1002, 'a message inside a message', Buffer.concat([rawFrame(0x01), rawFrame(0x81)])],
    [1007, 'text that is no UTF-8', rawFrame(0x81, Buffer.of(0xc3, 0x28))],
    [1007, 'text that ends in the middle of a character', rawFrame(0x81, Buffer.of(0xe2, 0x82))],
    [1007, 'half a surrogate pair', rawFrame(0x81, Buffer.of(0xed, 0xa0, 0x80))],
    [1007, 'a reason that is no UTF-8', rawFrame(0x88, Buffer.of(0x03, 0xe8, 0xff))],
    [
      1008,
      'a message in 129 pieces',
      Buffer.concat([rawFrame(0x01), ...Array.from({ length: 129 }, () => rawFrame(0))]),
    ],
  ])('with %i: %s', async (code, _what, bytes) => {
    expect(await closedFor(await measuring(), bytes)).toEqual({ code, told: [code] })
  })

  it('a character may be spread over two pieces', async () => {
    const { port } = await measuring()
    const peer = await RawPeer.upgraded(port)
    peer.send(Buffer.concat([rawFrame(0x01, Buffer.of(0xe2)), rawFrame(0x80, Buffer.of(0x82, 0xac))]))
    await until(() => peer.texts.length > 0, 'the answer')
    expect(peer.texts).toEqual(['3'])
  })

  it('what a peer sends after it is not heard', async () => {
    const live = await measuring()
    const heard: string[] = []
    live.gateway.onMessage((_client, { text }) => void heard.push(text))
    const peer = await RawPeer.upgraded(live.port)
    peer.send(Buffer.concat([rawFrame(0x81, filled(1)), rawFrame(0x83), rawFrame(0x81, filled(2))]))
    await peer.over()
    expect(heard).toEqual(['x'])
  })

  it('every first byte, then any kind of length, then anything: the server takes it calmly', async () => {
    const live = await measuring()
    const tail = Buffer.from('0123456789abcd')
    for (let first = 0; first < 256; first++) {
      const sockets: SocketInMemory[] = []
      for (const second of SECOND_BYTES) {
        const socket = SocketInMemory.upgradedBy(live.server)
        sockets.push(socket)
        await Promise.resolve()
        socket.arrive(Buffer.concat([Buffer.of(first, second), tail]))
      }
      await turns(2)
      for (const socket of sockets) socket.destroy()
    }
    await until(() => live.attached.connections === 0, 'all of them to be gone')
    expect(live.hub.count()).toBe(0)
    expect(live.gone).toHaveLength(256 * SECOND_BYTES.length)
    expect(live.errors).toEqual([])
  })
})

describe('floods', () => {
  it('a peer that pings without end and reads no answer is cut before it costs megabytes', async () => {
    const live = await measuring()
    const peer = await RawPeer.upgraded(live.port)
    peer.socket.pause()
    const pings = Buffer.concat(Array.from({ length: 4_000 }, () => rawFrame(0x89, filled(125))))
    for (let sent = 0; sent < 64 * 1_048_576 && !peer.socket.destroyed; sent += pings.length) {
      await new Promise((resolve) => peer.socket.write(pings, resolve))
    }
    await until(() => live.gone.length > 0, 'the departure')
    await until(() => live.attached.connections === 0, 'the end')
    expect(live.sockets[0]!.bytesRead).toBeLessThan(16 * 1_048_576)
  })

  it('a peer that pings a lot and reads the answers may go on', async () => {
    const live = await measuring()
    const peer = await RawPeer.upgraded(live.port)
    const pongs = (): number => peer.frames.filter(({ first }) => first === 0x8a).length
    for (let sent = 50; sent <= 1_000; sent += 50) {
      peer.send(Buffer.concat(Array.from({ length: 50 }, () => rawFrame(0x89, filled(5)))))
      await until(() => pongs() === sent, 'the pongs')
      live.clock.advance(1_000)
    }
    expect(live.gone).toEqual([])
  })

  it('pieces of one byte without end are cut', async () => {
    const live = await measuring()
    const pieces = Array.from({ length: 5_000 }, () => rawFrame(0x00, filled(1)))
    expect(await closedFor(live, Buffer.concat([rawFrame(0x01), ...pieces]))).toEqual({
      code: 1008,
      told: [1008],
    })
  })

  it('more messages than a slow handler gets through are too many', async () => {
    const live = await measuring()
    live.gateway.onMessage(() => new Promise(() => {}))
    expect(
      await closedFor(live, Buffer.concat(Array.from({ length: 1_000 }, () => rawFrame(0x81, filled(5))))),
    ).toEqual({ code: 4102, told: [4102] })
  })
})
