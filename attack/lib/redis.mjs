// A real redis-server beside the server, that saves nothing.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'

import { Redis } from 'ioredis'

import { within } from './time.mjs'

const START_MS = 10_000

/** Starts one; it is the bus of the server. */
export async function redisBus() {
  const port = await freePort()
  const process = spawn(globalThis.process.env['REDIS_SERVER_PATH'] ?? 'redis-server', [
    ...['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
  ])
  const ready = new Promise((resolve, reject) => {
    process.stdout.on('data', (text) => String(text).includes('Ready to accept') && resolve(true))
    process.once('error', reject)
  })
  if (!(await within(START_MS, ready))) throw new Error('redis-server does not start')
  return {
    flags: ['--bus', `redis://127.0.0.1:${port}`],
    place: { bus: { port, pid: process.pid } },
    async end() {
      const gone = once(process, 'exit')
      process.kill('SIGKILL')
      await gone
    },
  }
}

/** A connection to it. @param {{ port: number }} bus */
export function redisClient({ port }) {
  return new Redis({ host: '127.0.0.1', port })
}

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
      server.close(() => resolve(port))
    })
  })
}
