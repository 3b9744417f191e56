import type { LogDetails } from '@fanfare/broadcasting'
import type { BusDriver } from '@fanfare/broadcasting/driver'
import { type Hub, OptionError } from '@fanfare/core'

import type { Settings } from '../config/table.ts'
import { UsageError } from '../config/usage.ts'
import { busFigures } from './figures.ts'
import { secretsIn, sentence } from './sentence.ts'
import type { BusStatus } from './status.ts'

/** What every driver is told. */
interface DriverOptions {
  readonly prefix: string
  readonly secret: readonly string[] | undefined
  readonly logger: (message: string, details: LogDetails) => void
}

type MakeDriver = (address: string, options: DriverOptions) => Promise<BusDriver>

/** By scheme. Loaded when it is asked for: a server without a bus needs no client of any. */
const redis: MakeDriver = async (url, options) => (await import('@fanfare/redis')).redis({ url, ...options })
const nats: MakeDriver = async (servers, options) =>
  (await import('@fanfare/nats')).nats({ servers: servers.split(','), ...options })
const DRIVERS: ReadonlyMap<string, MakeDriver> = new Map([
  ['redis', redis],
  ['rediss', redis],
  ['nats', nats],
  ['tls', nats],
])

/** How long the bus may take to let go of us; one that is dead never does. */
const CLOSE_MS = 4_000

/** What joins this server to others. */
export class ServerBus {
  readonly driver: BusDriver
  #leave: (() => Promise<void>) | undefined
  #closing: Promise<void> | undefined

  private constructor(driver: BusDriver, say: (line: string) => void) {
    this.driver = driver
    let lost = false
    driver.onStatus((status) => {
      // Of later times the driver says so itself.
      if (status === 'up' && lost && driver.stats().connects === 1) say('the bus is back')
      lost = status === 'degraded'
    })
  }

  /**
   * The bus that the settings ask for; it connects by itself, now or later. `undefined` for a server alone.
   *
   * @param say - told, a line at a time, when the bus is lost, cannot be reached, and is back
   * @throws UsageError when the address is none
   */
  static async open(
    { bus, busPrefix, busSecret }: Pick<Settings, 'bus' | 'busPrefix' | 'busSecret'>,
    say: (line: string) => void,
  ): Promise<ServerBus | undefined> {
    if (bus === 'memory') return undefined
    const secrets = secretsIn(bus)
    const logger = (message: string, { error, channel }: LogDetails): void => {
      const about = channel === undefined ? message : `${message} (channel ${channel})`
      say(error === undefined ? about : `${about}: ${sentence(error, secrets)}`)
    }
    const make = DRIVERS.get(/^[a-z]+(?=:\/\/)/i.exec(bus)?.[0].toLowerCase() ?? '')
    if (!make) throw new UsageError('--bus takes memory, or an address of Redis or NATS')
    try {
      return new ServerBus(
        await make(bus, {
          prefix: busPrefix,
          secret: busSecret.length === 0 ? undefined : busSecret,
          logger,
        }),
        say,
      )
    } catch (error) {
      if (!(error instanceof OptionError)) throw error
      throw new UsageError(`--bus: ${sentence(error, secrets)}`)
    }
  }

  /** From now on what is published on the hub reaches the other servers, and theirs the hub. */
  async join(hub: Hub): Promise<void> {
    const { bridge } = await import('@fanfare/broadcasting')
    const link = bridge(hub, this.driver)
    this.#leave = () => link.close()
  }

  /** How it is. */
  status(): BusStatus {
    const status = this.driver.status()
    return status === 'closed' ? 'degraded' : status
  }

  /** Calls back whenever that changes. */
  onStatus(listener: (status: BusStatus) => void): void {
    this.driver.onStatus(() => listener(this.status()))
  }

  /** For Prometheus. */
  figures(): string {
    return busFigures(this.status(), this.driver.stats())
  }

  /** Leaves it: the hub first, then the driver. Takes 4 s at most, although the bus may be dead. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CLOSE_MS)
    })
    const left = (async () => {
      await this.#leave?.()
      await this.driver.close()
    })()
    await Promise.race([left, late])
    clearTimeout(timer)
  }
}
