import { bridge, type Event, memory } from '@fanfare/broadcasting'
import { testHub } from '@fanfare/core/testing'
import { describe, expect, it } from 'vitest'

import { BusStage } from '../fakes/scripted-bus.ts'

// Whoever publishes bytes may write into them again at once, whatever the bus does meanwhile.

const firstOf = (event: Event): number | undefined => (event.payload as Uint8Array)[0]

/** Publishes 1, 2 and 3 in the same bytes, which are something else after that. */
async function publishThree(publish: (payload: Uint8Array) => unknown): Promise<void> {
  const bytes = new Uint8Array(1)
  for (const value of [1, 2, 3]) void Promise.resolve(publish(bytes.fill(value))).catch(() => {})
  bytes.fill(9)
}

describe('bytes', () => {
  it('in memory wait as they were for a handler that is busy', async () => {
    const driver = memory()
    const heard: unknown[] = []
    await driver.subscribe('cam', async (event) => {
      await new Promise((resolve) => setImmediate(resolve))
      heard.push(firstOf(event))
    })
    await publishThree((payload) => driver.publish({ channel: 'cam', payload }))
    for (let n = 0; n < 10; n++) await new Promise((resolve) => setImmediate(resolve))
    expect(heard).toEqual([1, 2, 3])
  })

  it.each<[string, (stage: BusStage) => void]>([
    ['is up', () => {}],
    ['is down', (stage) => stage.server.lose()],
    ['is silent', (stage) => void (stage.server.silent = true)],
    ['loses them', (stage) => void (stage.server.loses = () => true)],
    ['answers late', (stage) => void (stage.server.holdAnswers = true)],
  ])('reach those who are here as they were while the bus %s', async (_, hurt) => {
    const stage = new BusStage()
    const driver = await stage.up()
    const { events } = stage.listen(driver, 'cam')
    await stage.clock.settle()
    hurt(stage)
    await publishThree((payload) => driver.publish({ channel: 'cam', payload }))
    await stage.after(3_000)
    expect(events.map(firstOf)).toEqual([1, 2, 3])
  })

  it('reach one client as they were, here and elsewhere', async () => {
    const driver = memory()
    const [here, there] = [testHub({ node: 1 }), testHub({ node: 2 })]
    const link = bridge(here.hub, driver)
    const far = bridge(there.hub, driver)
    for (const { hub, connect, clock } of [here, there]) {
      const { client, conn } = connect()
      conn.stall()
      await publishThree((payload) => link.sendTo(client.id, payload))
      await new Promise((resolve) => setImmediate(resolve))
      await clock.settle()
      conn.resume()
      await clock.settle()
      expect([hub.node, conn.received]).toEqual([hub.node, [1, 2, 3].map((value) => Uint8Array.of(value))])
    }
    await Promise.all([link.close(), far.close()])
  })
})
