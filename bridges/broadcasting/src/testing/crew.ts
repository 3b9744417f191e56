import { type Expect, until } from '@fanfare/core/testing'

import type { Driver, Event, LogDetails, SubscribeOptions, Subscription } from '../event.ts'
import type { DriverStand, MakeDriverStand } from './driver-stand.ts'

/** Where a test runs. */
export interface DriverBench {
  readonly make: MakeDriverStand
  readonly expect: Expect
}

/** One that is subscribed, and what it got. */
export interface Ear {
  readonly events: Event[]
  /** Events, and `gap` where it was told of one, in order. */
  readonly story: (Event | 'gap')[]
  readonly gaps: number
  readonly subscription: Subscription
}

/** What the tests of the contract work with: drivers on one bus, and those who listen to them. */
export class Crew {
  readonly expect: Expect
  readonly stand: DriverStand
  /** What the drivers said to their loggers. */
  readonly log: { readonly message: string; readonly details: LogDetails }[] = []
  readonly #drivers: Driver[] = []

  constructor(stand: DriverStand, expect: Expect) {
    this.stand = stand
    this.expect = expect
  }

  driver(options: { readonly buffer?: number } = {}): Driver {
    const logger = (message: string, details: LogDetails): void => void this.log.push({ message, details })
    const driver = this.stand.connect({ ...options, logger })
    this.#drivers.push(driver)
    return driver
  }

  /** Listens on a channel. */
  async listen(driver: Driver, channel = 'orders', options: SubscribeOptions = {}): Promise<Ear> {
    const events: Event[] = []
    const story: (Event | 'gap')[] = []
    const handler = (event: Event): void => {
      events.push(event)
      story.push(event)
    }
    const gap = (): void => void story.push('gap')
    const subscription = await driver.subscribe(channel, handler, { gap, ...options })
    return {
      events,
      story,
      subscription,
      get gaps() {
        return story.filter((item) => item === 'gap').length
      },
    }
  }

  /** Resolves when so many events came; rejects when they do not, or when more came. */
  async hears(ear: Ear, count: number): Promise<void> {
    await until(
      () => ear.events.length >= count,
      `${String(count)} events, ${String(ear.events.length)} came`,
    )
    if (ear.events.length > count)
      throw new Error(`${String(ear.events.length)} events came, not ${String(count)}`)
  }

  /** Resolves when everything published before it, by this driver on this channel, has had its chance to arrive at the ear. */
  async quiet(driver: Driver, ear: Ear): Promise<Event[]> {
    const mark = `mark ${String(ear.events.length)}`
    await driver.publish({ channel: ear.subscription.channel, name: mark, payload: '' })
    await until(() => ear.events.some(({ name }) => name === mark), 'the mark')
    return ear.events.filter(({ name }) => !name?.startsWith('mark '))
  }

  async end(): Promise<void> {
    await Promise.all(this.#drivers.map((driver) => driver.close()))
    await this.stand.close()
  }
}

/** Makes a crew on a new stand, runs the test with it, and takes everything away again. */
export async function withCrew(
  { make, expect }: DriverBench,
  run: (crew: Crew) => Promise<void>,
): Promise<void> {
  const crew = new Crew(await make(), expect)
  try {
    await run(crew)
  } finally {
    await crew.end()
  }
}

/** What an event looks like where it arrives: the parts that were given. */
export function given(event: Event | undefined): Record<string, unknown> {
  const parts = Object.entries(event ?? {}).filter(([, value]) => value !== undefined)
  return Object.fromEntries(
    parts.map(([part, value]) => [part, part === 'from' ? given(value as Event) : value]),
  )
}

/** The code of what a promise rejects with; `fulfilled` when it does not. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
    return 'fulfilled'
  } catch (error) {
    return (error as { code?: string }).code ?? String(error)
  }
}
