import { setTimeout as sleep } from 'node:timers/promises'

import type { Driver } from '@fanfare/broadcasting'
import { nameOnBus } from '@fanfare/broadcasting/driver'
import { expect, it } from 'vitest'

import { until } from '../support/until.ts'
import { ListenerProcess, type Mending } from './listener-process.ts'
import type { Promises } from './oracle.ts'

/** A bus on which one node listens in a process of its own. */
export interface NodeField {
  readonly url: string
  /** Of every driver. */
  readonly options: object
  readonly promises: Promises
  /** A driver that publishes, in this process. */
  connect(): Driver
  /** Puts a text on the bus as it is. */
  inject(name: string, text: string): Promise<void>
}

/** Long enough that most of what waits is too late when it is read. */
const STANDS_MS = 2_600
const PUBLISH_EVERY_MS = 6
/** One when it goes on, and one more if it is so slow then that what it reads becomes too late. */
const MOST_GAPS = 2

/** What became of one run. */
interface Outcome {
  readonly gaps: number
  readonly breaches: readonly string[]
}

/** The faults of nodes, each with its control: without what the driver does against it, the same is felt. */
export function nodeFaults(field: () => NodeField): void {
  it('tells a node that stood still of one gap, which without that is told of one for each message', async () => {
    const ours = await stoodStill(field())
    expect(ours.breaches.slice(0, 10)).toEqual([])
    expect(ours.gaps).toBeGreaterThanOrEqual(1)
    expect(ours.gaps).toBeLessThanOrEqual(MOST_GAPS)
    const control = await stoodStill(field(), 'covering')
    expect(control.gaps).toBeGreaterThan(10 * MOST_GAPS)
  }, 60_000)

  it('tells of what a node of another version says, which without that is lost in silence', async () => {
    const ours = await beside(field())
    expect(ours.breaches).toEqual([])
    expect(ours.gaps).toBeGreaterThanOrEqual(1)
    const control = await beside(field(), 'unread')
    expect(control.breaches).not.toEqual([])
    expect(control.gaps).toBe(0)
  }, 60_000)
}

/** The node stands still while another one publishes. */
async function stoodStill(field: NodeField, without?: Mending): Promise<Outcome> {
  return withListener(field, without, async (listener, driver) => {
    let number = 0
    const publish = async (): Promise<void> => {
      const sent = { publisher: 0, channel: 'orders', number: ++number, outcome: 'acknowledged', tookMs: 0 }
      await driver.publish({
        channel: 'orders',
        payload: JSON.stringify({ publisher: 0, number, at: Date.now() }),
      })
      listener.oracle.sent.push(sent)
    }
    const publishFor = async (ms: number): Promise<void> => {
      for (const end = performance.now() + ms; performance.now() < end;) {
        await publish()
        await sleep(PUBLISH_EVERY_MS)
      }
    }
    await publishFor(300)
    listener.standStill()
    await publishFor(STANDS_MS)
    listener.goOn()
    await publishFor(500)
    await publish()
    await until(() => listener.heard(0, number), 'the last message')
  })
}

/** A node of the next release is on the bus too. What is new in some of its letters can be ignored, in others it cannot. */
async function beside(field: NodeField, without?: Mending): Promise<Outcome> {
  return withListener(field, without, async (listener, driver) => {
    const name = nameOnBus('fanfare', 'orders')
    let sequence = 0
    const say = async (
      publisher: number,
      write: (header: string, payload: string) => string,
    ): Promise<void> => {
      const number = ++sequence
      const header = JSON.stringify({
        o: `next-${String(publisher)}`,
        s: number,
        p: 0,
        d: Date.now() + 2_000,
      })
      const payload = JSON.stringify({ publisher, number, at: Date.now() })
      await field.inject(name, write(header, payload))
      listener.oracle.sent.push({ publisher, channel: 'orders', number, outcome: 'acknowledged', tookMs: 0 })
    }
    for (let n = 0; n < 5; n++) {
      await say(7, (header, payload) => `fanfare/1 ${header.replace('}', ',"new":{"a":1}}')}\n${payload}`)
      await say(
        8,
        (header, payload) => `fanfare/1 ${header.replace('}', ',"m":["new"],"new":1}')}\n${payload}`,
      )
      await say(9, (header, payload) => `fanfare/2 ${header} ${payload}`)
    }
    await driver.publish({
      channel: 'orders',
      payload: JSON.stringify({ publisher: 0, number: 1, at: Date.now() }),
    })
    await until(() => listener.heard(0, 1), 'a message of this release')
    // Those that only have more in them are heard.
    await until(() => listener.heard(7, 13), 'what can be read of the next release')
  })
}

async function withListener(
  field: NodeField,
  without: Mending | undefined,
  run: (listener: ListenerProcess, driver: Driver) => Promise<void>,
): Promise<Outcome> {
  const driver = field.connect()
  const listener = await ListenerProcess.start(field.url, field.options, without)
  try {
    await until(() => driver.status() === 'up', 'the driver to be up')
    await run(listener, driver)
    return { gaps: listener.gaps, breaches: listener.oracle.breaches(field.promises) }
  } finally {
    await listener.stop()
    await driver.close()
  }
}
