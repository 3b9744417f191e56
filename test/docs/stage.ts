import { mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { Server, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Driver } from '@fanfare/broadcasting'
import { FanfareClient } from '@fanfare/client'
import { vi } from 'vitest'
import { WebSocket } from 'ws'

import { until } from '../support/until.ts'
import type { Block } from './blocks.ts'
import { complete, CONTRACT } from './preambles.ts'

type Listen = (this: Server, ...args: unknown[]) => Server
type Connect = (this: Socket, ...args: unknown[]) => Socket

/**
 * Where a block of the documentation runs, in this process: in a folder of its own, with each port that it names stood in
 * for by a free one, and what it prints written down. Everything that it opens is closed at the end.
 */
export class Stage {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), 'fanfare-block-')))
  /** What was printed, one list for each call of the console. */
  readonly printed: unknown[][] = []
  /** The exit codes that it asked for. */
  readonly exits: unknown[] = []
  /** The port that really listens, for each that was asked for. */
  readonly #ports = new Map<number, number>()
  /** Names of other machines to ports of this one. */
  readonly #machines = new Map<string, number>()
  readonly #servers: Server[] = []
  readonly #sockets: WebSocket[] = []
  readonly #clients: FanfareClient[] = []
  readonly #drivers: Driver[] = []
  readonly #ends: (() => Promise<unknown>)[] = []
  readonly #home = process.cwd()
  #runs = 0

  constructor(root: string) {
    symlinkSync(join(root, 'node_modules'), join(this.folder, 'node_modules'))
    this.write('package.json', '{ "type": "module" }')
    this.write('contract.ts', CONTRACT)
    process.chdir(this.folder)
    this.#freePorts()
    this.#reachPorts()
    this.#reachServers()
    for (const method of ['log', 'error'] as const) {
      vi.spyOn(console, method).mockImplementation((...args) => void this.printed.push(args))
    }
    vi.spyOn(process, 'exit').mockImplementation((code) => this.exits.push(code) as never)
  }

  /** Runs a block to the end of its last line. Resolves to what it names at its top level. */
  async run<Names = object>(block: Block): Promise<Names> {
    const file = `block-${String(this.#runs++)}.ts`
    this.write(file, `${complete(block).code}\n${exportsOf(block)}\n`)
    const names = await this.load<object>(file)
    this.#clients.push(...Object.values(names).filter((value) => value instanceof FanfareClient))
    this.#drivers.push(...Object.values(names).filter(isDriver))
    return names as Names
  }

  /** Runs a file of the folder. */
  async load<Names>(file: string): Promise<Names> {
    return (await import(join(this.folder, file))) as Names
  }

  write(file: string, text: string): void {
    writeFileSync(join(this.folder, file), text)
  }

  /** Sets a name that the block only declares. */
  have(name: string, value: unknown): void {
    vi.stubGlobal(name, value)
  }

  /** Which port stands in for the one that a block listens on. Resolves when it listens. */
  async port(asked: number): Promise<number> {
    await until(() => this.#ports.has(asked), `a server on port ${String(asked)}`)
    return this.#ports.get(asked) ?? 0
  }

  /** Lets this machine's `port` answer for the machine `name`, without TLS. */
  answer(name: string, port: number): void {
    this.#machines.set(name, port)
  }

  /** Lets a server of the test stand in for the one at `port`, wherever a block thinks that it is. It is stopped at the end. */
  standIn(port: number, server: { readonly port: number; stop(): Promise<void> }): void {
    this.#ports.set(port, server.port)
    this.later(() => server.stop())
  }

  /** Called at the end, when all that a block opened is closed; the last first. */
  later(end: () => Promise<unknown>): void {
    this.#ends.push(end)
  }

  /** The address that is meant by one in a block. */
  reach(address: string | URL): URL {
    const url = new URL(address)
    const port = this.#machines.get(url.hostname) ?? this.#ports.get(Number(url.port))
    if (port === undefined) return url
    const scheme = url.protocol.replace(/^(ws|http)s:$/, '$1:')
    return new URL(`${scheme}//127.0.0.1:${String(port)}${url.pathname}${url.search}`)
  }

  async end(): Promise<void> {
    for (const client of this.#clients) client.close()
    for (const socket of this.#sockets) socket.terminate()
    for (const server of this.#servers) await ended(server)
    for (const driver of this.#drivers) await driver.close()
    for (const end of this.#ends.toReversed()) await end()
    vi.restoreAllMocks()
    vi.unstubAllGlobals()
    vi.unstubAllEnvs()
    process.chdir(this.#home)
    rmSync(this.folder, { recursive: true, force: true })
  }

  #freePorts(): void {
    const listen = Server.prototype.listen as Listen
    const [ports, servers] = [this.#ports, this.#servers]
    vi.spyOn(Server.prototype, 'listen').mockImplementation(function (this: Server, ...args: unknown[]) {
      const [first, ...rest] = args
      const options = typeof first === 'object' ? (first as { readonly port?: number }) : undefined
      const asked = Number(options ? options.port : first)
      servers.push(this)
      this.once('listening', () => {
        const address = this.address()
        if (asked > 0 && typeof address === 'object' && address) ports.set(asked, address.port)
      })
      return listen.call(this, options ? { ...options, port: 0 } : 0, ...rest)
    })
  }

  #reachPorts(): void {
    const [sockets, reach] = [this.#sockets, this.reach.bind(this)]
    class Reaching extends WebSocket {
      constructor(address: string | URL, protocols?: string | string[]) {
        super(reach(address), protocols)
        this.on('error', () => {})
        sockets.push(this)
      }
    }
    const { fetch } = globalThis
    this.have('WebSocket', Reaching)
    this.have('fetch', (address: string | URL, init?: RequestInit) => fetch(reach(address), init))
  }

  /** What connects to a server that is stood in for: a client of Redis or NATS. */
  #reachServers(): void {
    const connect = Socket.prototype.connect as Connect
    const ports = this.#ports
    vi.spyOn(Socket.prototype, 'connect').mockImplementation(function (this: Socket, ...args: unknown[]) {
      // As `net.connect` calls it: a list, of which the first is the options.
      const [normalized] = args
      const options = Array.isArray(normalized) ? (normalized[0] as { readonly port?: unknown }) : undefined
      const port = ports.get(Number(options?.port))
      if (port !== undefined && Array.isArray(normalized))
        normalized[0] = { ...options, host: '127.0.0.1', port }
      return connect.apply(this, args)
    })
  }
}

/** Told by what it can do: a block may have one of its own making. */
function isDriver(value: unknown): value is Driver {
  return ['publish', 'subscribe', 'dropped', 'close'].every(
    (method) => typeof (value as Readonly<Record<string, unknown>> | undefined)?.[method] === 'function',
  )
}

/** Exports what a block names at its top level, so that a check can look at it. */
function exportsOf({ code }: Block): string {
  const names = [...code.matchAll(/^(?:const|let|class|(?:async )?function) (\w+|[{[][^=]*[}\]])/gm)]
    .flatMap(([, name = '']) => name.match(/\w+(?=\s*[,}\]]|$)/g) ?? [])
    .join(', ')
  return `export { ${names} }`
}

async function ended(server: Server): Promise<void> {
  if (!server.listening) return
  const closed = new Promise((resolve) => server.close(resolve))
  if ('closeAllConnections' in server) (server.closeAllConnections as () => void)()
  await closed
}
