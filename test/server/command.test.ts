import { readFileSync } from 'node:fs'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'

import { until } from '../support/until.ts'
import { wsPeer } from '../support/ws-peer.ts'
import { fanfare, type Options, scratchFolder, startServer, stopAll } from './fanfare.ts'

afterEach(stopAll)

async function ends(
  args: string[],
  options: Options = {},
): Promise<{ code: number | string; out: string; err: string }> {
  const process = fanfare(args, options)
  const code = await process.ended
  return { code, out: process.out, err: process.err }
}

/** How long the drain of a few clients may take: seconds at most, far less in practice. */
const DRAIN_MS = 10_000

describe('fanfare', () => {
  it('--help and --version say so and exit 0', async () => {
    const help = await ends(['serve', '--help'])
    expect(help).toMatchObject({ code: 0, err: '' })
    expect(help.out).toContain('Usage: fanfare serve [options]')
    const { version } = JSON.parse(
      readFileSync(new URL('../../server/package.json', import.meta.url), 'utf8'),
    ) as { version: string }
    expect(await ends(['--version'])).toEqual({ code: 0, out: `${version}\n`, err: '' })
  })

  it.each([
    [['serve', '--port', 'x'], /^fanfare: --port takes a whole number from 0 to 65535, not "x"\n$/],
    [
      ['serve', '--protocol', 'pusher'],
      /^fanfare: --protocol takes native or plain or velocity-type or velocity-event, not "pusher"\n$/,
    ],
    [
      ['serve', '--bus', 'kafka://user:secret@x'],
      /^fanfare: --bus takes memory, redis:.* or nats:.*, not "kafka:\/\/…"\n$/,
    ],
    [['serve', '--frobnicate'], /^fanfare: there is no option "--frobnicate"; .*\n$/],
    [['serve', 'now'], /^fanfare: serve takes options only, not "now"\n$/],
    [['surf'], /^fanfare: there is no command "surf"; .*\n$/],
    [[], /^fanfare: say what to do: .*\n$/],
  ])('%j is one clear line and exit 2', async (args, line) => {
    const { code, out, err } = await ends(args)
    expect(err).toMatch(line)
    expect({ code, out }).toEqual({ code: 2, out: '' })
  })

  it('a wrong variable is one clear line and exit 2', async () => {
    const environment = { FANFARE_PING_INTERVAL: '25' }
    const { code, err } = await ends(['serve'], { environment })
    expect(code).toBe(2)
    expect(err).toMatch(/^fanfare: FANFARE_PING_INTERVAL takes a duration .*, not "25"\n$/)
  })

  it('a port in use is one clear line and exit 1', async () => {
    const other = createServer()
    const port = await new Promise<number>((resolve) => {
      other.listen(0, '127.0.0.1', () => resolve((other.address() as { port: number }).port))
    })
    const { code, out, err } = await ends(['serve', '--port', String(port)])
    other.close()
    expect(err).toBe(`fanfare: cannot listen on 127.0.0.1:${String(port)}: something else listens there\n`)
    expect({ code, out }).toEqual({ code: 1, out: '' })
  })

  it('an address that is not here is one clear line and exit 1', async () => {
    const { code, err } = await ends(['serve', '--host', '192.0.2.1', '--port', '0'])
    expect(err).toBe('fanfare: cannot listen on 192.0.2.1:0: this machine has no such address\n')
    expect(code).toBe(1)
  })
})

describe('fanfare serve', () => {
  it('prints one line once it accepts connections', async () => {
    const server = await startServer()
    const { status } = await fetch(`${server.url}/health`)
    expect(status).toBe(200)
    expect(server.out).toBe(`fanfare listening on ${server.url} (native at /ws)\n`)
    expect(server.err).toBe('')
  })

  it('reads the environment and .env', async () => {
    const folder = scratchFolder()
    writeFileSync(join(folder.path, '.env'), 'FANFARE_PATH=/from-file\nFANFARE_DEMO=true\nFANFARE_PORT=1\n')
    const environment = { FANFARE_PORT: '0', FANFARE_PROT: 'x' }
    const server = await startServer([], { directory: folder.path, environment })
    folder.remove()
    expect(server.out).toContain('(native at /from-file, with the demo page)')
    expect(server.err).toBe('fanfare: FANFARE_PROT is no setting of this server, and is ignored\n')
  })

  it('speaks plain when told to', async () => {
    const server = await startServer(['--protocol', 'plain', '--path', '/'])
    const peer = await wsPeer(`ws://127.0.0.1:${String(server.port)}/`)
    peer.send('anything')
    const { clients } = (await (await fetch(`${server.url}/health`)).json()) as { clients: number }
    expect(clients).toBe(1)
    expect(peer.received).toEqual([])
    peer.destroy()
  })

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`${signal}: tells the clients, drains and exits 0`, async () => {
      const server = await startServer(['--demo'])
      const peers = await Promise.all([1, 2, 3].map(() => wsPeer(`ws://127.0.0.1:${String(server.port)}/ws`)))
      peers[0]!.send('{"op":"sub","channel":"presence-lobby","auth":{"data":{"name":"Ada"}}}')
      await until(() => peers[0]!.received.length === 2, 'the answer to the subscribe')
      const idle = await fetch(`${server.url}/health`)
      await idle.text()
      const began = performance.now()
      server.kill(signal)
      server.kill(signal)
      expect(await server.ended).toBe(0)
      expect(performance.now() - began).toBeLessThan(DRAIN_MS)
      for (const peer of peers) {
        await until(() => peer.ended, 'the end of a connection')
        expect(peer.received.at(-1)).toBe('{"op":"bye","code":"shutdown","retry":true}')
        expect(peer.ended).toEqual({ code: 4200, reason: 'shutdown' })
      }
      expect(server.err).toBe('')
    })
  }

  it('exits in seconds although a client does not answer the closing handshake', async () => {
    const server = await startServer()
    const peer = await wsPeer(`ws://127.0.0.1:${String(server.port)}/ws`)
    peer.stall()
    server.kill('SIGTERM')
    expect(await server.ended).toBe(0)
    peer.destroy()
  })

  it('turns away who comes beyond the limit', async () => {
    const server = await startServer(['--max-connections', '1'])
    const url = `ws://127.0.0.1:${String(server.port)}/ws`
    const peer = await wsPeer(url)
    await expect(wsPeer(url)).rejects.toThrow('503')
    peer.destroy()
  })

  it('closes a client that says too much at once', async () => {
    const server = await startServer(['--max-message-size', '100'])
    const peer = await wsPeer(`ws://127.0.0.1:${String(server.port)}/ws`)
    peer.send(`{"op":"ping","id":"${'x'.repeat(100)}"}`)
    await until(() => peer.ended, 'the end of the connection')
    expect(peer.ended!.code).toBe(1009)
  })

  it('lets in the pages it is told to, its own unless told otherwise', async () => {
    const own = await startServer()
    const url = (server: { port: number }): string => `ws://127.0.0.1:${String(server.port)}/ws`
    await expect(wsPeer(url(own), { origin: 'https://a.example' })).rejects.toThrow('403')
    ;(await wsPeer(url(own), { origin: own.url })).destroy()
    const open = await startServer([], { environment: { FANFARE_ALLOWED_ORIGINS: 'https://a.example' } })
    ;(await wsPeer(url(open), { origin: 'https://a.example' })).destroy()
    await expect(wsPeer(url(open), { origin: 'https://b.example' })).rejects.toThrow('403')
  })
})
