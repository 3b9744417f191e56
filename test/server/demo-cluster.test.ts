import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

import { FanfareClient } from '@fanfare/client'
import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'

import { freePorts } from '../support/free-port.ts'
import { until } from '../support/until.ts'

const SCRIPT = fileURLToPath(new URL('../../scripts/demo-cluster.mjs', import.meta.url))
/** Several processes on a machine that may have other things to do. */
const PATIENCE_MS = 60_000

interface Cluster {
  readonly urls: string[]
  readonly said: { out: string; err: string }
  readonly child: ChildProcess
  /** Resolves to its exit code, or to the signal that ended it. */
  readonly ended: Promise<number | string>
}

const running = new Set<Cluster>()
afterEach(async () => {
  for (const { child } of running) child.kill('SIGTERM')
  await Promise.all([...running].map(({ ended }) => ended))
  running.clear()
})

function run(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Cluster {
  const child = spawn(process.execPath, [SCRIPT, ...args], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.err += text))
  const ended = new Promise<number | string>((resolve) => {
    child.once('close', (code, signal) => resolve(code ?? signal ?? -1))
  })
  const cluster = { said, child, ended, urls: [] }
  running.add(cluster)
  return cluster
}

async function start(...args: string[]): Promise<Cluster> {
  const cluster = run(['--port', String(await freePorts(3)), ...args])
  const { said, urls } = cluster
  const failed = cluster.ended.then((how) => {
    throw new Error(`ended with ${String(how)}: ${said.err}`)
  })
  const ready = new Promise<void>((resolve) => {
    cluster.child.stdout?.on('data', () => said.out.includes('Ctrl-C') && resolve())
  })
  await Promise.race([ready, failed])
  failed.catch(() => {})
  urls.push(...(said.out.match(/http:\S+/g) ?? []))
  return cluster
}

/** Somebody in the lobby. Returns what reaches them. */
async function visit(url: string, name: string): Promise<{ client: FanfareClient; heard: unknown[] }> {
  const client = new FanfareClient(`${url.replace('http:', 'ws:')}ws`, { WebSocket })
  onTestFinished(() => client.close())
  const lobby = client.channel('presence-lobby', { getAuth: () => ({ data: { name } }) })
  const heard: unknown[] = []
  lobby.on('chat', (data) => void heard.push((data as { text: unknown }).text))
  await client.connect()
  await lobby.subscribe()
  return { client, heard }
}

async function isGone(url: string): Promise<boolean> {
  return fetch(`${url}health`).then(
    () => false,
    () => true,
  )
}

describe('npm run demo:cluster', { timeout: PATIENCE_MS }, () => {
  it.each([
    ['redis', 3],
    ['nats', 2],
  ] as const)('on %s: %i nodes are one room, and SIGTERM ends everything', async (bus, nodes) => {
    const defaults = bus === 'redis' ? [] : ['--bus', bus, '--nodes', String(nodes)]
    const cluster = await start(...defaults)
    expect(cluster.urls.length).toBe(nodes)
    const ports = cluster.urls.map((url) => Number(new URL(url).port))
    expect(ports).toEqual(ports.map((_, at) => ports[0]! + at))
    const ada = await visit(cluster.urls[0]!, 'Ada')
    const ben = await visit(cluster.urls.at(-1)!, 'Ben')
    await ada.client.call('chat', { room: 'lobby', text: 'Hello Ben' })
    await until(() => ben.heard.includes('Hello Ben'), 'the message on the other node')
    await ben.client.call('chat', { room: 'lobby', text: 'Hello Ada' })
    await until(() => ada.heard.includes('Hello Ada'), 'the answer')
    const busPort = Number(/\(port (\d+)\)/.exec(cluster.said.out)?.[1])
    expect(await isGone(`http://127.0.0.1:${String(ports[0])}/`)).toBe(false)
    cluster.child.kill('SIGTERM')
    expect(await cluster.ended).toBe(0)
    for (const url of [...cluster.urls, `http://127.0.0.1:${String(busPort)}/`]) {
      expect(await isGone(url)).toBe(true)
    }
    expect(cluster.said.err).toBe('')
  })

  it('ends everything when one of them dies, and says which', async () => {
    const cluster = await start('--nodes', '2')
    const second = cluster.urls[1]!
    process.kill(Number(/pid (\d+)/.exec(lineOf(cluster, second))?.[1]), 'SIGKILL')
    expect(await cluster.ended).toBe(1)
    expect(cluster.said.err).toContain(`demo-cluster: node ${new URL(second).port} ended (SIGKILL)`)
    for (const url of cluster.urls) expect(await isGone(url)).toBe(true)
  })

  it.each(['redis', 'nats'])('says what to install when there is no %s', async (bus) => {
    const nowhere = { REDIS_SERVER_PATH: '/nonexistent/redis', NATS_SERVER_PATH: '/nonexistent/nats' }
    const cluster = run(['--bus', bus], nowhere)
    expect(await cluster.ended).toBe(1)
    expect(cluster.said.err).toMatch(
      new RegExp(`^demo-cluster: this needs /nonexistent/${bus}, .* install .*\\n$`),
    )
  })

  it.each([[['--bus', 'kafka']], [['--nodes', '0']], [['--port', 'x']], [['--what']]])(
    '%j is one line and exit 2',
    async (args) => {
      const cluster = run(args)
      expect(await cluster.ended).toBe(2)
      expect(cluster.said.err).toMatch(/^demo-cluster: .*\n$/)
    },
  )
})

/** The line about one node. */
function lineOf({ said }: Cluster, url: string): string {
  return said.out.split('\n').find((line) => line.includes(url)) ?? ''
}
