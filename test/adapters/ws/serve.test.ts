import { createServer } from 'node:net'
import { once } from 'node:events'

import { Gateway, Hub, native, OptionError, plain } from '@fanfare/core'
import { attach, type AttachOptions, serve, type Served, type ServeOptions } from '@fanfare/ws'
import { describe, expect, it, onTestFinished } from 'vitest'

import { RawPeer } from '../../support/raw-peer.ts'
import { until } from '../../support/until.ts'
import { wsPeer } from '../../support/ws-peer.ts'

async function served(options?: ServeOptions, hub = new Hub()): Promise<Served> {
  const server = await serve(new Gateway({ hub, protocols: { '/': plain(), '/native': native() } }), options)
  onTestFinished(async () => {
    await server.close()
    await hub.close()
  })
  return server
}

describe('serve', () => {
  it('picks a free port on this machine when it is told nothing', async () => {
    const server = await served()
    expect(server.port).toBeGreaterThan(0)
    expect(server.host).toBe('127.0.0.1')
    expect(server.url).toBe(`ws://127.0.0.1:${String(server.port)}/`)
    const peer = await wsPeer(server.url)
    await until(() => server.connections === 1, 'the connection')
    peer.destroy()
    await until(() => server.connections === 0, 'its end')
  })

  it('listens where it is told, also by name and on IPv6', async () => {
    for (const host of ['localhost', '::1', '0.0.0.0']) {
      const server = await served({ host, port: 0, path: '/live' })
      const at = host === '::1' ? '[::1]' : host
      expect(server.url).toBe(`ws://${at}:${String(server.port)}/live`)
      const peer = await wsPeer(server.url)
      peer.destroy()
    }
  })

  it('serves the protocols below its path', async () => {
    const server = await served({ path: '/live' })
    const peer = await wsPeer(`${server.url}/native`)
    await until(() => peer.received.length > 0, 'the welcome')
    expect(peer.received[0]).toMatch(/"op":"welcome"/)
    peer.destroy()
    await expect(wsPeer(`ws://127.0.0.1:${String(server.port)}/native`)).rejects.toThrow(/404/)
  })

  it('answers a plain request with 426', async () => {
    const { port } = await served()
    const answer = await fetch(`http://127.0.0.1:${String(port)}/`)
    expect(answer.status).toBe(426)
    expect(answer.headers.get('upgrade')).toBe('websocket')
  })

  it('answers rubbish with 400, and goes on', async () => {
    const { port, url } = await served()
    const peer = await RawPeer.open(port)
    peer.send('\0\x01\x02 hello?\r\n\r\n')
    await peer.over()
    expect(peer.status).toBe(400)
    const good = await wsPeer(url)
    good.destroy()
  })

  it('rejects when the port is taken, and leaves nothing behind', async () => {
    const squatter = createServer().listen(0, '127.0.0.1')
    await once(squatter, 'listening')
    onTestFinished(() => void squatter.close())
    const { port } = squatter.address() as { port: number }
    const hub = new Hub()
    await expect(serve(new Gateway({ hub }), { port })).rejects.toThrow(/EADDRINUSE/)
    await hub.close()
    expect(hub.wheel.size).toBe(0)
  })

  it('rejects when there is no such address', async () => {
    await expect(serve(new Gateway(), { host: '203.0.113.1' })).rejects.toThrow(/EADDRNOTAVAIL/)
  })

  it.each<[string, unknown]>([
    ['port', { port: -1 }],
    ['port', { port: 65_536 }],
    ['port', { port: 80.5 }],
    ['port', { port: '6001' }],
    ['port', { port: Number.NaN }],
    ['host', { host: '' }],
    ['host', { host: 127 }],
    ['path', { path: 'live' }],
    ['path', { path: '' }],
    ['path', { path: '/live?x' }],
    ['path', { path: '/live#x' }],
    ['path', { path: '/li ve' }],
    ['path', { path: 7 }],
    ['compression', { compression: 'on' }],
    ['serve', { prot: 6001 }],
  ])('rejects a wrong option and names it: %s in %j', async (option, options) => {
    const serving = serve(new Gateway(), options as ServeOptions)
    await expect(serving).rejects.toThrow(
      expect.objectContaining({ code: 'bad-option', option }) as OptionError,
    )
  })

  it('and attach, which throws at once', () => {
    const server = {} as Parameters<typeof attach>[1]
    const mount = (options: unknown) => () => attach(new Gateway(), server, options as AttachOptions)
    expect(mount({ path: 'live' })).toThrow(OptionError)
    expect(mount({ port: 1 })).toThrow(expect.objectContaining({ option: 'attach' }) as OptionError)
  })
})

describe('closing what was served', () => {
  it('tells clients, closes everything, and frees the port', async () => {
    const hub = new Hub()
    const server = await served({}, hub)
    const peer = await wsPeer(server.url)
    const half = await RawPeer.open(server.port)
    half.send('GET / HT')
    await until(() => hub.wheel.size >= 2, 'both connections')
    await server.close()
    await until(() => peer.ended, 'the end')
    expect(peer.ended).toEqual({ code: 4200, reason: 'shutdown' })
    await half.over()
    expect(server.connections).toBe(0)
    const again = await served({ port: server.port }, new Hub())
    expect(again.port).toBe(server.port)
    await hub.close()
    expect(hub.wheel.size).toBe(0)
  })

  it('is idempotent', async () => {
    const server = await served()
    await Promise.all([server.close(), server.close()])
    await server.close()
    expect(server.connections).toBe(0)
  })

  it('refuses those who come while it closes', async () => {
    const server = await served()
    const peer = await wsPeer(server.url)
    const idle = await RawPeer.open(server.port)
    await until(() => server.connections === 1, 'the connection')
    const closing = server.close()
    await expect(wsPeer(server.url)).rejects.toThrow(/ECONNREFUSED/)
    await closing
    await idle.over()
    await until(() => peer.ended, 'the end')
  })
})
