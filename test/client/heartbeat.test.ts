import { ManualClock } from '@fanfare/core/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { Heartbeat } from '../../client/src/heartbeat.ts'
import { stage } from './support/stage.ts'

const pings = (sent: readonly Record<string, unknown>[]): number =>
  sent.filter(({ op }) => op === 'ping').length

describe('a connection that says nothing', () => {
  it('is pinged as often as the server advises, and is dead without an answer', async () => {
    const scene = stage()
    await scene.open({ heartbeat: 30 })
    scene.clock.advance(29_999)
    expect(pings(scene.socket.sent)).toBe(0)
    scene.clock.advance(1)
    expect(pings(scene.socket.sent)).toBe(1)
    scene.clock.advance(7_999)
    expect(scene.client.state).toBe('open')
    scene.clock.advance(1)
    expect(scene.client.state).toBe('waiting')
    expect(scene.changes.at(-1)?.error?.message).toBe('no sign of life')
  })

  it('is cut, not closed, where the socket can be', async () => {
    const scene = stage()
    await scene.open()
    scene.clock.advance(33_000)
    expect(scene.socket.terminated).toBe(true)
  })

  it('lives as long as it answers', async () => {
    const scene = stage()
    await scene.open()
    for (let second = 0, answered = 0; second < 600; second++) {
      scene.clock.advance(1_000)
      for (; answered < pings(scene.socket.sent); answered++) scene.socket.says({ op: 'pong' })
    }
    expect(scene.client.state).toBe('open')
    expect(pings(scene.socket.sent)).toBe(24)
  })

  it('is not pinged while it speaks', async () => {
    const scene = stage()
    await scene.open()
    for (let second = 0; second < 600; second += 20) {
      scene.clock.advance(20_000)
      scene.socket.says('anything at all is a sign of life')
    }
    expect(pings(scene.socket.sent)).toBe(0)
  })

  it.each([
    [{ pingIntervalMs: 5_000 }, 25, 5_000],
    [{}, 0, 25_000],
    [{}, 1e308, 300_000],
    [{}, 0.001, 1_000],
  ])('with %j and an advice of %d s is pinged after %d ms', async (options, heartbeat, after) => {
    const scene = stage(options)
    await scene.open({ heartbeat })
    scene.clock.advance(after - 1)
    expect(pings(scene.socket.sent)).toBe(0)
    scene.clock.advance(1)
    expect(pings(scene.socket.sent)).toBe(1)
  })

  it('is left alone when pings are off', async () => {
    const scene = stage({ pingIntervalMs: 0 })
    await scene.open()
    scene.wake()
    scene.clock.advance(3_600_000)
    expect(scene.client.state).toBe('open')
    expect(scene.socket.sent).toEqual([])
  })

  it('is tested at once when the network or the page comes back', async () => {
    const scene = stage()
    await scene.open()
    scene.wake()
    scene.wake()
    expect(pings(scene.socket.sent)).toBe(1)
    scene.clock.advance(8_000)
    expect(scene.client.state).toBe('waiting')
  })
})

/** A clock whose timers fire late: time passes without any of them, and then they are all due. */
class SleepyClock extends ManualClock {
  #sleeping = 0

  override monotonic(): number {
    return super.monotonic() + this.#sleeping
  }

  sleep(ms: number): void {
    this.#sleeping += ms
  }
}

describe('timers that fire late', () => {
  function heart() {
    const clock = new SleepyClock()
    const life = { pings: 0, dead: false }
    const platform = {
      clock,
      scheduler: clock,
      random: () => 0,
      onWake: () => () => {},
      reportError: () => {},
    }
    const heartbeat = new Heartbeat(
      {
        intervalMs: 25_000,
        timeoutMs: 8_000,
        ping: () => life.pings++,
        dead: () => {
          life.dead = true
          heartbeat.stop()
        },
      },
      platform,
    )
    return { clock, life, heartbeat }
  }

  it('by minutes, while the answer waits to be heard, do not kill a healthy connection', () => {
    const { clock, life, heartbeat } = heart()
    clock.advance(25_000)
    clock.sleep(600_000)
    clock.advance(8_000)
    expect(life).toEqual({ pings: 2, dead: false })
    heartbeat.heard()
    clock.advance(32_000)
    expect(life).toEqual({ pings: 3, dead: false })
  })

  it('nor when the pause fell before the ping', () => {
    const { clock, life, heartbeat } = heart()
    clock.sleep(600_000)
    clock.advance(25_000)
    expect(life).toEqual({ pings: 1, dead: false })
    heartbeat.heard()
    clock.advance(8_000)
    expect(life.dead).toBe(false)
  })

  it('do not keep a dead one alive for ever: the ping after waking decides', () => {
    const { clock, life } = heart()
    clock.advance(25_000)
    clock.sleep(600_000)
    clock.advance(8_000)
    expect(life.dead).toBe(false)
    clock.advance(8_000)
    expect(life.dead).toBe(true)
  })

  it('one after the other, once a minute as in a background tab, find a dead one all the same', () => {
    const { clock, life } = heart()
    clock.advance(25_000)
    for (let minute = 0; minute < 3; minute++) {
      clock.sleep(52_000)
      clock.advance(8_000)
    }
    expect(life.dead).toBe(true)
  })

  it('in any pattern do not kill a connection that answers each ping before the next timer', () => {
    const step = fc.record({ sleep: fc.nat(3_600_000), awake: fc.nat(30_000) })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
        const { clock, life, heartbeat } = heart()
        for (const { sleep, awake } of steps) {
          const before = life.pings
          clock.sleep(sleep)
          // Within one stretch of being awake an answer takes no longer than a second.
          for (let ms = 0; ms < awake; ms += 1_000) {
            clock.advance(Math.min(1_000, awake - ms))
            if (life.pings > before) heartbeat.heard()
          }
          expect(life.dead).toBe(false)
        }
      }),
    )
  })
})
