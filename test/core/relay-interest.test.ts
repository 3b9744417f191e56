import { testHub } from '@fanfare/core/testing'
import { describe, expect, it } from 'vitest'

import { outspoken } from '../fakes/outspoken.ts'
import { ScriptedRelay } from '../fakes/scripted-relay.ts'

// How a hub keeps its relay open for the channels that somebody here wants.

/** A hub with a relay whose calls come to an end when the test says so. */
function relayedHub(options: Parameters<typeof testHub>[0] = {}) {
  const kit = testHub(options)
  const relay = new ScriptedRelay()
  const detach = kit.hub.attach(relay)
  const join = (channel = 'orders') => {
    const one = kit.connect({ protocol: outspoken() })
    return { ...one, joined: outcomeOf(kit.hub.subscribe(one.client, channel)) }
  }
  const after = async (ms: number) => {
    await kit.clock.settle()
    kit.clock.advance(ms)
    await kit.clock.settle()
  }
  return { ...kit, relay, detach, join, after }
}

/** What became of a promise: `pending`, `done`, or the code of its error. */
function outcomeOf(promise: Promise<void>): { now: string } {
  const outcome = { now: 'pending' }
  promise.then(
    () => (outcome.now = 'done'),
    (error: { code?: string; message: string }) => (outcome.now = error.code ?? error.message),
  )
  return outcome
}

describe('a channel', () => {
  it('is opened for the first who wants it, and closed when the last has left', async () => {
    const { hub, clock, relay, join } = relayedHub()
    const [ann, ben] = [join(), join()]
    expect(relay.pending).toEqual(['open orders'])
    relay.succeed('open orders')
    await clock.settle()
    hub.unsubscribe(ann.client, 'orders')
    expect(relay.log).toEqual(['open orders'])
    ben.conn.peerCloses()
    expect(relay.log).toEqual(['open orders', 'close orders'])
    relay.succeed('close orders')
    await clock.settle()
    expect(clock.timers).toBe(0)
  })

  it('is subscribed, and acknowledged, when it is open: nothing comes before, nothing after is missed', async () => {
    const { hub, clock, relay, join } = relayedHub()
    const ann = join()
    hub.deliver({ channel: 'orders', data: 'before' })
    await clock.settle()
    expect([ann.joined.now, hub.channels(), ann.conn.received]).toEqual(['pending', [], []])
    relay.succeed('open orders')
    // The bus may deliver the moment it is open.
    await Promise.resolve()
    await Promise.resolve()
    hub.deliver({ channel: 'orders', data: 'after' })
    await clock.settle()
    expect(ann.joined.now).toBe('done')
    expect(ann.conn.received).toEqual(['ok orders', 'after'])
    expect(clock.timers).toBe(0)
  })

  it('that is open lets in the next at once', async () => {
    const { hub, clock, relay, join } = relayedHub()
    join()
    relay.succeed('open orders')
    await clock.settle()
    join()
    expect(hub.channelCount('orders')).toBe(2)
    expect(relay.log).toEqual(['open orders'])
  })

  it('answers all who waited for it', async () => {
    const { clock, relay, join } = relayedHub()
    const three = [join(), join(), join()]
    relay.succeed('open orders')
    await clock.settle()
    expect(three.map(({ joined }) => joined.now)).toEqual(['done', 'done', 'done'])
    expect(three.map(({ conn }) => conn.received)).toEqual([['ok orders'], ['ok orders'], ['ok orders']])
  })

  it('is not held by whoever subscribes twice, or unsubscribes without being in', async () => {
    const { hub, clock, relay, join } = relayedHub()
    const ann = join()
    const again = outcomeOf(hub.subscribe(ann.client, 'orders'))
    hub.unsubscribe(join('other').client, 'orders')
    relay.succeed('open orders')
    await clock.settle()
    expect(again.now).toBe('done')
    await hub.subscribe(ann.client, 'orders')
    hub.unsubscribe(ann.client, 'orders')
    expect(relay.log).toEqual(['open orders', 'open other', 'close orders'])
  })

  it('is not opened for a name or a limit that is refused', async () => {
    const { hub, relay, join } = relayedHub({ maxChannelsPerClient: 1 })
    const ann = join('a')
    await expect(hub.subscribe(ann.client, 'b')).rejects.toThrow('maxChannelsPerClient')
    await expect(hub.subscribe(ann.client, 'no good')).rejects.toThrow('channel name')
    expect(relay.log).toEqual(['open a'])
  })
})

