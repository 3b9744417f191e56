import type { Tests } from '@fanfare/core/testing'

import { type Crew, given } from './crew.ts'

const ALL_CHARACTERS = 'ABCXYZabcxyz0189_-=@,.;:/'
/** Names that a careless mapping would throw together, or take for a wildcard of the bus. */
const NEIGHBOURS = [
  'a.b',
  'a:b',
  'a/b',
  'a-b',
  'a_b',
  'A.b',
  'a.b.',
  '.a.b',
  'a..b',
  'a',
  'a.',
  '.',
  '..',
  'a;b',
  'a,b',
]

/** What is published arrives as it was. */
export const CARRYING: Tests<Crew> = {
  async 'an event comes to every subscriber of its channel, the publisher included'(crew) {
    const driver = crew.driver()
    const [one, other] = [await crew.listen(driver), await crew.listen(driver)]
    await driver.publish({ channel: 'orders', name: 'created', payload: '{"id":42}' })
    for (const ear of [one, other]) {
      await crew.hears(ear, 1)
      crew.expect(given(ear.events[0])).toEqual({ channel: 'orders', name: 'created', payload: '{"id":42}' })
    }
  },

  async 'every part of an event arrives'(crew) {
    const driver = crew.driver()
    const ear = await crew.listen(driver)
    const event = {
      channel: 'orders',
      name: 'grüße "quoted" \n \u{1f600}',
      payload: '"x"',
      except: ['1.2', '3.4'],
      from: { client: '1.2', user: 'ann' },
      key: 'k\u0000',
      id: 'm-1',
    }
    await driver.publish(event)
    await crew.hears(ear, 1)
    crew.expect(given(ear.events[0])).toEqual(event)
  },

  async 'an event needs no name'(crew) {
    const driver = crew.driver()
    const ear = await crew.listen(driver)
    await driver.publish({ channel: 'orders', payload: 'as it is' })
    await crew.hears(ear, 1)
    crew.expect(given(ear.events[0])).toEqual({ channel: 'orders', payload: 'as it is' })
  },

  async 'text arrives as it was written: nothing parses it'(crew) {
    const driver = crew.driver()
    const ear = await crew.listen(driver)
    const texts = [
      '{ "b": 1,\n"a": 12345678901234567890 }',
      '',
      '[',
      '\u0000\r\n\n',
      'grüße \u{1f600}',
      'null',
    ]
    for (const payload of texts) await driver.publish({ channel: 'orders', payload })
    await crew.hears(ear, texts.length)
    crew.expect(ear.events.map(({ payload }) => payload)).toEqual(texts)
  },

  async 'bytes arrive as bytes'(crew) {
    const driver = crew.driver()
    const ear = await crew.listen(driver)
    const bytes = Uint8Array.from({ length: 256 }, (_, at) => at)
    await driver.publish({ channel: 'orders', payload: bytes })
    await driver.publish({ channel: 'orders', payload: new Uint8Array(0) })
    await crew.hears(ear, 2)
    for (const [at, sent] of [bytes, new Uint8Array(0)].entries()) {
      const came = ear.events[at]?.payload
      crew.expect(came instanceof Uint8Array && [...came]).toEqual([...sent])
    }
  },

  async 'bytes are copied when they are taken'(crew) {
    const driver = crew.driver()
    const ears = [await crew.listen(driver), await crew.listen(driver)]
    const bytes = new Uint8Array(1_000)
    const published: Promise<void>[] = []
    for (const value of [1, 2, 3]) {
      published.push(driver.publish({ channel: 'orders', payload: bytes.fill(value) }))
    }
    bytes.fill(9)
    await Promise.all(published)
    for (const ear of ears) {
      await crew.hears(ear, 3)
      const values = ear.events.map(({ payload }) =>
        payload instanceof Uint8Array ? payload[999] : undefined,
      )
      crew.expect(values).toEqual([1, 2, 3])
    }
  },

  async 'an event of half a megabyte arrives'(crew) {
    const driver = crew.driver()
    const ear = await crew.listen(driver)
    const payload = JSON.stringify('x'.repeat(524_286))
    await driver.publish({ channel: 'orders', payload })
    await crew.hears(ear, 1)
    crew.expect(ear.events[0]?.payload === payload).toBe(true)
  },

  async 'every channel name is a channel of its own'(crew) {
    const driver = crew.driver()
    const longest = 'x'.repeat(200)
    const names = [...NEIGHBOURS, ALL_CHARACTERS, longest, longest.slice(1), '!17']
    const ears = await Promise.all(names.map((name) => crew.listen(driver, name)))
    for (const channel of names) await driver.publish({ channel, payload: channel })
    for (const [at, ear] of ears.entries()) {
      const heard = await crew.quiet(driver, ear)
      crew.expect(heard.map(({ channel, payload }) => [channel, payload])).toEqual([[names[at], names[at]]])
    }
  },

  async 'a channel that nobody is subscribed to takes events all the same'(crew) {
    const driver = crew.driver()
    await driver.publish({ channel: 'nobody', payload: '1' })
  },
}

/** In which order. */
export const ORDER: Tests<Crew> = {
  async '1,000 events of one publisher arrive in their order, each once'(crew) {
    const driver = crew.driver()
    const [one, other] = [await crew.listen(driver), await crew.listen(driver)]
    const sent = Array.from({ length: 1_000 }, (_, at) => String(at))
    await Promise.all(sent.map((payload) => driver.publish({ channel: 'orders', payload })))
    for (const ear of [one, other]) {
      await crew.hears(ear, sent.length)
      crew.expect(ear.events.map(({ payload }) => payload)).toEqual(sent)
      crew.expect(ear.gaps).toBe(0)
    }
  },

  async 'what a handler publishes comes after what it handles, for everybody'(crew) {
    const driver = crew.driver()
    await driver.subscribe('orders', ({ name }) => {
      if (name === 'question') void driver.publish({ channel: 'orders', name: 'answer', payload: '' })
    })
    const ear = await crew.listen(driver)
    await driver.publish({ channel: 'orders', name: 'question', payload: '' })
    await crew.hears(ear, 2)
    crew.expect(ear.events.map(({ name }) => name)).toEqual(['question', 'answer'])
  },
}
