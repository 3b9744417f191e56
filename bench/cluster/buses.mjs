// The real programs behind the drivers: started on a free port of 127.0.0.1, ended by process id.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** Far more than either program takes to start. */
const PATIENCE_MS = 15_000
/** Somebody else may take a port between its being found free and its being used. */
const TRIES = 5

/** What a program is called, where it comes from, how it is started, and how one knows that it listens. */
const PROGRAMS = {
  redis: {
    command: process.env['REDIS_SERVER_PATH'] ?? 'redis-server',
    help: 'install the package redis-server, or set REDIS_SERVER_PATH',
    args: (/** @type {number} */ port, /** @type {string} */ folder) => [
      ...['--port', String(port), '--bind', '127.0.0.1', '--dir', folder],
      ...['--save', '', '--appendonly', 'no', '--daemonize', 'no'],
    ],
    question: 'PING\r\n',
    answer: '+PONG',
  },
  nats: {
    command: process.env['NATS_SERVER_PATH'] ?? 'nats-server',
    help: 'install the package nats-server, or set NATS_SERVER_PATH',
    args: (/** @type {number} */ port) => ['-a', '127.0.0.1', '-p', String(port)],
    question: 'CONNECT {"verbose":false}\r\nPING\r\n',
    answer: 'PONG',
  },
}

/**
 * A bus that runs.
 *
 * @typedef {object} RunningBus
 * @property {string} url
 * @property {string} version
 * @property {() => Promise<void>} stop
 */

/**
 * Starts a bus; resolves when it answers.
 *
 * @param {keyof typeof PROGRAMS} name
 * @returns {Promise<RunningBus | { missing: string }>} `missing`: there is no such program, and what to do
 */
export async function startBus(name) {
  const { command, help } = PROGRAMS[name]
  const asked = spawnSync(command, ['--version'], { encoding: 'utf8' })
  if (asked.error) return { missing: `no ${command}: ${help}` }
  const version = /\d+\.\d+\.\d+/.exec(asked.stdout + asked.stderr)?.[0] ?? 'unknown'
  for (let tries = TRIES; ; tries--) {
    try {
      return { ...(await started(name)), version }
    } catch (error) {
      if (tries <= 1) throw error
    }
  }
}

/** @param {keyof typeof PROGRAMS} name */
async function started(name) {
  const { command, args, question, answer } = PROGRAMS[name]
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'fanfare-bench-'))
  const program = spawn(command, args(port, folder), { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  let over = false
  for (const stream of [program.stdout, program.stderr]) {
    stream.on('data', (chunk) => (said = (said + chunk).slice(-2_000)))
  }
  const ended = new Promise((resolve) => program.once('exit', resolve)).then(() => (over = true))
  const kill = () => {
    program.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
  // Whatever ends this process, as long as it is not SIGKILL, ends the program too.
  process.on('exit', kill)
  const stop = async () => {
    process.off('exit', kill)
    kill()
    await ended
  }
  const deadline = Date.now() + PATIENCE_MS
  while (!(await answers(port, question, answer))) {
    if (!over && Date.now() < deadline) await sleep(20)
    else {
      await stop()
      throw new Error(`${command} does not answer: ${said}`)
    }
  }
  return { url: `${name}://127.0.0.1:${port}`, stop }
}

/** @param {number} port @param {string} question @param {string} answer @returns {Promise<boolean>} */
function answers(port, question, answer) {
  return new Promise((resolve) => {
    let heard = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(question))
    socket.setTimeout(1_000, () => socket.destroy())
    socket.on('error', () => {})
    socket.on('close', () => resolve(false))
    socket.on('data', (chunk) => {
      heard += chunk.toString('latin1')
      if (!heard.includes(answer)) return
      resolve(true)
      socket.destroy()
    })
  })
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  server.close()
  await once(server, 'close')
  return port
}