describe('a channel that needs an authorizer', () => {
  it('is opened while the authorizer thinks, and joined when both have come to an end', async () => {
    let answer: (allowed: boolean) => void = () => {}
    const { clock, relay, join } = relayedHub({
      authorizer: () => new Promise<boolean>((resolve) => (answer = resolve)),
    })
    const ann = join('private-a')
    expect(relay.log).toEqual(['open private-a'])
    answer(true)
    await clock.settle()
    expect(ann.joined.now).toBe('pending')
    relay.succeed('open private-a')
    await clock.settle()
    expect(ann.joined.now).toBe('done')
  })

  it('is let go when the authorizer says no', async () => {
    const { clock, relay, join } = relayedHub({ authorizer: () => false })
    const ann = join('private-a')
    await clock.settle()
    expect(ann.joined.now).toBe('unauthorized')
    relay.succeed('open private-a')
    await clock.settle()
    expect(relay.pending).toEqual(['close private-a'])
  })

  it('counts as a pending authorization only until the authorizer has answered', async () => {
    const { clock, relay, join, hub } = relayedHub({
      authorizer: () => true,
      authorization: { pendingPerClient: 1 },
    })
    const ann = join('public-1')
    const outcomes = ['public-2', 'private-1'].map((name) => outcomeOf(hub.subscribe(ann.client, name)))
    await clock.settle()
    outcomes.push(outcomeOf(hub.subscribe(ann.client, 'private-2')))
    await clock.settle()
    expect(outcomes.map(({ now }) => now)).toEqual(['pending', 'pending', 'pending'])
    for (const name of ['public-1', 'public-2', 'private-1', 'private-2']) relay.succeed(`open ${name}`)
    await clock.settle()
    expect(outcomes.map(({ now }) => now)).toEqual(['done', 'done', 'done'])
  })
})

