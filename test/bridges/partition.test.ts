import { nameOnBus, PARTITIONS, partitionOf, partitionTag } from '@fanfare/broadcasting/driver'
import keySlot from 'cluster-key-slot'
import { describe, expect, it } from 'vitest'

import { subjectOf } from '../../bridges/nats/src/subjects.ts'

const SLOTS = 16_384
const LONGEST = 'x'.repeat(200)
const partitions = Array.from({ length: PARTITIONS }, (_, partition) => partition)

describe('the partition of a channel', () => {
  // Fixed for ever: a node that puts a channel elsewhere does not hear the others.
  it.each([
    ['a', 126, 'fanfare:{126fs}:c:a', 'fanfare.126fs.c.a'],
    ['orders', 65, 'fanfare:{65ai}:c:orders', 'fanfare.65ai.c.orders'],
    ['private-orders.42', 91, 'fanfare:{91ls}:c:private-orders.42', 'fanfare.91ls.c.private-orders%2E42'],
    ['presence-room.7', 7, 'fanfare:{7bq}:c:presence-room.7', 'fanfare.7bq.c.presence-room%2E7'],
    [
      'orders.1:eu/west@x,y;z=1',
      55,
      'fanfare:{55qv}:c:orders.1:eu/west@x,y;z=1',
      'fanfare.55qv.c.orders%2E1:eu/west@x,y;z=1',
    ],
    ['!17', 74, 'fanfare:{74ma}:c:!17', 'fanfare.74ma.c.!17'],
    ['!4294967295', 51, 'fanfare:{51kd}:c:!4294967295', 'fanfare.51kd.c.!4294967295'],
    [LONGEST, 8, `fanfare:{8kx}:c:${LONGEST}`, `fanfare.8kx.c.${LONGEST}`],
  ])('is the same as ever: %s', (channel, partition, name, subject) => {
    expect([partitionOf(channel), nameOnBus('fanfare', channel)]).toEqual([partition, name])
    expect(subjectOf(name)).toBe(subject)
  })

  it.each([
    ['numbers', (n: number) => `orders.${String(n)}`],
    ['private channels of users', (n: number) => `private-user.${String(n)}`],
    ['numbers of one length', (n: number) => `presence-room.${String(n).padStart(8, '0')}`],
    ['inboxes', (n: number) => `!${String((n * 2_654_435_761) % 4_294_967_296)}`],
    ['numbers in the middle', (n: number) => `tenant-${String(n)}:chat`],
  ])('is as often each: %s', (_, channel) => {
    const counts = new Array<number>(PARTITIONS).fill(0)
    for (let n = 0; n < 20_000; n++) counts[partitionOf(channel(n))]!++
    // 156 are to be expected in each.
    expect(Math.min(...counts)).toBeGreaterThan(78)
    expect(Math.max(...counts)).toBeLessThan(312)
  })
})

describe('the tags of the partitions', () => {
  it('fall into one 128th of the slots of a Redis Cluster each', () => {
    const slots = partitions.map((partition) => keySlot(`fanfare:{${partitionTag(partition)}}:c:any`))
    expect(slots.map((slot) => Math.floor((slot * PARTITIONS) / SLOTS))).toEqual(partitions)
  })

  it.each([3, 5, 6, 12, 16])('are spread evenly over %i primaries', (nodes) => {
    const counts = new Array<number>(nodes).fill(0)
    for (const partition of partitions)
      counts[Math.floor((keySlot(partitionTag(partition)) * nodes) / SLOTS)]!++
    expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(2)
  })

  it('begin with the number of the partition, and are fit for every bus', () => {
    for (const partition of partitions)
      expect(partitionTag(partition)).toMatch(new RegExp(`^${String(partition)}[a-z]{2}$`))
    expect(new Set(partitions.map(partitionTag)).size).toBe(PARTITIONS)
  })
})
