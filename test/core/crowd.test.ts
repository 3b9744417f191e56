import type { Batch, Client } from '@fanfare/core'
import { ManualClock, MemoryConn, testHub, testPlatform } from '@fanfare/core/testing'
import fc from 'fast-check'
import { expect, it } from 'vitest'

// Many clients that are owed much the same, while now and then one is told something else, comes, goes, or is behind. However the
// hub shares the work between them, each gets what it is owed, in its order.

const CLIENTS = 150
const EAGER_BYTES = 262_144

/** A clock on which writing takes time, without anything else happening meanwhile. */
class BusyClock extends ManualClock {
  #spentMs = 0

  spend(ms: number): void {
    this.#spentMs += ms
  }

  override monotonic(): number {
    return super.monotonic() + this.#spentMs
  }
}

/** A connection whose every write takes a tenth of a millisecond, and that looks at what it is handed. */
class CheckingConn extends MemoryConn {
  readonly #clock: BusyClock
  bytes = 0

  constructor(clock: BusyClock) {
    super()
    this.#clock = clock
  }

  override write(batch: Batch): boolean {
    this.#clock.spend(0.1)
    this.bytes += batch.bytes
    expectSound(batch)
    return super.write(batch)
  }
}

/** What a batch says of its frames in different ways is the same. */
function expectSound(batch: Batch): void {
  const { frames, bytes, parts, run } = batch
  expect(frames.length).toBeGreaterThan(0)
  expect(frames.reduce((sum, frame) => sum + frame.bytes, 0)).toBe(bytes)
  if (run) expect(run.list.slice(run.from, run.to)).toEqual(frames)
  if (!parts) return
  for (const part of parts) expectSound(part)
  expect(parts.flatMap((part) => part.frames)).toEqual(frames)
}

interface Guest {
  readonly client: Client
  readonly conn: CheckingConn
  readonly expected: string[]
  expectedBytes: number
  /** In the channel. */
  here: boolean
  open: boolean
}

/** A hub with a crowd in one channel, and what each of them is to get. */
class Crowd {
  readonly clock = new BusyClock()
  readonly hub = testHub({ platform: testPlatform(this.clock) }).hub
  readonly guests: Guest[] = []

  async come(): Promise<void> {
    const conn = new CheckingConn(this.clock)
    const client = this.hub.add(conn)
    conn.attach(client.session)
    this.guests.push({ client, conn, expected: [], expectedBytes: 0, here: true, open: true })
    await this.hub.subscribe(client, 'orders')
  }

  guest(number: number): Guest {
    return this.guests[number % this.guests.length]!
  }

  broadcast(text: string, except?: Guest): void {
    this.hub.broadcast('orders', text, { except: except?.client.id })
    for (const guest of this.guests) if (guest.here && guest !== except) owe(guest, text)
  }

  tell(guest: Guest, text: string): void {
    if (!guest.open) return
    this.hub.sendTo(guest.client.id, text)
    owe(guest, text)
  }

  leave(guest: Guest): void {
    this.hub.unsubscribe(guest.client, 'orders')
    guest.here = false
  }

  close(guest: Guest): void {
    guest.client.close()
    guest.here = guest.open = false
  }
}

/** Nobody has more before it than may wait for the end of the turn. */
function expectBounded({ guests }: Crowd): void {
  const most = Math.max(...guests.map(({ conn, expectedBytes }) => expectedBytes - conn.bytes))
  expect(most).toBeLessThanOrEqual(EAGER_BYTES)
}

function expectDone({ clock, guests }: Crowd): void {
  for (let turns = 0; turns < guests.length; turns++) clock.turn()
  for (const { conn, expected } of guests) expect(conn.received).toEqual(expected)
}

function owe(guest: Guest, text: string): void {
  guest.expected.push(text)
  guest.expectedBytes += text.length
}

type Step = (crowd: Crowd, at: number) => unknown

/** Something that happens so often, and what of it is left to chance. */
function step<Chance>(
  weight: number,
  chance: fc.Arbitrary<Chance>,
  happen: (crowd: Crowd, chance: Chance, at: number) => unknown,
): fc.WeightedArbitrary<Step> {
  return { weight, arbitrary: chance.map((what) => (crowd, at) => happen(crowd, what, at)) }
}