describe('an open that takes its time', () => {
  it('is waited for 2 s; then the client is in, and is told of a gap when the channel is live', async () => {
    const { clock, relay, join, after, hub } = relayedHub()
    const ann = join()
    await after(1_900)
    expect(ann.joined.now).toBe('pending')
    await after(200)
    expect(ann.joined.now).toBe('done')
    expect(ann.conn.take()).toEqual(['ok orders'])
    await after(60_000)
    expect(ann.conn.take()).toEqual([])
    relay.succeed('open orders')
    await clock.settle()
    expect(ann.conn.take()).toEqual(['gap orders 0 bus'])
    hub.deliver({ channel: 'orders', data: 'x' })
    clock.turn()
    expect(ann.conn.take()).toEqual(['x'])
    expect(clock.timers).toBe(0)
    expect(relay.log).toEqual(['open orders'])
  })

  it('is waited for by each for its own 2 s, and by nobody who comes when that is known to be in vain', async () => {
    const { join, after } = relayedHub()
    const ann = join()
    await after(1_000)
    const ben = join()
    await after(1_100)
    expect([ann.joined.now, ben.joined.now]).toEqual(['done', 'pending'])
    const cat = join()
    await after(0)
    expect(cat.joined.now).toBe('done')
    await after(1_000)
    expect(ben.joined.now).toBe('done')
  })

  it('tells the gap to those who were in, and not to those who came with it', async () => {
    const { clock, relay, join, after } = relayedHub()
    const ann = join()
    await after(1_000)
    const ben = join()
    await after(1_100)
    relay.succeed('open orders')
    await clock.settle()
    expect(ann.conn.received).toEqual(['ok orders', 'gap orders 0 bus'])
    expect(ben.conn.received).toEqual(['ok orders'])
  })

  it('is no gap when it came in time', async () => {
    const { clock, relay, join, after } = relayedHub()
    const ann = join()
    await after(1_900)
    relay.succeed('open orders')
    await clock.settle()
    await after(10_000)
    expect(ann.conn.received).toEqual(['ok orders'])
    expect(clock.timers).toBe(0)
  })

  it('is not followed by a close before it ended, when the client has gone', async () => {
    const { clock, relay, join, hub } = relayedHub()
    const ann = join()
    hub.unsubscribe(ann.client, 'orders')
    await clock.settle()
    expect(ann.joined.now).toBe('cancelled')
    expect(relay.pending).toEqual(['open orders'])
    relay.succeed('open orders')
    await clock.settle()
    expect(relay.pending).toEqual(['close orders'])
    expect(hub.channels()).toEqual([])
    expect(ann.conn.received).toEqual([])
    relay.succeed('close orders')
    await clock.settle()
    expect([relay.overlaps, clock.timers]).toEqual([[], 0])
  })

  it('serves whoever wants the channel again before it ended', async () => {
    const { clock, relay, join, hub } = relayedHub()
    const ann = join()
    hub.unsubscribe(ann.client, 'orders')
    const again = outcomeOf(hub.subscribe(ann.client, 'orders'))
    relay.succeed('open orders')
    await clock.settle()
    expect([ann.joined.now, again.now]).toEqual(['cancelled', 'done'])
    expect(relay.log).toEqual(['open orders'])
    expect(hub.channelCount('orders')).toBe(1)
  })

  it('leaves nothing behind when the client goes', async () => {
    const { clock, relay, join } = relayedHub()
    const ann = join()
    ann.conn.peerCloses()
    await clock.settle()
    expect(ann.joined.now).toBe('cancelled')
    expect(clock.timers).toBe(0)
    relay.succeed('open orders')
    await clock.settle()
    relay.succeed('close orders')
    await clock.settle()
    expect(relay.pending).toEqual([])
  })
})

describe('an open that fails', () => {
  it('is reported, and tried again every 2 s until it succeeds', async () => {
    const { clock, relay, join, after, reported } = relayedHub()
    const ann = join()
    relay.fail('open orders', new Error('bus down'))
    await clock.settle()
    expect([ann.joined.now, reported]).toEqual(['pending', [new Error('bus down')]])
    await after(1_800)
    expect(relay.log).toEqual(['open orders'])
    await after(400)
    expect(relay.log).toEqual(['open orders', 'open orders'])
    expect(ann.joined.now).toBe('done')
    relay.fail('open orders')
    await after(2_100)
    relay.succeed('open orders')
    await clock.settle()
    expect(ann.conn.received).toEqual(['ok orders', 'gap orders 0 bus'])
    expect(relay.log).toHaveLength(3)
    await after(10_000)
    expect(relay.log).toHaveLength(3)
    expect(clock.timers).toBe(0)
  })

  it('is an error event with the channel', async () => {
    const { hub, clock, relay, join } = relayedHub()
    const errors: unknown[] = []
    hub.on('error', (event) => errors.push(event))
    join()
    const error = new Error('bus down')
    relay.fail('open orders', error)
    await clock.settle()
    expect(errors).toEqual([{ error, where: 'relay', channel: 'orders' }])
  })

  it('is not tried again when nobody wants the channel any more', async () => {
    const { hub, clock, relay, join, after } = relayedHub()
    hub.on('error', () => {})
    const ann = join()
    relay.fail('open orders')
    await clock.settle()
    hub.unsubscribe(ann.client, 'orders')
    // Its fate was unknown, so it is closed.
    relay.succeed('close orders')
    await after(10_000)
    expect(relay.log).toEqual(['open orders', 'close orders'])
    expect([relay.pending, clock.timers]).toEqual([[], 0])
  })

  it('counts for whoever wants the channel when it fails', async () => {
    const { hub, clock, relay, join, after } = relayedHub()
    hub.on('error', () => {})
    const ann = join()
    hub.unsubscribe(ann.client, 'orders')
    const ben = join()
    relay.fail('open orders')
    await after(2_200)
    expect(relay.log).toEqual(['open orders', 'open orders'])
    relay.succeed('open orders')
    await clock.settle()
    expect([ann.joined.now, ben.joined.now]).toEqual(['cancelled', 'done'])
  })
})

