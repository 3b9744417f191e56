import { constants, deflateRawSync } from 'node:zlib'

import { native, OptionError, plain } from '@fanfare/core'
import { attach, type AttachOptions } from '@fanfare/ws'
import { describe, expect, it } from 'vitest'

import { type Live, liveGateway, type LiveOptions } from '../../support/live-gateway.ts'
import { inflated, RawPeer, rawFrame } from '../../support/raw-peer.ts'
import { until } from '../../support/until.ts'
import { wsPeer } from '../../support/ws-peer.ts'

const MESSAGE = 'again and '.repeat(500)

async function compressing(
  compression: AttachOptions['compression'] = true,
  options: LiveOptions = {},
): Promise<Live> {
  return liveGateway({ protocols: { '/': plain() }, mount: { compression }, ...options })
}

async function offering(port: number, offer: string): Promise<RawPeer> {
  return RawPeer.upgraded(port, '/', { 'sec-websocket-extensions': offer })
}

function agreed(peer: RawPeer): string {
  return /sec-websocket-extensions: (.*)/i.exec(peer.head)?.[1] ?? ''
}

/** Sends everybody a message, and says how it came to this peer: its first byte and its size. */
async function howItComes(live: Live, peer: RawPeer): Promise<{ first: number; text: string; size: number }> {
  await until(() => live.hub.count() > 0, 'the client')
  for (const client of live.hub.clients()) client.send(MESSAGE)
  await until(() => peer.frames.length > 0, 'the message')
  const { first, payload } = peer.frames[0]!
  const data = first === 0xc1 ? inflated(payload) : payload
  return { first, text: data.toString(), size: payload.length }
}

/** What a client that compresses sends: a message with RSV1 set. */
function deflated(data: Uint8Array): Buffer {
  const flushed = deflateRawSync(data, { finishFlush: constants.Z_SYNC_FLUSH })
  return rawFrame(0xc1, flushed.subarray(0, flushed.length - 4))
}

