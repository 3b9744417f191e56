import { plain } from '@fanfare/core'
import { deflateRawSync, constants } from 'node:zlib'
import { describe, expect, it } from 'vitest'

import { FrameScan } from '../../../adapters/ws/src/frame-scan.ts'
import { type Live, liveGateway, type LiveOptions } from '../../support/live-gateway.ts'
import { RawPeer, rawFrame } from '../../support/raw-peer.ts'
import { turns, until } from '../../support/until.ts'

const filled = (size: number): Buffer => Buffer.alloc(size, 'x')
/** The beginning of a message, that says how much is to come. */
const begun = (announced: number, sent: number): Buffer =>
  rawFrame(0x81, filled(announced)).subarray(0, sent - announced)

async function live(options: LiveOptions = {}): Promise<Live> {
  return liveGateway({ protocols: { '/': plain() }, maxMessageBytes: 524_288, ...options })
}

const whysOf = ({ gone }: Live): string[] => gone.map(({ why }) => why)

describe('the bytes of messages that are not finished', () => {
  it('are on the budget for what comes in, and leave it when the message is whole, or its sender gone', async () => {
    const scene = await live()
    const { inbound } = scene.hub.budgets
    let heard = 0
    scene.gateway.onMessage(() => void heard++)
    const [one, other] = [await RawPeer.upgraded(scene.port), await RawPeer.upgraded(scene.port)]
    const whole = rawFrame(0x81, filled(100_000))
    one.send(whole.subarray(0, 60_000))
    other.send(whole.subarray(0, 50_000))
    await until(() => inbound.used >= 110_000, 'both to be counted')
    one.send(whole.subarray(60_000))
    await until(() => heard === 1, 'the one to be done')
    // What it was counts for a second, as garbage.
    scene.clock.advance(1_100)
    expect(inbound.used).toBeLessThan(60_000)
    other.socket.destroy()
    await until(() => inbound.used === 0, 'the other to be gone')
    expect(whysOf(scene)).toEqual(['closed'])
  })

  it('count as what is kept for them: a piece of one byte keeps the pings around it', async () => {
    const scene = await live({ maxControlFrames: 1_000_000 })
    const { inbound } = scene.hub.budgets
    const peer = await RawPeer.upgraded(scene.port)
    peer.send(rawFrame(0x01, filled(1)))
    const pings = Buffer.concat(Array.from({ length: 1_000 }, () => rawFrame(0x8a, filled(125))))
    peer.send(pings)
    await until(() => inbound.used >= pings.length, 'the pings to be counted')
    peer.send(rawFrame(0x80))
    await until(() => inbound.used === 0, 'the end of the message')
    expect(scene.gone).toEqual([])
  })

  it('beyond the budget those who have most on the way are closed as rate, told so, and freed', async () => {
    const scene = await live({ hub: { budgets: { inbound: 1_048_576 } } })
    const small = await RawPeer.upgraded(scene.port)
    small.send(begun(500_000, 1_000))
    const large = await Promise.all(Array.from({ length: 8 }, () => RawPeer.upgraded(scene.port)))
    for (const peer of large) peer.send(begun(500_000, 300_000))
    await until(() => scene.gone.length >= 5, 'the largest to go')
    const [first] = large.filter(({ closed }) => closed)
    await until(() => large.some(({ closeCode }) => closeCode !== undefined), 'the close frame')
    expect(new Set(whysOf(scene))).toEqual(new Set(['rate']))
    expect(large.find(({ closeCode }) => closeCode !== undefined)?.closeCode).toBe(4102)
    await until(() => scene.hub.budgets.inbound.used <= 1_048_576, 'the budget to be kept')
    expect(small.closed).toBe(false)
    await first?.over()
  })

  it('are freed at once, whatever the peer does about the close frame', async () => {
    const scene = await live({ hub: { budgets: { inbound: 100_000 } } })
    const peer = await RawPeer.upgraded(scene.port)
    peer.send(begun(500_000, 200_000))
    await until(() => scene.gone.length === 1, 'the departure')
    await until(() => scene.attached.connections === 0 && scene.hub.budgets.inbound.used === 0, 'the end')
    expect(scene.hub.budgets.inbound.evictions).toBe(1)
  })
})

