import { createServer, type IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'

import { Gateway, Hub, native, plain } from '@fanfare/core'
import { attach } from '@fanfare/ws'
import { describe, expect, it, onTestFinished } from 'vitest'
import { WebSocketServer } from 'ws'

import { liveGateway } from '../../support/live-gateway.ts'
import { RawPeer } from '../../support/raw-peer.ts'
import { turns, until } from '../../support/until.ts'
import { wsPeer } from '../../support/ws-peer.ts'

/** Another gateway, to be mounted on the same server; it greets with its name. */
function namedGateway(name: string): Gateway {
  const hub = new Hub()
  hub.on('connect', (client) => client.send(name))
  onTestFinished(() => hub.close())
  return new Gateway({ hub, protocols: { '/': plain() } })
}

async function statusOf(port: number, target: string): Promise<number> {
  const peer = await RawPeer.ask(port, target)
  await peer.answered()
  return peer.status
}

describe('a mount', () => {
  it.each([
    ['/', '/', 101],
    ['/', '/?token=1', 101],
    ['/', '/other', 404],
    ['/', '//', 404],
    ['/', '//evil.test', 404],
    ['/', '//evil.test/', 404],
    ['/', 'http://evil.test/', 404],
    ['/', '/%2f', 404],
    ['/', '/..', 404],
    ['/live', '/live', 101],
    ['/live', '/live/', 101],
    ['/live', '/live?x=/other', 101],
    ['/live/', '/live', 101],
    ['/live', '/', 404],
    ['/live', '/lively', 404],
    ['/live', '/LIVE', 404],
    ['/live', '/live/other', 404],
    ['/live', '//live', 404],
    ['/live', '/./live', 404],
    ['/live', '/live/../live', 404],
    ['/live', '/live%2f', 404],
    ['/live', 'ws://localhost/live', 404],
  ])('at %s answers an upgrade of %s with %i', async (path, target, status) => {
    const { port } = await liveGateway({ mount: { path } })
    expect(await statusOf(port, target)).toBe(status)
  })

  it('has the paths of its protocols below its own', async () => {
    const { port } = await liveGateway({
      mount: { path: '/live' },
      protocols: { '/': native(), '/app/*': plain(), '/plain': plain() },
    })
    expect(await statusOf(port, '/live')).toBe(101)
    expect(await statusOf(port, '/live/plain')).toBe(101)
    expect(await statusOf(port, '/live/app/key?protocol=7')).toBe(101)
    expect(await statusOf(port, '/live/app')).toBe(404)
    expect(await statusOf(port, '/app/key')).toBe(404)
  })

  it('leaves the routes of the server alone', async () => {
    const server = createServer((request, response) => response.end(`route ${request.url ?? ''}`))
    const { port } = await liveGateway({ server, mount: { path: '/live' } })
    const page = await fetch(`http://127.0.0.1:${String(port)}/live`)
    expect(await page.text()).toBe('route /live')
    expect(await statusOf(port, '/live')).toBe(101)
  })

  it('says what it refuses in a few words of plain text, and closes', async () => {
    const { port } = await liveGateway()
    const peer = await RawPeer.ask(port, '/nowhere')
    await peer.over()
    expect(peer.head).toMatch(/^HTTP\/1\.1 404 Not Found\r\nconnection: close\r\ncontent-type: text\/plain/)
    expect(peer.body.toString()).toBe('nothing is served here\n')
  })
})

describe('two mounts on one server', () => {
  it('serve their own paths, and 404 is answered once', async () => {
    const { port, server } = await liveGateway({ mount: { path: '/one' } })
    const two = attach(namedGateway('two'), server, { path: '/two' })
    onTestFinished(() => two.close())
    const peer = await wsPeer(`ws://127.0.0.1:${String(port)}/two`)
    await until(() => peer.received.length > 0, 'the greeting')
    expect(peer.received).toEqual(['two'])
    expect(await statusOf(port, '/one')).toBe(101)
    const lost = await RawPeer.ask(port, '/three')
    await lost.over()
    expect(lost.head).toMatch(/^HTTP\/1\.1 404/)
    expect(lost.body.toString()).toBe('nothing is served here\n')
    peer.destroy()
  })

  it('one inside the other: the longer path decides, whichever came first', async () => {
    for (const paths of [
      ['/', '/inner'],
      ['/inner', '/'],
    ]) {
      const server = createServer()
      const { port } = await liveGateway({ server, mount: { path: '/unused' } })
      for (const path of paths) {
        const attached = attach(namedGateway(path), server, { path })
        onTestFinished(() => attached.close())
      }
      for (const path of paths) {
        const peer = await wsPeer(`ws://127.0.0.1:${String(port)}${path}`)
        await until(() => peer.received.length > 0, 'the greeting')
        expect(peer.received).toEqual([path])
        peer.destroy()
      }
    }
  })

  it('of which one closes: the other goes on', async () => {
    const { port, server } = await liveGateway({ mount: { path: '/one' } })
    const two = attach(namedGateway('two'), server, { path: '/two' })
    await two.close()
    expect(await statusOf(port, '/one')).toBe(101)
    expect(await statusOf(port, '/two')).toBe(404)
  })
})

describe('beside another listener to upgrades', () => {
  /** Answers `/echo`, as applications do with a WebSocketServer of their own. */
  function echoServer(): (request: IncomingMessage, socket: Duplex, head: Buffer) => void {
    const echo = new WebSocketServer({ noServer: true })
    echo.on('connection', (ws) => ws.on('message', (data, isBinary) => ws.send(data, { binary: isBinary })))
    return (request, socket, head) => {
      if (request.url === '/echo')
        echo.handleUpgrade(request, socket, head, (ws) => echo.emit('connection', ws))
    }
  }

  for (const order of ['before', 'after'] as const) {
    it(`that came ${order} it, both serve their paths, for as long as they like`, async () => {
      const server = createServer()
      if (order === 'before') server.on('upgrade', echoServer())
      const { port, url, clock } = await liveGateway({ server })
      if (order === 'after') server.on('upgrade', echoServer())
      const theirs = await wsPeer(`${url}/echo`)
      expect(await statusOf(port, '/')).toBe(101)
      await turns(10)
      clock.advance(60_000)
      theirs.send('still there?')
      await until(() => theirs.received.length === 1 || theirs.ended, 'the echo')
      expect(theirs.received).toEqual(['still there?'])
      theirs.destroy()
    })
  }

  it('the other one goes on when the hub is closed', async () => {
    const server = createServer().on('upgrade', echoServer())
    const live = await liveGateway({ server })
    await live.hub.close()
    const theirs = await wsPeer(`${live.url}/echo`)
    theirs.send('still there?')
    await until(() => theirs.received.length === 1 || theirs.ended, 'the echo')
    expect(theirs.received).toEqual(['still there?'])
    expect(await statusOf(live.port, '/')).toBe(503)
    theirs.destroy()
  })

  it('what the other one took is its own, even where both would', async () => {
    const taken: Duplex[] = []
    const server = createServer().on('upgrade', (_request, socket: Duplex) => {
      socket.write('HTTP/1.1 101 Mine\r\n\r\n')
      taken.push(socket.resume())
    })
    const live = await liveGateway({ server })
    const peer = await RawPeer.ask(live.port)
    await peer.answered()
    await turns(10)
    taken[0]!.end('bye')
    await peer.over()
    expect(peer.head).toBe('HTTP/1.1 101 Mine')
    expect(peer.body.toString()).toBe('bye')
    expect(live.errors).toEqual([])
    expect(live.hub.count()).toBe(0)
  })

  it('what nobody takes may also vanish', async () => {
    const server = createServer().on('upgrade', echoServer())
    const live = await liveGateway({ server, mount: { path: '/live' } })
    for (const target of ['/nobody', '/live/nobody']) {
      const peer = await RawPeer.ask(live.port, target)
      await until(() => live.hub.wheel.size > 0, 'the request')
      await turns(10)
      peer.socket.resetAndDestroy()
      await until(() => live.hub.wheel.size === 0, 'nothing to be waited for')
    }
    expect(live.sockets.every(({ destroyed }) => destroyed)).toBe(true)
  })

  it('what nobody takes is cut when the time for a handshake is over', async () => {
    const server = createServer().on('upgrade', echoServer())
    const live = await liveGateway({ server, mount: { path: '/live' } })
    for (const target of ['/nobody', '/live/nobody']) {
      const peer = await RawPeer.ask(live.port, target)
      await until(() => live.hub.wheel.size > 0, 'the request')
      await turns(10)
      live.clock.advance(6_900)
      await turns(10)
      expect(peer.closed).toBe(false)
      live.clock.advance(300)
      await peer.over()
      expect(peer.status).toBe(0)
      await until(() => live.hub.wheel.size === 0, 'nothing to be waited for')
    }
  })
})