describe('compression', () => {
  it('is off by default, whatever a client offers', async () => {
    const live = await liveGateway({ protocols: { '/': plain() } })
    const peer = await offering(live.port, 'permessage-deflate')
    expect(agreed(peer)).toBe('')
    expect(await howItComes(live, peer)).toEqual({ first: 0x81, text: MESSAGE, size: MESSAGE.length })
  })

  it.each([
    'permessage-deflate',
    'permessage-deflate; client_max_window_bits',
    'permessage-deflate; server_no_context_takeover; client_no_context_takeover',
    'permessage-deflate; client_max_window_bits=10',
    'x-other, permessage-deflate',
  ])('is agreed on without context for the offer %s', async (offer) => {
    const live = await compressing()
    const peer = await offering(live.port, offer)
    expect(agreed(peer)).toMatch(/permessage-deflate.*server_no_context_takeover/)
    expect(agreed(peer)).toMatch(/client_no_context_takeover/)
    const { first, text, size } = await howItComes(live, peer)
    expect({ first, text }).toEqual({ first: 0xc1, text: MESSAGE })
    expect(size).toBeLessThan(200)
  })

  it.each([
    'permessage-deflate; server_max_window_bits=10',
    'permessage-deflate; server_max_window_bits=15; client_max_window_bits',
    'permessage-deflate; server_max_window_bits=8, permessage-deflate',
    'x-permessage-deflate',
    'permessage-deflate-frame; a=1',
    'x-webkit-deflate-frame',
    'x-other; note="permessage-deflate"',
    '',
  ])('is left out for the offer %j, and what is sent then is plain', async (offer) => {
    const live = await compressing()
    const peer = await offering(live.port, offer)
    expect(agreed(peer)).toBe('')
    expect(await howItComes(live, peer)).toEqual({ first: 0x81, text: MESSAGE, size: MESSAGE.length })
  })

  it.each([
    'permessage-deflate; client_max_window_bits=7',
    'permessage-deflate; a=1',
    'permessage-deflate;;',
    ', ,',
  ])('refuses the malformed offer %j with 400', async (offer) => {
    const { port } = await compressing()
    const peer = await RawPeer.ask(port, '/', { 'sec-websocket-extensions': `permessage-deflate, ${offer}` })
    await peer.answered()
    expect(peer.status).toBe(400)
  })

  it('serves those who have it and those who have not in one channel', async () => {
    const live = await compressing()
    const peers = [
      await wsPeer(live.url, { perMessageDeflate: true }),
      await wsPeer(live.url),
      await wsPeer(live.url, { perMessageDeflate: { threshold: 0 } }),
    ]
    expect(peers.map(({ ws }) => ws.extensions)).toEqual(['permessage-deflate', '', 'permessage-deflate'])
    for (const client of live.hub.clients()) await live.hub.subscribe(client, 'news')
    const messages = ['short', MESSAGE, Uint8Array.from(Buffer.from(MESSAGE)), 'ü'.repeat(40_000), 'end']
    for (const message of messages) live.hub.broadcast('news', message)
    for (const peer of peers) {
      await until(() => peer.received.length === messages.length, 'all messages')
      expect(peer.received).toEqual(messages)
      peer.destroy()
    }
  })

  it('keeps the order between what is compressed, what is not, and what `ws` says itself', async () => {
    const live = await compressing({ threshold: 1_000 })
    const peer = await wsPeer(live.url, { perMessageDeflate: true })
    const [client] = live.hub.clients()
    const sizes = Array.from({ length: 300 }, (_, at) => (at % 3 === 0 ? 5_000 : 10))
    const pinging = setInterval(() => peer.ws.ping(), 1)
    for (const [at, size] of sizes.entries()) {
      client!.send(`${String(at)} ${'x'.repeat(size)}`)
      if (at % 7 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    await until(() => peer.received.length === sizes.length, 'all messages')
    clearInterval(pinging)
    expect(peer.received.map((data) => Number.parseInt(String(data), 10))).toEqual([...sizes.keys()])
    peer.destroy()
  })

  it('may be left to the application for each connection', async () => {
    const asked: string[] = []
    const live = await compressing({
      when: (request) => {
        asked.push(request.url ?? '')
        return request.url === '/?zip'
      },
    })
    const [zip, raw] = [
      await wsPeer(`${live.url}/?zip`, { perMessageDeflate: true }),
      await wsPeer(`${live.url}/?raw`),
    ]
    const not = await wsPeer(`${live.url}/?not`, { perMessageDeflate: true })
    expect([zip, not, raw].map(({ ws }) => ws.extensions)).toEqual(['permessage-deflate', '', ''])
    expect(asked).toEqual(['/?zip', '/?not'])
    for (const peer of [zip, raw, not]) peer.destroy()
  })

  it('is left out when the application cannot say', async () => {
    const live = await compressing({
      when: () => {
        throw new Error('who is this?')
      },
    })
    const peer = await offering(live.port, 'permessage-deflate')
    expect(agreed(peer)).toBe('')
    expect(live.errors).toEqual([{ error: new Error('who is this?'), where: 'conn' }])
  })

  it.each<[string, unknown]>([
    ['compression', 'yes'],
    ['compression', null],
    ['compression', 1],
    ['compression', { treshold: 10 }],
    ['compression.threshold', { threshold: -1 }],
    ['compression.threshold', { threshold: 1.5 }],
    ['compression.level', { level: 0 }],
    ['compression.level', { level: 10 }],
    ['compression.level', { level: '6' }],
    ['compression.when', { when: true }],
  ])('has no such option: %s in %j', async (option, compression) => {
    const { gateway, server } = await liveGateway()
    const before = server.listenerCount('upgrade')
    const mount = { compression } as unknown as AttachOptions
    expect(() => attach(gateway, server, mount)).toThrow(expect.objectContaining({ option }) as OptionError)
    expect(server.listenerCount('upgrade')).toBe(before)
  })
})

describe('what clients compress', () => {
  const LIMIT = 10_000
  async function measuring(): Promise<{ live: Live; peer: RawPeer }> {
    const live = await compressing(
      { threshold: 1_000_000 },
      { maxMessageBytes: LIMIT, protocols: { '/': plain() } },
    )
    live.gateway.onMessage(({ client }, { text }) => void client.send(String(text.length)))
    return { live, peer: await offering(live.port, 'permessage-deflate') }
  }

  it('is understood, message by message, and pieces too', async () => {
    const { peer } = await measuring()
    const whole = deflateRawSync(Buffer.alloc(3_000, 'x'), { finishFlush: constants.Z_SYNC_FLUSH })
    const [head, tail] = [whole.subarray(0, 4), whole.subarray(4, -4)]
    peer.send(deflated(Buffer.from('hello')))
    peer.send(rawFrame(0x81, Buffer.from('plain')))
    peer.send(Buffer.concat([rawFrame(0x41, head), rawFrame(0x80, tail)]))
    await until(() => peer.texts.length === 3, 'the answers')
    expect(peer.texts).toEqual(['5', '5', '3000'])
  })

  it('counts as what it is without compression: the limit passes, one byte more closes with 1009', async () => {
    const { live, peer } = await measuring()
    peer.send(deflated(Buffer.alloc(LIMIT, 'x')))
    await until(() => peer.texts.length === 1, 'the answer')
    expect(peer.texts).toEqual([String(LIMIT)])
    peer.send(deflated(Buffer.alloc(LIMIT + 1, 'x')))
    await until(() => peer.closeCode, 'the close frame')
    expect(peer.closeCode).toBe(1009)
    await until(() => live.gone.length > 0, 'the departure')
  })

  it('a bomb of 1000:1 is stopped at the limit, time and again', async () => {
    const bomb = deflated(Buffer.alloc(64 * 1_048_576))
    expect(bomb.length).toBeLessThan(70_000)
    const live = await compressing(true, { maxMessageBytes: 524_288 })
    const before = process.memoryUsage()
    for (let round = 0; round < 2; round++) {
      const peers = await Promise.all(
        Array.from({ length: 5 }, () => offering(live.port, 'permessage-deflate')),
      )
      for (const peer of peers) peer.send(bomb)
      for (const peer of peers) {
        await until(() => peer.closeCode, 'the close frame')
        expect(peer.closeCode).toBe(1009)
      }
    }
    const after = process.memoryUsage()
    expect(after.rss - before.rss).toBeLessThan(256 * 1_048_576)
    await until(() => live.attached.connections === 0, 'the end')
  })

  it.each<[number, string, Buffer]>([
    [1007, 'bytes that are not compressed', rawFrame(0xc1, Buffer.alloc(40, 0xff))],
    [1007, 'text that is no UTF-8 inside', deflated(Buffer.of(0xc3, 0x28))],
    [
      1002,
      'RSV1 on a later piece',
      Buffer.concat([rawFrame(0x41, Buffer.of(0)), rawFrame(0xc0, Buffer.of(0))]),
    ],
    [1002, 'RSV1 on a ping', rawFrame(0xc9)],
  ])('closes with %i for %s', async (code, _what, bytes) => {
    const { live, peer } = await measuring()
    peer.send(bytes)
    await until(() => peer.closeCode, 'the close frame')
    expect(peer.closeCode).toBe(code)
    await until(() => live.gone.length > 0, 'the departure')
    expect(live.gone).toEqual([expect.objectContaining({ code })])
  })

  it('a bomb, then rubbish, then the end: nothing is left', async () => {
    const { live, peer } = await measuring()
    peer.send(Buffer.concat([deflated(Buffer.alloc(20_000_000)), rawFrame(0xc1, Buffer.alloc(40, 0xff))]))
    peer.socket.end()
    await peer.over()
    await until(() => live.attached.connections === 0, 'the end')
    expect(live.hub.count()).toBe(0)
    expect(live.errors).toEqual([])
  })
})

describe('a greeting', () => {
  it('comes through compressed as it does plain', async () => {
    const live = await compressing({ threshold: 0 }, { protocols: { '/': native() } })
    const peer = await wsPeer(live.url, { perMessageDeflate: true })
    await until(() => peer.received.length > 0, 'the welcome')
    expect(peer.received[0]).toMatch(/^\{"op":"welcome"/)
    peer.destroy()
  })
})
