// A memory cgroup of one's own, of version 1 or 2, where this user may make one.
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'

const V1 = '/sys/fs/cgroup/memory'
const V2 = '/sys/fs/cgroup'

let made = 0

/**
 * Makes a group that may use so many bytes. `undefined` where that is not possible.
 *
 * @param {number} bytes
 */
export function memoryCgroup(bytes) {
  const name = `fanfare-attack-${process.pid}-${++made}`
  return (
    group(`${V1}/${name}`, { 'memory.limit_in_bytes': bytes }, ['memory.memsw.limit_in_bytes']) ??
    group(`${ownV2()}/${name}`, { 'memory.max': bytes }, ['memory.swap.max'])
  )
}

/**
 * @param {string} path
 * @param {Record<string, number>} limits
 * @param {string[]} swap - may not be there: then there is no swap
 */
function group(path, limits, swap) {
  try {
    mkdirSync(path)
  } catch {
    return undefined
  }
  const remove = () => {
    try {
      rmdirSync(path)
    } catch {
      // Somebody is in it still; it is empty of memory in any case when they are gone.
    }
  }
  try {
    for (const [file, bytes] of Object.entries(limits)) writeFileSync(`${path}/${file}`, String(bytes))
  } catch {
    remove()
    return undefined
  }
  for (const file of swap) withoutSwap(`${path}/${file}`, limits)
  return { procs: `${path}/cgroup.procs`, remove }
}

/** @param {string} file @param {Record<string, number>} limits */
function withoutSwap(file, limits) {
  const bytes = file.endsWith('memory.swap.max') ? 0 : Object.values(limits)[0]
  try {
    writeFileSync(file, String(bytes))
  } catch {
    // The kernel does not count swap.
  }
}

/** The group that this process is in, which is the one that it may have been given to divide. */
function ownV2() {
  try {
    const own = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1] ?? ''
    return `${V2}${own === '/' ? '' : own}`
  } catch {
    return V2
  }
}
