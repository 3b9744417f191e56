import { describe, expect, it } from 'vitest'

import { Sequencer } from '../../core/src/hub/sequencer.ts'

/** A sequencer, and a log to which steps write. */
function logged() {
  const sequencer = new Sequencer()
  const log: string[] = []
  return { sequencer, log, note: (text: string) => () => void log.push(text) }
}

describe('an operation', () => {
  it('runs at once when none is under way', () => {
    const { sequencer, log, note } = logged()
    sequencer.run(note('a'))
    expect(log).toEqual(['a'])
  })

  it('runs after the one under way, in the order of asking', () => {
    const { sequencer, log, note } = logged()
    sequencer.run(() => {
      sequencer.run(note('c'))
      sequencer.later(note('d'))
      sequencer.run(() => {
        log.push('e')
        sequencer.run(note('g'))
        log.push('f')
      })
      log.push('a')
      log.push('b')
    })
    expect(log).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g'])
  })

  it('that throws does not stop those that wait', () => {
    const { sequencer, log, note } = logged()
    const broken = (): void =>
      sequencer.run(() => {
        sequencer.run(note('waited'))
        throw new Error('broken')
      })
    expect(broken).toThrow('broken')
    expect(log).toEqual(['waited'])
    sequencer.run(note('next'))
    expect(log).toEqual(['waited', 'next'])
  })

  it('that throws after it was put off does not lose those behind it', () => {
    const { sequencer, log, note } = logged()
    const broken = (): void =>
      sequencer.run(() => {
        sequencer.later(() => {
          throw new Error('broken')
        })
        sequencer.run(note('behind'))
      })
    expect(broken).toThrow('broken')
    sequencer.run(note('next'))
    expect(log.toSorted()).toEqual(['behind', 'next'])
  })
})

describe('what was put off', () => {
  it('may begin operations: they run at once', () => {
    const { sequencer, log, note } = logged()
    sequencer.later(() => {
      log.push('begin')
      sequencer.run(note('operation'))
      log.push('end')
    })
    expect(log).toEqual(['begin', 'operation', 'end'])
  })

  it('and puts off more itself, does so behind what waits already', () => {
    const { sequencer, log, note } = logged()
    sequencer.run(() => {
      sequencer.later(() => {
        log.push('a')
        sequencer.later(note('c'))
      })
      sequencer.later(note('b'))
    })
    expect(log).toEqual(['a', 'b', 'c'])
  })
})

describe('what an adapter reports', () => {
  it('is done at once when the hub is at rest, else when it has come to rest', () => {
    const { sequencer, log, note } = logged()
    sequencer.settle(note('at once'))
    sequencer.run(() => {
      sequencer.settle(note('after the operation'))
      log.push('operation')
    })
    sequencer.later(() => {
      sequencer.settle(note('after the listener'))
      log.push('listener')
    })
    expect(log).toEqual(['at once', 'operation', 'after the operation', 'listener', 'after the listener'])
  })
})
