import { type ManualClock, MemoryConn, testHub, type TestHub } from '@fanfare/core/testing'
import type { Batch, Client } from '@fanfare/core'
import { beforeEach, describe, expect, it } from 'vitest'

const CLIENTS = 300

/** A connection whose every write takes a millisecond of the hub's clock. */
class SlowConn extends MemoryConn {
  readonly #clock: ManualClock

  constructor(clock: ManualClock) {
    super()
    this.#clock = clock
  }

  override write(batch: Batch): boolean {
    this.#clock.advance(1)
    return super.write(batch)
  }
}

describe('a flush that takes long', () => {
  let stage: TestHub
  let conns: SlowConn[]
  let clients: Client[]

  beforeEach(async () => {
    stage = testHub()
    conns = Array.from({ length: CLIENTS }, () => new SlowConn(stage.clock))
    clients = conns.map((conn) => {
      const client = stage.hub.add(conn)
      conn.attach(client.session)
      return client
    })
    for (const client of clients) await stage.hub.subscribe(client, 'orders')
  })

  const having = (...texts: string[]): number =>
    conns.filter(({ received }) => JSON.stringify(received) === JSON.stringify(texts)).length

  it('is cut into slices, between which the event loop breathes', () => {
    stage.hub.broadcast('orders', 'one')
    stage.clock.turn()
    const first = having('one')
    expect(first).toBeGreaterThan(0)
    expect(first).toBeLessThan(CLIENTS)
    for (let turns = 0; having('one') < CLIENTS && turns < CLIENTS; turns++) stage.clock.turn()
    expect(having('one')).toBe(CLIENTS)
  })

  it('keeps the order, and writes once to whoever is owed more meanwhile', () => {
    const batches = conns.map((conn) => {
      const { write } = conn
      let count = 0
      conn.write = (batch) => {
        count++
        return write.call(conn, batch)
      }
      return () => count
    })
    stage.hub.broadcast('orders', 'one')
    stage.clock.turn()
    const early = having('one')
    stage.hub.broadcast('orders', 'two', { except: clients.at(-1)?.id })
    stage.hub.sendTo(clients[0]!.id, 'for the first')
    stage.hub.sendTo(clients.at(-1)!.id, 'for the last')
    for (let turns = 0; turns < CLIENTS; turns++) stage.clock.turn()
    expect(conns[0]!.received).toEqual(['one', 'two', 'for the first'])
    expect(conns.at(-1)!.received).toEqual(['one', 'for the last'])
    expect(having('one', 'two')).toBe(CLIENTS - 2)
    expect(batches.filter((count) => count() === 2)).toHaveLength(early)
    expect(batches.filter((count) => count() === 1)).toHaveLength(CLIENTS - early)
  })

  it('loses nobody who leaves, and tells no newcomer of what was before it', async () => {
    stage.hub.broadcast('orders', 'one')
    stage.clock.turn()
    const late = conns.findLastIndex(({ received }) => received.length === 0)
    stage.hub.unsubscribe(clients[late]!, 'orders')
    stage.hub.unsubscribe(clients[0]!, 'orders')
    const newcomer = stage.connect()
    await stage.hub.subscribe(newcomer.client, 'orders')
    stage.hub.broadcast('orders', 'two')
    for (let turns = 0; turns < CLIENTS; turns++) stage.clock.turn()
    expect(conns[late]!.received).toEqual(['one'])
    expect(conns[0]!.received).toEqual(['one'])
    expect(newcomer.conn.received).toEqual(['two'])
    expect(having('one', 'two')).toBe(CLIENTS - 2)
  })
})

it('whoever is owed much of its own is written to early, and misses nothing of what all are owed', async () => {
  const stage = testHub()
  const guests = Array.from({ length: 6 }, () => stage.connect())
  for (const { client } of guests) await stage.hub.subscribe(client, 'orders')
  const expected = guests.map((): string[] => [])
  const say = (text: string): void => {
    stage.hub.broadcast('orders', text)
    for (const list of expected) list.push(text)
  }
  say('first')
  guests.forEach(({ client }, at) => {
    const own = String(at).repeat(60_000 + at * 30_000)
    stage.hub.sendTo(client.id, own)
    expected[at]!.push(own)
    say(`after ${String(at)}`)
  })
  for (let number = 0; number < 400; number++) say(`${String(number)} `.padEnd(1_000, '.'))
  const early = guests.map(({ conn }) => conn.received.length > 0)
  stage.clock.turn()
  expect(guests.map(({ conn }) => conn.received)).toEqual(expected)
  expect(early).toEqual(guests.map(() => true))
})
