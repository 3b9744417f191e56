import { TimerWheel } from '@fanfare/core'
import { ManualClock, testPlatform } from '@fanfare/core/testing'
import { describe, expect, it } from 'vitest'

function wheelAt(startMs = 0, tickMs?: number) {
  const clock = new ManualClock()
  clock.advance(startMs)
  const reported: unknown[] = []
  const wheel = new TimerWheel(testPlatform(clock, reported), tickMs)
  const log: string[] = []
  const start = clock.monotonic()
  /** Notes at what time, counted from the start, it is called back. */
  const note = (name: string) => () => void log.push(`${name}@${String(clock.monotonic() - start)}`)
  return { clock, wheel, log, note, reported }
}

/** Moves in small steps, as a real clock does. */
function pass(clock: ManualClock, ms: number): void {
  for (let passed = 0; passed < ms; passed++) clock.advance(1)
}

describe('a timer wheel', () => {
  it('calls back once, in the order of the times', () => {
    const { clock, wheel, log, note } = wheelAt()
    wheel.after(500, note('late'))
    wheel.after(100, note('early'))
    wheel.after(300, note('middle'))
    clock.advance(10_000)
    expect(log).toEqual(['early@100', 'middle@300', 'late@500'])
  })

  it('is never early, and at most one tick late, whenever it is asked', () => {
    for (const start of [0, 1, 37, 50, 99, 100, 250]) {
      for (const ms of [0, 1, 2, 49, 51, 99, 100, 101, 150, 1_000, 1_234]) {
        const { clock, wheel, log, note } = wheelAt(start)
        wheel.after(ms, note('x'))
        clock.advance(ms + 100)
        const called = Number(log[0]?.slice(2))
        expect({ start, ms, called, inTime: called >= ms }).toEqual({ start, ms, called, inTime: true })
      }
    }
  })

  it('calls back what is asked for without any delay at the next tick', () => {
    const { clock, wheel, log, note } = wheelAt()
    wheel.after(0, note('zero'))
    wheel.after(-50, note('past'))
    expect(log).toEqual([])
    clock.advance(100)
    expect(log).toEqual(['zero@100', 'past@100'])
    expect([wheel.size, clock.timers]).toEqual([0, 0])
  })

  it('holds one timer of the host while somebody waits, and none when nobody does', () => {
    const { clock, wheel } = wheelAt()
    expect(clock.timers).toBe(0)
    const cancels = Array.from({ length: 100 }, (_, n) => wheel.after(n * 37, () => {}))
    expect([wheel.size, clock.timers]).toEqual([100, 1])
    for (const cancel of cancels.slice(1)) cancel()
    expect([wheel.size, clock.timers]).toEqual([1, 1])
    cancels[0]!()
    expect([wheel.size, clock.timers]).toEqual([0, 0])
    wheel.after(100, () => {})
    pass(clock, 250)
    expect([wheel.size, clock.timers]).toEqual([0, 0])
  })

  it('does not call back what was cancelled, and cancelling again does nothing', () => {
    const { clock, wheel, log, note } = wheelAt()
    const cancel = wheel.after(100, note('cancelled'))
    wheel.after(100, note('kept'))
    cancel()
    cancel()
    expect(wheel.size).toBe(1)
    clock.advance(1_000)
    cancel()
    expect(log).toEqual(['kept@100'])
    expect(wheel.size).toBe(0)
  })

  it('lets a callback cancel another that is due at the same time', () => {
    const { clock, wheel, log, note } = wheelAt()
    let cancel = (): void => {}
    wheel.after(100, () => {
      cancel()
      log.push('first')
    })
    cancel = wheel.after(100, note('second'))
    clock.advance(1_000)
    expect(log).toEqual(['first'])
    expect(clock.timers).toBe(0)
  })

  it('lets a callback ask for the next one', () => {
    const { clock, wheel, log } = wheelAt()
    const again = (): void => {
      log.push(String(clock.monotonic()))
      if (log.length < 4) wheel.after(0, again)
    }
    wheel.after(100, again)
    pass(clock, 1_000)
    expect(log).toEqual(['100', '200', '300', '400'])
    expect([wheel.size, clock.timers]).toEqual([0, 0])
  })

  it('does not count the time in which the process stood still, and looks after input was read', () => {
    const { wheel, log, note, clock } = wheelAt()
    for (const ms of [900, 100, 500, 60_000]) wheel.after(ms, note(String(ms)))
    clock.block(50_000)
    expect(log).toEqual([])
    // The look that was late counts as one that was a tick late.
    clock.advance(800)
    expect(log.map((line) => line.split('@')[0])).toEqual(['100', '500', '900'])
    clock.advance(58_900)
    expect(log).toHaveLength(3)
    clock.advance(300)
    expect(log).toHaveLength(4)
    expect(clock.timers).toBe(0)
  })

  it('has a time that never goes back, and stands still with the process', () => {
    const { wheel, clock } = wheelAt()
    wheel.after(1_000_000, () => {})
    const times = [wheel.now]
    for (const blockedMs of [90, 150, 3_000, 1, 220, 10_000]) {
      clock.block(blockedMs)
      times.push(wheel.now)
      clock.advance(30)
      times.push(wheel.now)
    }
    expect(times).toEqual([...times].sort((a, b) => a - b))
    expect(times.at(-1)).toBeLessThan(2_000)
  })

  it('goes on when nobody waits any more', () => {
    const { wheel, log, note, clock } = wheelAt()
    wheel.after(500, note('cancelled'))()
    clock.advance(10_000)
    wheel.after(500, note('x'))
    expect(wheel.now).toBe(10_000)
    clock.advance(1_000)
    expect(log).toEqual(['x@10500'])
  })

  it('counts the time of a process that is late at every look, but still looks after input was read', () => {
    const { wheel, log, note, clock } = wheelAt()
    wheel.after(30_000, note('x'))
    let blocked = 0
    for (; log.length === 0; blocked++) clock.block(1_000)
    // Sixteen pauses in a row are forgiven.
    expect(blocked).toBeGreaterThan(40)
    expect(blocked).toBeLessThan(60)
  })

  it('survives a callback that throws, and reports it', () => {
    const { clock, wheel, log, note, reported } = wheelAt()
    wheel.after(100, () => {
      throw new Error('broken')
    })
    wheel.after(100, note('next'))
    wheel.after(200, note('later'))
    clock.advance(300)
    expect(log).toEqual(['next@100', 'later@200'])
    expect(reported).toEqual([new Error('broken')])
  })

  it('may look more often', () => {
    const { clock, wheel, log, note } = wheelAt(0, 10)
    wheel.after(25, note('x'))
    pass(clock, 40)
    expect(log).toEqual(['x@30'])
  })

  it('waits for ever for what never comes', () => {
    const { clock, wheel, log, note } = wheelAt()
    const cancel = wheel.after(Number.POSITIVE_INFINITY, note('never'))
    clock.advance(100_000)
    expect(log).toEqual([])
    cancel()
    expect([wheel.size, clock.timers]).toEqual([0, 0])
  })
})