describe('a message that is not finished', () => {
  it.each<[string, Uint8Array]>([
    ['half a head', Buffer.of(0x81)],
    ['a head without its length', Buffer.of(0x81, 0xff, 0, 0)],
    ['a head without its mask', Buffer.of(0x81, 0x85)],
    ['half a frame', begun(1_000, 500)],
    ['one piece of several', rawFrame(0x01, filled(10))],
    ['an empty piece', rawFrame(0x01)],
    ['a message and the beginning of the next', Buffer.concat([rawFrame(0x81, filled(3)), Buffer.of(0x81)])],
    ['half a ping', rawFrame(0x89, filled(50)).subarray(0, 20)],
  ])('has 10 s, whatever comes meanwhile: %s', async (_what, bytes) => {
    const scene = await live({ heartbeat: { intervalMs: 0 } })
    const peer = await RawPeer.upgraded(scene.port)
    peer.send(bytes)
    await until(() => scene.hub.budgets.inbound.used > 0, 'the beginning')
    scene.clock.advance(9_000)
    await turns(10)
    expect(scene.gone).toEqual([])
    scene.clock.advance(1_200)
    await until(() => scene.gone.length === 1, 'the end')
    expect(whysOf(scene)).toEqual(['timeout'])
    await peer.over()
    expect(scene.hub.budgets.inbound.used).toBe(0)
  })

  it('is not prolonged by bytes, pieces and pongs that trickle in', async () => {
    const scene = await live({ heartbeat: { intervalMs: 0 } })
    const peer = await RawPeer.upgraded(scene.port)
    peer.send(rawFrame(0x01, filled(10)))
    for (let second = 0; second < 9; second++) {
      peer.send(Buffer.concat([rawFrame(0x8a), rawFrame(0x00, filled(1))]))
      await turns(10)
      scene.clock.advance(1_000)
    }
    expect(scene.gone).toEqual([])
    scene.clock.advance(1_200)
    await until(() => scene.gone.length === 1, 'the end')
    expect(whysOf(scene)).toEqual(['timeout'])
  })

  it('is another one each time: who says much may go on', async () => {
    const scene = await live({ heartbeat: { intervalMs: 0 } })
    let heard = 0
    scene.gateway.onMessage(() => void heard++)
    const peer = await RawPeer.upgraded(scene.port)
    for (let at = 0; at < 5; at++) {
      peer.send(begun(1_000, 500))
      await until(() => scene.hub.budgets.inbound.used > 0, 'the beginning')
      scene.clock.advance(8_000)
      // The end of it, and the beginning of the next in the same packet.
      peer.send(Buffer.concat([filled(500), Buffer.of(0x81)]))
      await until(() => heard === 2 * at + 1, 'the message')
      scene.clock.advance(8_000)
      peer.send(Buffer.of(0x81, 0, 0, 0, 0, 0x78))
      await until(() => heard === 2 * at + 2, 'the next message')
    }
    expect(scene.gone).toEqual([])
    expect([scene.hub.budgets.inbound.used, scene.hub.wheel.size]).toEqual([0, 0])
  })
})

describe('compressed messages', () => {
  const mount = { compression: true }
  const headers = { 'sec-websocket-extensions': 'permessage-deflate' }
  const bomb = deflateRawSync(Buffer.alloc(524_000), { finishFlush: constants.Z_SYNC_FLUSH })

  it('count as what they are inflated to, as long as a piece is missing', async () => {
    const scene = await live({ mount, hub: { budgets: { inbound: 1_048_576 } } })
    const peers = await Promise.all(
      Array.from({ length: 4 }, () => RawPeer.upgraded(scene.port, '/', headers)),
    )
    expect(bomb.length).toBeLessThan(1_000)
    for (const peer of peers) peer.send(rawFrame(0x41, bomb))
    await until(() => scene.gone.length >= 2, 'the largest to go')
    expect(new Set(whysOf(scene))).toEqual(new Set(['rate']))
  })

  it('leave the budget when they are delivered', async () => {
    const scene = await live({ mount, rateLimit: { messages: { rate: 0, burst: 1 } } })
    let heard = 0
    scene.gateway.onMessage(() => void heard++)
    const peer = await RawPeer.upgraded(scene.port, '/', headers)
    const text = deflateRawSync(filled(10_000), { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4)
    for (let round = 1; round <= 3; round++) {
      peer.send(Buffer.concat([rawFrame(0x81, filled(7)), rawFrame(0xc1, text), rawFrame(0x81, filled(7))]))
      await until(() => heard === 3 * round, 'all to be delivered')
      scene.clock.advance(1_100)
      await until(() => scene.hub.budgets.inbound.used === 0, 'all to be counted out')
    }
    expect(scene.gone).toEqual([])
  })
})

describe('pings and pongs', () => {
  it.each([0x89, 0x8a])(
    'of one client are limited: more than 100 in a second are too many',
    async (first) => {
      const scene = await live()
      const [loud, other] = [await RawPeer.upgraded(scene.port), await RawPeer.upgraded(scene.port)]
      const come = (): number => scene.sockets.reduce((sum, { bytesRead }) => sum + bytesRead, 0)
      const frames = Buffer.concat(Array.from({ length: 100 }, () => rawFrame(first, filled(3))))
      for (let second = 0; second < 3; second++) {
        const before = come()
        for (const peer of [loud, other]) peer.send(frames)
        await until(() => come() === before + 2 * frames.length, 'all of it')
        await turns(2)
        scene.clock.advance(1_100)
      }
      expect(scene.gone).toEqual([])
      loud.send(Buffer.concat(Array.from({ length: 101 }, () => rawFrame(first))))
      await until(() => scene.gone.length === 1, 'the end')
      expect(whysOf(scene)).toEqual(['rate'])
      await loud.over()
      expect(other.closed).toBe(false)
    },
  )
})

describe('a scan of frames', () => {
  it('finds the same however the bytes are cut', () => {
    const bytes = Buffer.concat([
      rawFrame(0x81, filled(5)),
      rawFrame(0x01, filled(126)),
      rawFrame(0x89, filled(125)),
      rawFrame(0x80, filled(0)),
      rawFrame(0x82, filled(70_000)),
      rawFrame(0x8a),
    ])
    for (const size of [1, 2, 3, 7, 14, 1_000, 65_536, bytes.length]) {
      const scan = new FrameScan()
      let [finished, controls] = [0, 0]
      for (let at = 0; at < bytes.length; at += size) {
        scan.read(bytes.subarray(at, at + size))
        finished += scan.finished
        controls += scan.controls
      }
      expect([size, finished, controls, scan.atRest]).toEqual([size, 3, 2, true])
    }
  })
})
