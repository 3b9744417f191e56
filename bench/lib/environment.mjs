import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { cpus, release, totalmem, type } from 'node:os'

const require = createRequire(import.meta.url)

/** @param {string} path @param {NodeJS.Require} [from] */
function versionAt(path, from = require) {
  return JSON.parse(readFileSync(from.resolve(path), 'utf8')).version
}

/** On what, and with what, the figures were taken. */
export function environment() {
  const processors = cpus()
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: {
      processor: processors[0]?.model ?? 'unknown',
      cores: processors.length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      system: `${type()} ${release().split('.').slice(0, 2).join('.')}`,
    },
    versions: {
      node: process.versions.node,
      fanfare: JSON.parse(readFileSync(new URL('../../core/package.json', import.meta.url), 'utf8')).version,
      ws: versionAt('ws/package.json'),
      'socket.io': versionAt('socket.io/package.json'),
      bun: versionAt('bun/package.json'),
    },
  }
}

/** @param {Pick<ReturnType<typeof environment>, 'machine' | 'versions'>} here */
export function environmentLine({ machine, versions }) {
  const software = Object.entries(versions).map(([name, version]) => `${name} ${version}`)
  return `${machine.processor}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.system}; ${software.join(', ')}`
}
