import type { Driver, Logger } from '../event.ts'

/**
 * What a bus may be able to do beside what all of them can. `nodes`: several drivers are on one bus. `total-order`: all
 * subscribers see the events of several publishers in one order. `outage`: it can be cut off. `inject`: anything can be put on it.
 */
export type DriverAbility = 'nodes' | 'total-order' | 'outage' | 'inject'

/** How a driver is made for a test. */
export interface StandOptions {
  readonly buffer?: number
  readonly logger: Logger
}

/** A bus that drivers can connect to; a new one, or a new prefix on it, for each test. */
export interface DriverStand {
  /** A driver as one process has it. The test closes it. */
  connect(options: StandOptions): Driver
  /** From now on the bus answers nobody. Resolves when that is so. */
  cutOff?(): Promise<void>
  /** It answers again. */
  heal?(): Promise<void>
  /** Puts a text on the bus as if somebody had published it on that channel, in whatever form. */
  inject?(channel: string, text: string): Promise<void>
  /** Takes the bus away. The drivers are closed by then. */
  close(): Promise<void>
}

export type MakeDriverStand = () => Promise<DriverStand>
