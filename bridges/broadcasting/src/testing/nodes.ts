import { hostPlatform } from '@fanfare/core/contract'
import { type Tests, until } from '@fanfare/core/testing'

import type { Driver } from '../event.ts'
import { codeOf, type Crew } from './crew.ts'

/** Each of them publishes so many numbers, named after itself, all at once. */
async function publishAll(drivers: readonly Driver[], count: number): Promise<void> {
  const numbers = Array.from({ length: count }, (_, at) => String(at))
  const publishes = drivers.flatMap((driver, at) =>
    numbers.map((payload) => driver.publish({ channel: 'orders', name: String(at), payload })),
  )
  await Promise.all(publishes)
}

/** Several processes on one bus. */
export const NODES: Tests<Crew> = {
  async 'an event comes to the subscribers of every node'(crew) {
    const [one, two, three] = [crew.driver(), crew.driver(), crew.driver()]
    const ears = [await crew.listen(one), await crew.listen(two)]
    await three.publish({ channel: 'orders', name: 'paid', payload: '1', except: ['7.7'] })
    for (const ear of ears) {
      await crew.hears(ear, 1)
      crew.expect([ear.events[0]?.name, ear.events[0]?.except]).toEqual(['paid', ['7.7']])
    }
  },

  async 'a subscription that is live misses nothing that is published anywhere after it'(crew) {
    const [here, there] = [crew.driver(), crew.driver()]
    for (let round = 0; round < 20; round++) {
      const channel = `round.${String(round)}`
      const ear = await crew.listen(here, channel)
      await there.publish({ channel, payload: '1' })
      await crew.hears(ear, 1)
    }
  },

  async 'what is published just before a driver is closed gets out'(crew) {
    const [here, there] = [crew.driver(), crew.driver()]
    const ear = await crew.listen(here)
    const published = there.publish({ channel: 'orders', payload: 'last words' })
    await there.close()
    await published
    await crew.hears(ear, 1)
  },

  async 'each publisher keeps its order, on every node'(crew) {
    const drivers = [crew.driver(), crew.driver(), crew.driver()]
    const ears = await Promise.all(drivers.map((driver) => crew.listen(driver)))
    await publishAll(drivers, 200)
    for (const ear of ears) {
      await crew.hears(ear, 600)
      for (const name of ['0', '1', '2']) {
        const own = ear.events.filter((event) => event.name === name).map(({ payload }) => payload)
        crew.expect(own).toEqual(Array.from({ length: 200 }, (_, at) => String(at)))
      }
      crew.expect(ear.gaps).toBe(0)
    }
  },
}

/** One order for everybody. */
export const TOTAL_ORDER: Tests<Crew> = {
  async 'the events of several publishers come in one order to all nodes'(crew) {
    const drivers = [crew.driver(), crew.driver(), crew.driver()]
    const ears = await Promise.all(drivers.map((driver) => crew.listen(driver)))
    await publishAll(drivers, 200)
    for (const ear of ears) await crew.hears(ear, 600)
    const [first, ...others] = ears.map((ear) =>
      ear.events.map(({ name, payload }) => `${name ?? ''} ${String(payload)}`),
    )
    for (const other of others) crew.expect(other).toEqual(first)
  },
}

/** What anybody may put on a bus. */
export const STRANGERS: Tests<Crew> = {
  async 'what is no event of ours is ignored, and hurts nothing'(crew) {
    const driver = crew.driver()
    const ear = await crew.listen(driver)
    for (const text of GARBAGE) await crew.stand.inject?.('orders', text)
    const heard = await crew.quiet(driver, ear)
    crew.expect(heard).toEqual([])
  },

  async 'an event of another release that cannot be read is a gap, and one line in the log'(crew) {
    const driver = crew.driver()
    const ear = await crew.listen(driver)
    const lines = crew.log.length
    for (let n = 0; n < 20; n++) await crew.stand.inject?.('orders', 'fanfare/2 {"whatever":1}\n1')
    await until(() => ear.gaps > 0, 'a gap')
    await crew.stand.inject?.('orders', `fanfare/1 ${HEADER.replace('}', ',"m":["new"],"new":1}')}\n1`)
    await until(() => crew.log.length === lines + 2, 'a line for each of the two reasons')
    crew.expect(await crew.quiet(driver, ear)).toEqual([])
    crew.expect(crew.log.length).toBe(lines + 2)
  },

  async 'an event with a number that no sender comes to silences nobody'(crew) {
    const driver = crew.driver()
    const other = crew.driver()
    const ear = await crew.listen(driver)
    await other.publish({ channel: 'orders', payload: 'before' })
    await crew.hears(ear, 1)
    const { clock } = hostPlatform()
    const origin = other.incarnation ?? ''
    for (const number of ['9007199254740991', '1099511627776', '4000', '-1', '0', '1e999', 'null']) {
      const header = `{"o":"${origin}","s":${number},"p":1,"d":${String(clock.now() + 2_000)}}`
      await crew.stand.inject?.('orders', `fanfare/1 ${header}\n"forged"`)
    }
    const forged = clock.now()
    await until(() => clock.now() > forged, 'the next millisecond')
    await other.publish({ channel: 'orders', payload: 'after' })
    await until(() => ear.events.some(({ payload }) => payload === 'after'), 'what was published after it')
  },
}