describe('a close that takes its time', () => {
  it('is waited for before the channel is opened again', async () => {
    const { hub, clock, relay, join } = relayedHub()
    const ann = join()
    relay.succeed('open orders')
    await clock.settle()
    hub.unsubscribe(ann.client, 'orders')
    const ben = join()
    await clock.settle()
    expect(relay.pending).toEqual(['close orders'])
    expect(ben.joined.now).toBe('pending')
    relay.succeed('close orders')
    await clock.settle()
    expect(relay.pending).toEqual(['open orders'])
    relay.succeed('open orders')
    await clock.settle()
    expect(ben.joined.now).toBe('done')
    expect(relay.overlaps).toEqual([])
  })

  it('that fails is reported, and the channel can be opened again', async () => {
    const { hub, clock, relay, join, reported } = relayedHub()
    const ann = join()
    relay.succeed('open orders')
    await clock.settle()
    hub.unsubscribe(ann.client, 'orders')
    relay.fail('close orders', new Error('no close'))
    await clock.settle()
    expect(reported).toEqual([new Error('no close')])
    const ben = join()
    relay.succeed('open orders')
    await clock.settle()
    expect(ben.joined.now).toBe('done')
  })

  it('and any coming and going meanwhile come to what is wanted in the end', async () => {
    const { hub, clock, relay, join } = relayedHub()
    for (let n = 0; n < 5; n++) {
      const one = join()
      if (relay.pending.includes('open orders')) relay.succeed('open orders')
      await clock.settle()
      hub.unsubscribe(one.client, 'orders')
      if (n % 2 === 0) await clock.settle()
    }
    const last = join()
    for (let n = 0; n < 20 && relay.pending.length > 0; n++) {
      relay.succeed(relay.pending[0]!)
      await clock.settle()
    }
    expect(last.joined.now).toBe('done')
    expect(relay.log.at(-1)).toBe('open orders')
    hub.unsubscribe(last.client, 'orders')
    expect(relay.log.at(-1)).toBe('close orders')
    expect(relay.overlaps).toEqual([])
  })
})

describe('closing the hub', () => {
  it('lets go of the relay', async () => {
    const { hub, clock, relay, join } = relayedHub()
    join()
    relay.succeed('open orders')
    await clock.settle()
    const closed = outcomeOf(hub.close())
    await clock.settle()
    expect([closed.now, relay.pending]).toEqual(['pending', ['close orders']])
    relay.succeed('close orders')
    await clock.settle()
    expect(closed.now).toBe('done')
  })

  it.each(['open', 'close'])('waits no longer than 5 s for an %s that never ends', async (stuck) => {
    const { hub, clock, relay, join, after } = relayedHub()
    join()
    if (stuck === 'close') relay.succeed('open orders')
    await clock.settle()
    const closed = outcomeOf(hub.close())
    await after(4_900)
    expect(closed.now).toBe('pending')
    await after(300)
    expect(closed.now).toBe('done')
    expect(clock.timers).toBe(0)
  })

  it('ends the waiting of those who were not yet in', async () => {
    const { hub, clock, join } = relayedHub()
    const ann = join()
    void hub.close()
    await clock.settle()
    expect(ann.joined.now).toBe('cancelled')
  })
})