const who = fc.nat(10_000)
const short = fc.integer({ min: 1, max: 200 })
const long = fc.integer({ min: 20_000, max: 200_000 })
const many = fc.tuple(fc.integer({ min: 30, max: 200 }), fc.integer({ min: 1, max: 1_500 }))
const text = (at: number, length: number): string => `${String(at)} `.padEnd(length, '.')

const steps = fc.oneof(
  step(8, short, (crowd, length, at) => crowd.broadcast(text(at, length))),
  step(1, long, (crowd, length, at) => crowd.broadcast(text(at, length))),
  step(5, many, (crowd, [count, length], at) => {
    for (let n = 0; n < count; n++) {
      crowd.broadcast(text(at, length))
      expectBounded(crowd)
    }
  }),
  step(2, who, (crowd, one, at) => crowd.broadcast(text(at, 5), crowd.guest(one))),
  step(6, fc.tuple(who, short), (crowd, [one, length], at) => crowd.tell(crowd.guest(one), text(at, length))),
  step(6, fc.tuple(who, long), (crowd, [one, length], at) => crowd.tell(crowd.guest(one), text(at, length))),
  step(2, fc.constant(undefined), (crowd) => crowd.come()),
  step(1, who, (crowd, one) => crowd.leave(crowd.guest(one))),
  step(1, who, (crowd, one) => crowd.close(crowd.guest(one))),
  step(1, fc.constant(undefined), (crowd) => crowd.clock.turn()),
)

it('each of a crowd gets what it is owed, in its order, and never has much of it before it', async () => {
  const told = fc.assert(
    fc.asyncProperty(fc.array(steps, { minLength: 10, maxLength: 60, size: 'max' }), async (story) => {
      const crowd = new Crowd()
      for (let n = 0; n < CLIENTS; n++) await crowd.come()
      for (const [at, happen] of story.entries()) {
        await happen(crowd, at)
        expectBounded(crowd)
      }
      expectDone(crowd)
    }),
    { seed: 1, numRuns: 60 },
  )
  await expect(told).resolves.toBeUndefined()
}, 60_000)

it('whoever is owed too much to wait is written to with the frame that makes it so, also who came to that late', async () => {
  const crowd = new Crowd()
  for (let n = 0; n < 30; n++) await crowd.come()
  crowd.broadcast('the first')
  const told = [7, 19, 3, 25].map((one, at) => ({ one, bytes: 200_000 - 40_000 * at }))
  for (const { one, bytes } of told.slice(0, 2)) crowd.tell(crowd.guest(one), 'x'.repeat(bytes))
  for (let kib = 0; kib < 250; kib++) {
    crowd.broadcast('y'.repeat(1_024))
    if (kib === 80)
      for (const { one, bytes } of told.slice(2)) crowd.tell(crowd.guest(one), 'x'.repeat(bytes))
    expectBounded(crowd)
  }
  const early = crowd.guests.flatMap(({ conn }, at) => (conn.bytes > 0 ? [at] : []))
  expect(early).toEqual([3, 7, 19, 25])
  expectDone(crowd)
})

it('what all are owed is written early when it is too much, and not to who came in the middle and is owed less', async () => {
  const crowd = new Crowd()
  for (let n = 0; n < 5; n++) await crowd.come()
  for (let kib = 0; kib < 200; kib++) crowd.broadcast('y'.repeat(1_024))
  await crowd.come()
  for (let kib = 0; kib < 57; kib++) crowd.broadcast('z'.repeat(1_024))
  expect(crowd.guests.map(({ conn }) => conn.received.length)).toEqual([257, 257, 257, 257, 257, 0])
  expectDone(crowd)
})

it('whoever is closed in the middle of a turn gets before that what it was owed, alone and with the others', async () => {
  const crowd = new Crowd()
  for (let n = 0; n < 5; n++) await crowd.come()
  const guest = crowd.guest(2)
  for (let round = 0; round < 3; round++) {
    for (let n = 0; n < 50; n++) crowd.broadcast(text(n, 9))
    crowd.tell(guest, `for one alone, ${String(round)}`)
  }
  crowd.close(guest)
  expect(guest.conn.received).toEqual(guest.expected)
  expectDone(crowd)
})
