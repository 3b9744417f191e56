import { type Tests, until } from '@fanfare/core/testing'

import { codeOf, type Crew } from './crew.ts'

/** Who gets what, and until when. */
export const SUBSCRIBING: Tests<Crew> = {
  async 'whoever has cancelled gets nothing more; the others do'(crew) {
    const driver = crew.driver()
    const [gone, there] = [await crew.listen(driver), await crew.listen(driver)]
    await driver.publish({ channel: 'orders', payload: '1' })
    await crew.hears(there, 1)
    await gone.subscription.cancel()
    await gone.subscription.cancel()
    await driver.publish({ channel: 'orders', payload: '2' })
    await crew.hears(there, 2)
    crew.expect(gone.events.map(({ payload }) => payload)).toEqual(['1'])
  },

  async 'a channel can be left and joined again, many times'(crew) {
    const driver = crew.driver()
    for (const payload of ['1', '2', '3', '4', '5']) {
      const ear = await crew.listen(driver)
      await driver.publish({ channel: 'orders', payload })
      await crew.hears(ear, 1)
      crew.expect(ear.events[0]?.payload).toBe(payload)
      await ear.subscription.cancel()
    }
  },

  async '500 channels can be joined at once'(crew) {
    const driver = crew.driver()
    const names = Array.from({ length: 500 }, (_, at) => `orders.${String(at)}`)
    const ears = await Promise.all(names.map((name) => crew.listen(driver, name)))
    await Promise.all(names.map((channel) => driver.publish({ channel, payload: channel })))
    for (const [at, ear] of ears.entries()) {
      await crew.hears(ear, 1)
      crew.expect(ear.events[0]?.payload).toBe(names[at])
    }
  },

  async 'a subscription that is called off at once leaves nothing behind'(crew) {
    const driver = crew.driver()
    const signal = { aborted: true, addEventListener: () => {}, removeEventListener: () => {} }
    crew.expect(await codeOf(driver.subscribe('orders', () => {}, { signal }))).toBe('cancelled')
    const ear = await crew.listen(driver)
    await driver.publish({ channel: 'orders', payload: '1' })
    await crew.hears(ear, 1)
  },

  async 'a handler that throws or rejects hurts nobody else, and its publisher least of all'(crew) {
    const driver = crew.driver()
    await driver.subscribe('orders', () => {
      throw new Error('thrown')
    })
    await driver.subscribe('orders', () => Promise.reject(new Error('rejected')))
    const ear = await crew.listen(driver)
    await driver.publish({ channel: 'orders', payload: '1' })
    await driver.publish({ channel: 'orders', payload: '2' })
    await crew.hears(ear, 2)
    await until(() => crew.log.length >= 4, 'four complaints')
    const complaints = crew.log.map(({ details }) => [details.channel, (details.error as Error).message])
    crew.expect(complaints.filter(([, message]) => message === 'thrown')).toEqual([
      ['orders', 'thrown'],
      ['orders', 'thrown'],
    ])
  },

  async 'a slow handler loses what does not fit into its queue: counted, told, and nobody else does'(crew) {
    const driver = crew.driver({ buffer: 2 })
    const [slow, gaps]: string[][] = [[], []]
    const letGo: (() => void)[] = []
    const subscription = await driver.subscribe(
      'orders',
      ({ payload }) => {
        slow?.push(String(payload))
        return new Promise((resolve) => letGo.push(resolve))
      },
      { gap: () => void gaps?.push(slow?.at(-1) ?? '') },
    )
    const quick = await crew.listen(driver)
    for (const payload of ['1', '2', '3', '4', '5']) await driver.publish({ channel: 'orders', payload })
    await crew.hears(quick, 5)
    crew.expect([slow, subscription.dropped, driver.dropped()]).toEqual([['1'], 2, 2])
    crew.expect(quick.subscription.dropped).toBe(0)
    crew.expect(crew.log.map(({ details }) => details.count)).toEqual([1, 2])
    for (let turn = 0; turn < 3; turn++) {
      await until(() => letGo.length > 0, 'the next event')
      letGo.shift()?.()
    }
    await until(() => gaps?.length, 'the gap')
    await driver.publish({ channel: 'orders', payload: '6' })
    await until(() => slow?.includes('6'), 'what comes after')
    crew.expect([slow, gaps]).toEqual([['1', '2', '3', '6'], ['3']])
    letGo.shift()?.()
  },
}

/** What is refused, and how a driver ends. */
export const REFUSING: Tests<Crew> = {
  async 'what is no channel is refused, wildcards of any bus above all'(crew) {
    const driver = crew.driver()
    const names = [
      '',
      '*',
      '>',
      'a*',
      'a.>',
      'a b',
      'a\r\n',
      'a?',
      '[a]',
      'ä',
      '!',
      '!x',
      '!12345678901',
      'x'.repeat(201),
      7,
    ]
    for (const name of names as string[]) {
      crew.expect(await codeOf(driver.publish({ channel: name, payload: '1' }))).toBe('bad-name')
      crew.expect(await codeOf(driver.subscribe(name, () => {}))).toBe('bad-name')
    }
  },

  async 'what is no event is refused'(crew) {
    const driver = crew.driver()
    const deep = '['.repeat(33) + ']'.repeat(33)
    const wrong = [
      { payload: 7 },
      { payload: null },
      { payload: '1', name: 7 },
      { payload: '1', except: '1.2' },
      { payload: '1', except: [7] },
      { payload: '1', from: 'ann' },
      { payload: '1', from: { user: 7 } },
      { payload: '1', key: 7 },
      { payload: '1', id: 7 },
      { payload: deep },
    ]
    for (const parts of wrong) {
      const event = { channel: 'orders', ...parts } as never
      crew.expect([parts, await codeOf(driver.publish(event))]).toEqual([parts, 'bad-message'])
    }
    crew.expect(await codeOf(driver.publish(null as never))).toBe('bad-message')
    await driver.publish({ channel: 'orders', payload: '['.repeat(33) })
  },

  async 'a closed driver takes nothing, and nobody hears from it'(crew) {
    const driver = crew.driver()
    const ear = await crew.listen(driver)
    await driver.publish({ channel: 'orders', payload: '1' })
    await crew.hears(ear, 1)
    await Promise.all([driver.close(), driver.close()])
    crew.expect(driver.status()).toBe('closed')
    crew.expect(await codeOf(driver.publish({ channel: 'orders', payload: '2' }))).toBe('closed')
    crew.expect(await codeOf(driver.subscribe('orders', () => {}))).toBe('closed')
    await ear.subscription.cancel()
    crew.expect(ear.events.length).toBe(1)
  },

  async 'a driver that is up says so'(crew) {
    const driver = crew.driver()
    await crew.listen(driver)
    crew.expect(driver.status()).toBe('up')
  },
}
