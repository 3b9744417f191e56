// npm run demo:cluster -- [--bus redis|nats] [--nodes 3] [--port 6001]
// The demo on several servers, joined by a Redis or a NATS of its own. Ctrl-C ends all of them.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const HOST = '127.0.0.1'
const PATIENCE_MS = 15_000
/** A node that drains takes seconds. */
const END_MS = 20_000
const CLI = fileURLToPath(new URL('../server/dist/cli.js', import.meta.url))

const BUSES = {
  redis: {
    program: process.env.REDIS_SERVER_PATH || 'redis-server',
    args: (port) => ['--port', port, '--bind', HOST, '--save', '', '--appendonly', 'no'],
    install: 'the package redis-server (Debian, Ubuntu) or redis (Alpine, Fedora, Homebrew)',
  },
  nats: {
    program: process.env.NATS_SERVER_PATH || 'nats-server',
    args: (port) => ['-a', HOST, '-p', port],
    install: 'the package nats-server',
  },
}

/** Something that is said in one line, and ends everything. */
class Trouble extends Error {
  constructor(message, code = 1) {
    super(message)
    this.code = code
  }
}

function settings() {
  let values
  try {
    const option = (fallback) => ({ type: 'string', default: fallback })
    const options = { bus: option('redis'), nodes: option('3'), port: option('6001') }
    values = parseArgs({ options }).values
  } catch (error) {
    throw new Trouble(error.message, 2)
  }
  if (!Object.hasOwn(BUSES, values.bus)) throw new Trouble('--bus takes redis or nats', 2)
  if (!/^[1-9]$/.test(values.nodes)) throw new Trouble('--nodes takes a number from 1 to 9', 2)
  const port = /^\d{1,5}$/.test(values.port) ? Number(values.port) : 0
  if (port < 1 || port > 65_000) throw new Trouble('--port takes a number from 1 to 65000', 2)
  return { bus: values.bus, nodes: Number(values.nodes), port }
}

/** Whether nobody listens there; 0 finds a port. */
function freePort(port) {
  return new Promise((resolve) => {
    const server = createServer().once('error', () => resolve(undefined))
    server.listen(port, HOST, () => {
      const found = server.address().port
      server.close(() => resolve(found))
    })
  })
}

/** So many ports in a row that are free, from a port on. */
async function portsFrom(first, count) {
  for (let start = first; start + count <= 65_536; start++) {
    const ports = []
    while (ports.length < count && (await freePort(start + ports.length))) ports.push(start + ports.length)
    if (ports.length === count) return ports
    start += ports.length
  }
  throw new Trouble(`there are no ${count} free ports in a row from ${first} on`)
}

/** Every process that was started and has not ended, by its name. */
const running = new Map()
let ending
let over
/** Resolves to the exit code. */
const end = new Promise((resolve) => {
  over = resolve
})

function start(name, program, args, { missing, ...options }) {
  // Groups of their own: Ctrl-C is for us, who end the nodes before their bus.
  const child = spawn(program, args, { cwd: folder, detached: true, ...options })
  const gone = new Promise((resolve) => {
    child.once('error', (error) => resolve(error.code === 'ENOENT' ? missing : error.message))
    child.once('exit', (code, signal) =>
      resolve(`${name} ended (${signal ?? `exit code ${code}`}); so everything ends`),
    )
  })
  running.set(name, { child, gone })
  void gone.then((why) => {
    running.delete(name)
    endAll(1, why)
  })
  return child
}

/** Ends those whose names pass, and waits for them. */
async function endThose(which) {
  const ends = [...running].filter(([name]) => which(name))
  for (const [, { child }] of ends) child.kill('SIGTERM')
  const late = setTimeout(() => {
    for (const [, { child }] of ends) child.kill('SIGKILL')
  }, END_MS)
  await Promise.all(ends.map(([, { gone }]) => gone))
  clearTimeout(late)
}

function endAll(code, why) {
  if (ending) return
  ending = true
  if (why) console.error(`demo-cluster: ${why}`)
  void endThose((name) => name.startsWith('node '))
    .then(() => endThose(() => true))
    .then(() => over(code))
}

/** Resolves when somebody answers at a port. */
async function answering(port, name) {
  const patience = performance.now() + PATIENCE_MS
  const knock = () =>
    new Promise((resolve) => {
      const socket = connect(port, HOST, () => resolve(true)).on('error', () => resolve(false))
      socket.once('connect', () => socket.destroy())
    })
  while (!(await knock())) {
    if (ending) return
    if (performance.now() > patience) throw new Trouble(`${name} does not answer`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

async function startBus(kind) {
  const { program, args, install } = BUSES[kind]
  const port = await freePort(0)
  const missing = `this needs ${program}, which is not on the PATH: install ${install}`
  start(program, program, args(String(port)), { stdio: 'ignore', missing })
  await answering(port, program)
  return { program, port, url: `${kind}://${HOST}:${port}` }
}

/** Resolves to the node's address, and its process, once it listens. */
function startNode(port, bus) {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('FANFARE_'))
  const child = start(
    `node ${port}`,
    process.execPath,
    [CLI, 'serve', '--demo', '--port', String(port), '--bus', bus],
    // The channel ends a node when this process is gone, however that came.
    { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], env: Object.fromEntries(own) },
  )
  child.stderr.setEncoding('utf8').on('data', (text) => {
    for (const line of text.trimEnd().split('\n')) console.error(`[${port}] ${line}`)
  })
  return new Promise((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (text) => {
      const url = /listening on (http:\S+)/.exec(text)?.[1]
      if (url) resolve(`${url}/ (pid ${child.pid})`)
    })
  })
}

async function main() {
  const { bus: kind, nodes, port } = settings()
  const bus = await startBus(kind)
  const ports = await portsFrom(port, nodes)
  if (ending) return
  const urls = await Promise.race([Promise.all(ports.map((each) => startNode(each, bus.url))), end])
  if (ending) return
  console.log(`${nodes} nodes on one ${bus.program} (port ${bus.port}):`)
  for (const url of urls) console.log(`  ${url}`)
  console.log('Open two of them. Ctrl-C ends everything.')
}

const folder = mkdtempSync(join(tmpdir(), 'fanfare-cluster-'))
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => endAll(0))
process.on('exit', () => {
  for (const { child } of running.values()) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})
main().catch((error) => {
  if (!(error instanceof Trouble)) console.error(error)
  endAll(error.code ?? 1, error instanceof Trouble ? error.message : undefined)
})
process.exitCode = await end
process.exit()
