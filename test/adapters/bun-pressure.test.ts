import { Gateway, Hub, type Why } from '@fanfare/core'
import { ManualClock } from '@fanfare/core/testing'
import { describe, expect, it, onTestFinished } from 'vitest'

import { Pressure, type Suspect } from '../../adapters/bun/src/pressure.ts'
import { standingTime } from '../support/live-gateway.ts'

const MiB = 1_048_576

class Peer implements Suspect {
  said = false
  silent = false
  answers = true
  whys: Why[] = []

  probe(): void {
    this.silent = !this.answers
  }

  cut(why: Why): void {
    this.whys.push(why)
  }
}

/** A process that may take 256 MiB, in which so many peers answer, and so many do not. */
function scene(answering: number, mute: number) {
  const clock = new ManualClock()
  const hub = new Hub({ platform: { ...standingTime(clock), memoryLimit: () => 256 * MiB } })
  const process = { takes: 50 }
  const pressure = new Pressure(new Gateway({ hub }), () => process.takes * MiB)
  const peers = Array.from({ length: answering + mute }, (_, at) =>
    Object.assign(new Peer(), { answers: at < answering }),
  )
  for (const peer of peers) pressure.add(peer)
  onTestFinished(() => {
    for (const peer of peers) pressure.delete(peer)
  })
  const goOn = (takes: number, ms = 50): void => {
    process.takes = takes
    clock.advance(ms)
    pressure.look()
  }
  return { peers, goOn, cut: () => peers.map(({ whys }) => whys.length), pressure }
}

describe('a process on Bun that grows quickly', () => {
  it('asks everybody for a sign of life, and cuts those who give none', () => {
    const { goOn, cut, peers } = scene(2, 3)
    for (const takes of [50, 80, 110, 140, 150, 160]) goOn(takes)
    expect(cut()).toEqual([0, 0, 1, 1, 1])
    expect(peers.at(-1)?.whys).toEqual(['rate'])
  })

  it('asks those who come meanwhile at once', () => {
    const { goOn, pressure } = scene(2, 0)
    goOn(50)
    goOn(110)
    const late = Object.assign(new Peer(), { answers: false })
    pressure.add(late)
    onTestFinished(() => pressure.delete(late))
    goOn(140, 75)
    expect(late.whys).toEqual(['rate'])
  })

  it('gives longer to those who have said something, and to all while there is room', () => {
    const { goOn, cut, peers } = scene(1, 2)
    Object.assign(peers[1]!, { said: true })
    for (const takes of [50, 110, 110, 110, 110]) goOn(takes)
    expect(cut()).toEqual([0, 0, 0])
    goOn(150)
    expect(cut()).toEqual([0, 0, 1])
    goOn(150, 1_000)
    expect(cut()).toEqual([0, 1, 1])
  })

  it('lets strangers go, the newest first, when everybody answers and hardly any room is left', () => {
    const { goOn, cut, peers } = scene(8, 0)
    Object.assign(peers[7]!, { said: true })
    for (const takes of [50, 110, 185, 200]) goOn(takes)
    expect(cut()).toEqual([0, 0, 0, 0, 0, 1, 1, 0])
  })

  it('leaves everybody alone who takes much memory for long, or little', () => {
    const { goOn, cut } = scene(1, 1)
    for (let takes = 50; takes < 230; takes += 1) goOn(takes, 1_000)
    for (let at = 0; at < 20; at++) goOn(230, 1_000)
    expect(cut()).toEqual([0, 0])
    const calm = scene(1, 1)
    for (const takes of [10, 85, 10, 85, 85, 85]) calm.goOn(takes, 1_000)
    expect(calm.cut()).toEqual([0, 0])
  })
})
