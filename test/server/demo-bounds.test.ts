import { afterEach, expect, it } from 'vitest'

import { memory } from '@fanfare/broadcasting'
import { testHub } from '@fanfare/core/testing'

import { Elsewhere } from '../../server/src/demo/elsewhere.ts'
import { MOST_MEMBERS, Rosters } from '../../server/src/demo/rosters.ts'
import { Visit } from '../../server/src/demo/visit.ts'
import { until } from '../support/until.ts'

const cleanup: (() => unknown)[] = []
afterEach(async () => {
  for (const end of cleanup.splice(0).reverse()) await end()
})

const crowd = (count: number): { id: string; info: { name: string } }[] =>
  Array.from({ length: count }, (_, i) => ({ id: `guest-${i}`, info: { name: 'n'.repeat(40) } }))

it('remembers a client in the rooms that it is in, however many it has left', () => {
  const within = new Set(['presence-here'])
  const visit = new Visit({ subscribedTo: (channel) => within.has(channel) }, 0)
  visit.enter('presence-here', { id: 'ann', name: 'Ann' })
  for (let room = 0; room < 10_000; room++) {
    visit.enter(`presence-${room}`, { id: undefined, name: 'Ann' })
    expect(visit.guestIn(`presence-${room}`)).toBeDefined()
  }
  expect(visit.size).toBeLessThanOrEqual(256)
  expect(visit.guestIn('presence-here')).toEqual({ id: 'ann', name: 'Ann' })
})

it('remembers a bounded amount of what is said of other servers, the last of it', () => {
  const rosters = new Rosters()
  for (let server = 0; server < 2_000; server++) rosters.hear(`s${server}`, 'presence-a', crowd(500), server)
  expect(rosters.chars).toBeLessThanOrEqual(4 * 1_048_576)
  rosters.hear('last', 'presence-b', crowd(3), 2_000)
  expect(rosters.members('presence-b')).toEqual(crowd(3))
  expect(rosters.members('presence-a').length).toBeGreaterThan(500)
  expect(rosters.expire(2_000).length).toBeGreaterThan(0)
  expect(rosters.chars).toBe(0)
})

it('counts a roster that is said again once', () => {
  const rosters = new Rosters()
  expect(rosters.hear('s', 'presence-a', crowd(2), 0)).toBe(true)
  const { chars } = rosters
  expect(rosters.hear('s', 'presence-a', crowd(2), 1)).toBe(false)
  expect(rosters.chars).toBe(chars)
  expect(rosters.hear('s', 'presence-a', [], 2)).toBe(true)
  expect(rosters.chars).toBe(0)
})

it('takes of a roster what is a member, and not more than a server tells of', () => {
  const rosters = new Rosters()
  const strange = [null, 7, 'x', {}, { id: 1 }, { id: 'a' }, { id: 'b', info: { name: 'x'.repeat(1_000) } }]
  const more = { id: 'c', info: { name: 'Cy', node: '1', more: 'x'.repeat(1_000) }, more: 1 }
  rosters.hear('s', 'presence-a', [...strange, more], 0)
  expect(rosters.members('presence-a')).toEqual([{ id: 'c', info: { name: 'Cy', node: '1' } }])
  rosters.hear('s', 'presence-a', crowd(MOST_MEMBERS + 7), 1)
  expect(rosters.members('presence-a')).toHaveLength(MOST_MEMBERS)
})

it('survives whatever comes on the channel of rosters, and forgets what a flood of it says', async () => {
  const driver = memory()
  const { hub } = testHub()
  const elsewhere = new Elsewhere(hub, driver, () => {})
  cleanup.push(() => driver.close())
  cleanup.push(() => elsewhere.close())
  const say = (notice: unknown): Promise<unknown> =>
    driver.publish({
      channel: 'private-demo.rosters',
      payload: typeof notice === 'string' ? notice : JSON.stringify(notice),
    })
  await say('no JSON')
  for (const strange of [null, 1, [], {}, { from: 1 }, { from: 'a', channel: 1, members: [] }])
    await say(strange)
  await say({ from: 'a', channel: 'presence-a', members: { length: 1 } })
  await say({ from: 'a', channel: 'news', members: crowd(1) })
  await say({ from: 'x'.repeat(1_000), channel: 'presence-a', members: crowd(1) })
  for (let server = 0; server < 300; server++) {
    await say({ from: `s${server}`, channel: 'presence-a', members: crowd(500) })
  }
  await say({ from: 'last', channel: 'presence-z', members: crowd(2) })
  await until(() => elsewhere.members('presence-z').length === 2, 'the last roster')
  expect(elsewhere.members('news')).toEqual([])
  expect(elsewhere.members('presence-a').length).toBeLessThan(80_000)
})