const HEADER = '{"o":"x","s":1,"p":0,"d":9007199254740991}'
const GARBAGE = [
  '',
  'hello',
  '{}',
  '{"channel":"orders","payload":"1"}',
  'fanfare/2 {"whatever":1}\n1',
  'fanfare/1',
  'fanfare/1 \n',
  'fanfare/1 null\n1',
  'fanfare/1 []\n1',
  'fanfare/1 {"o":7,"s":1,"p":0,"d":1}\n1',
  'fanfare/1 {"o":"x","s":-1,"p":0,"d":1}\n1',
  'fanfare/1 {"o":"x","s":1e99,"p":0,"d":1}\n1',
  HEADER,
  `fanfare/1 ${HEADER}`,
  `fanfare/1 ${HEADER.replace('}', ',"n":7}')}\n1`,
  `fanfare/1 ${HEADER.replace('}', ',"x":"1.2"}')}\n1`,
  `fanfare/1 ${HEADER.replace('}', ',"b":1}')}\n!!!`,
  `fanfare/1 ${HEADER}\n${'['.repeat(33)}${']'.repeat(33)}`,
  `fanfare/1 {"a":${'['.repeat(40_000)}`,
  'x'.repeat(2_000_000),
]

/** The bus is gone, and comes back. */
export const OUTAGES: Tests<Crew> = {
  async 'a bus that answers nobody is found out, and used again when it does'(crew) {
    const driver = crew.driver()
    const ear = await crew.listen(driver)
    const seen: string[] = []
    driver.onStatus?.((status) => void seen.push(status))
    await crew.stand.cutOff?.()
    await until(() => driver.status() === 'degraded', 'the outage to be found')
    await crew.stand.heal?.()
    await until(() => driver.status() === 'up', 'the bus to be back')
    crew.expect(seen).toEqual(['degraded', 'up'])
    await driver.publish({ channel: 'orders', payload: 'after' })
    await until(() => ear.events.length > 0, 'what came after')
    crew.expect(ear.story.map((item) => (item === 'gap' ? item : item.payload))).toEqual(['gap', 'after'])
  },

  async 'while it is gone, whoever is here gets what is published here, once, and the publisher is told'(
    crew,
  ) {
    const driver = crew.driver()
    const ear = await crew.listen(driver)
    await crew.stand.cutOff?.()
    const sent = Array.from({ length: 20 }, (_, at) => String(at))
    const outcomes = await Promise.all(
      sent.map((payload) => codeOf(driver.publish({ channel: 'orders', payload }))),
    )
    crew.expect(outcomes.filter((code) => code !== 'refused' && code !== 'unknown')).toEqual([])
    await crew.hears(ear, sent.length)
    await until(() => driver.status() === 'degraded', 'the outage to be found')
    const at = ear.events.length
    const late = driver.publish({ channel: 'orders', payload: 'at once' })
    crew.expect(ear.events.length).toBe(at + 1)
    crew.expect(await codeOf(late)).toBe('refused')
    await crew.stand.heal?.()
    await until(() => driver.status() === 'up', 'the bus to be back')
    crew.expect((await crew.quiet(driver, ear)).map(({ payload }) => payload)).toEqual([...sent, 'at once'])
  },

  async 'every subscription is restored, and every one of them is told of the gap'(crew) {
    const [here, there] = [crew.driver(), crew.driver()]
    const names = Array.from({ length: 50 }, (_, at) => `orders.${String(at)}`)
    const ears = await Promise.all(names.map((name) => crew.listen(here, name)))
    await crew.stand.cutOff?.()
    await until(
      () => [here, there].every((driver) => driver.status() === 'degraded'),
      'the outage to be found',
    )
    await crew.stand.heal?.()
    await until(() => [here, there].every((driver) => driver.status() === 'up'), 'the bus to be back')
    crew.expect(ears.map(({ gaps }) => gaps)).toEqual(names.map(() => 1))
    await Promise.all(names.map((channel) => there.publish({ channel, payload: channel })))
    for (const ear of ears) await crew.hears(ear, 1)
  },

  async 'a subscription that is asked for while it is gone becomes live when it is back'(crew) {
    const [here, there] = [crew.driver(), crew.driver()]
    await Promise.all([crew.listen(here, 'other'), crew.listen(there, 'other')])
    await crew.stand.cutOff?.()
    await until(() => here.status() === 'degraded', 'the outage to be found')
    const listening = crew.listen(here)
    await crew.stand.heal?.()
    const ear = await listening
    await until(() => there.status() === 'up', 'the bus to be back')
    await there.publish({ channel: 'orders', payload: '1' })
    await crew.hears(ear, 1)
    crew.expect(ear.gaps).toBe(0)
  },

  async 'a driver closes while it is gone'(crew) {
    const driver = crew.driver()
    await crew.listen(driver)
    await crew.stand.cutOff?.()
    const lost = codeOf(driver.publish({ channel: 'orders', payload: '1' }))
    await driver.close()
    crew.expect(['refused', 'unknown'].includes(await lost)).toBe(true)
    await crew.stand.heal?.()
  },
}
