import { createServer } from 'node:http'

import { native, plain, type Protocol } from '@fanfare/core'
import { describe, expect, it } from 'vitest'

import { liveGateway } from '../../support/live-gateway.ts'
import { RawPeer, rawFrame } from '../../support/raw-peer.ts'
import { turns, until } from '../../support/until.ts'
import { wsPeer } from '../../support/ws-peer.ts'

describe('closing a mount', () => {
  it("says goodbye in the client's protocol, sends what is owed first, and closes with 4200", async () => {
    const live = await liveGateway({ protocols: { '/': native() } })
    const peers = [await wsPeer(live.url), await wsPeer(live.url)]
    for (const client of live.hub.clients()) await live.hub.subscribe(client, 'news')
    live.hub.broadcast('news', '"the last one"')
    await live.attached.close()
    expect(live.attached.connections).toBe(0)
    for (const peer of peers) {
      await until(() => peer.ended, 'the end')
      const messages = peer.received.map((data) => JSON.parse(String(data)) as { op: string })
      expect(messages.map(({ op }) => op).slice(-2)).toEqual(['msg', 'bye'])
      expect(messages.at(-1)).toEqual({ op: 'bye', code: 'shutdown', retry: true })
      expect(peer.ended).toEqual({ code: 4200, reason: 'shutdown' })
    }
    expect(live.gone.map(({ why }) => why)).toEqual(['shutdown', 'shutdown'])
    expect(live.hub.wheel.size).toBe(0)
  })

  it('takes nobody in any more, and leaves the server as it was', async () => {
    const server = createServer((_request, response) => response.end('page'))
    const before = server.eventNames().map((name) => [name, server.listenerCount(name)])
    const live = await liveGateway({ server })
    await live.attached.close()
    const peer = await RawPeer.ask(live.port)
    await peer.answered()
    expect(peer.status).toBe(200)
    server.removeAllListeners('connection')
    const after = server.eventNames().map((name) => [name, server.listenerCount(name)])
    expect(after.filter(([name]) => name !== 'connection')).toEqual(
      before.filter(([name]) => name !== 'connection'),
    )
  })

  it('is idempotent, and every call waits', async () => {
    const live = await liveGateway()
    const peer = await wsPeer(live.url)
    await Promise.all([live.attached.close(), live.attached.close()])
    await live.attached.close()
    await until(() => peer.ended, 'the end')
    expect(live.gone).toHaveLength(1)
  })

  it('waits 5 s for those who do not answer, and cuts them then', async () => {
    const live = await liveGateway()
    const rude = await RawPeer.upgraded(live.port)
    let closed = false
    const closing = live.attached.close().then(() => (closed = true))
    await until(() => rude.closeCode, 'the close frame')
    expect(rude.closeCode).toBe(4200)
    live.clock.advance(4_900)
    await turns(10)
    expect(closed).toBe(false)
    live.clock.advance(300)
    await rude.over()
    await closing
    expect(live.hub.wheel.size).toBe(0)
  })

  it('waits 1 s for those who take nothing', async () => {
    const live = await liveGateway({ protocols: { '/': plain() } })
    const connecting = live.nextClient()
    const slow = await RawPeer.upgraded(live.port)
    const client = await connecting
    slow.socket.pause()
    while (client.queued.frames === 0) {
      client.send('x'.repeat(65_536))
      await turns(1)
    }
    const closing = live.attached.close()
    live.clock.advance(1_200)
    await closing
    expect(live.sockets[0]!.destroyed).toBe(true)
    expect(live.hub.wheel.size).toBe(0)
  })

  it('goes on when the hub was closed before, or is closed meanwhile', async () => {
    const live = await liveGateway()
    const peer = await wsPeer(live.url)
    const hubClosing = live.hub.close()
    await live.attached.close()
    await hubClosing
    await until(() => peer.ended, 'the end')
    expect(peer.ended).toEqual({ code: 4200, reason: 'shutdown' })
    expect(live.hub.wheel.size).toBe(0)
  })

  it('does not let in who is on the way while the hub closes', async () => {
    const live = await liveGateway()
    const closing = live.hub.close()
    const peer = await RawPeer.ask(live.port)
    await peer.answered()
    expect(peer.status).toBe(503)
    await closing
  })
})

describe('a client that says goodbye', () => {
  it('is gone at its close frame, however long it keeps the connection open', async () => {
    const live = await liveGateway()
    const peer = await RawPeer.upgraded(live.port)
    peer.send(rawFrame(0x88, Buffer.concat([Buffer.of(0x11, 0x5c), Buffer.from('grüße')])))
    await until(() => live.gone.length === 1, 'the departure')
    expect(live.gone).toEqual([expect.objectContaining({ why: 'closed', code: 4444, reason: 'grüße' })])
    expect(live.hub.count()).toBe(0)
    await until(() => peer.closeCode, 'the answer')
    expect(peer.closeCode).toBe(4444)
  })

  it.each([
    ['without a code', Buffer.alloc(0), 1005],
    ['with an ordinary code', Buffer.of(0x03, 0xe8), 1000],
    ['since it goes away', Buffer.of(0x03, 0xe9), 1001],
  ])('%s', async (_what, payload, code) => {
    const live = await liveGateway()
    const peer = await RawPeer.upgraded(live.port)
    peer.send(rawFrame(0x88, payload))
    await until(() => live.gone.length === 1, 'the departure')
    expect(live.gone).toEqual([expect.objectContaining({ why: 'closed', code, reason: '' })])
    await peer.over()
  })

  it('behind a message: the message is heard first, what comes after is not', async () => {
    const live = await liveGateway({ protocols: { '/': plain() } })
    const heard: string[] = []
    live.gateway.onMessage((_client, { text }) => void heard.push(text))
    const peer = await RawPeer.upgraded(live.port)
    peer.send(
      Buffer.concat([
        rawFrame(0x81, Buffer.from('before')),
        rawFrame(0x88, Buffer.of(0x03, 0xe8)),
        rawFrame(0x81, Buffer.from('after')),
      ]),
    )
    await peer.over()
    expect(heard).toEqual(['before'])
  })
})

describe('a protocol with a mistake in its goodbye', () => {
  it.each([1005, 0, 99_999, Number.NaN])('closes its clients all the same: code %s', async (code) => {
    const wrong: Protocol = { ...plain(), bye: () => ({ frames: [], code, reason: 'x'.repeat(500) }) }
    const live = await liveGateway({ protocols: { '/': wrong } })
    const peer = await wsPeer(live.url)
    live.hub.clients()[0]!.close('terminated')
    expect(live.hub.count()).toBe(0)
    await until(() => peer.ended, 'the end')
    expect(peer.ended).toEqual({ code: 1006, reason: '' })
    await until(() => live.attached.connections === 0, 'the end')
  })
})
