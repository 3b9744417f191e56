import { memory } from '@fanfare/broadcasting'
import { nats } from '@fanfare/nats'
import { redis } from '@fanfare/redis'

/** How long a driver may take to be up. */
const UP_MS = 10_000

/** @type {Record<string, (url: string) => { driver: import('@fanfare/broadcasting').Driver, received: () => number | undefined }>} */
const drivers = {
  memory: () => ({ driver: memory(), received: () => undefined }),
  redis: (url) => counting(redis({ url })),
  nats: (url) => counting(nats({ servers: url })),
}

/** A driver with its defaults. @param {string} bus @param {string} url */
export function driverOn(bus, url) {
  const made = drivers[bus]
  if (!made) throw new Error(`no such bus: ${bus}`)
  return made(url)
}

/** Resolves when it is connected. @param {import('@fanfare/broadcasting').Driver} driver @returns {Promise<void>} */
export function up(driver) {
  return new Promise((resolve, reject) => {
    if (!driver.onStatus || driver.status() === 'up') return resolve()
    const late = setTimeout(() => reject(new Error(`the bus was not up within ${UP_MS} ms`)), UP_MS)
    const stop = driver.onStatus((status) => {
      if (status !== 'up') return
      clearTimeout(late)
      stop()
      resolve()
    })
  })
}

/** @param {ReturnType<typeof redis>} driver */
function counting(driver) {
  return { driver, received: () => driver.stats().received }
}
