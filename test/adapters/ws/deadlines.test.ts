import { TimerWheel } from '@fanfare/core'
import { ManualClock, testPlatform } from '@fanfare/core/testing'
import { beforeEach, expect, it } from 'vitest'

import { Deadlines } from '@fanfare/core/adapter'

let clock: ManualClock
let wheel: TimerWheel
let deadlines: Deadlines<string>
let missed: string[]
let reported: unknown[]

beforeEach(() => {
  clock = new ManualClock()
  reported = []
  wheel = new TimerWheel(testPlatform(clock, reported))
  deadlines = new Deadlines(wheel, 1_000)
  missed = []
})

function start(...keys: string[]): void {
  for (const key of keys) deadlines.start(key, () => missed.push(key))
}

it('what comes in time is not missed', () => {
  start('a', 'b')
  clock.advance(900)
  expect(deadlines.met('a')).toBe(true)
  expect(deadlines.met('a')).toBe(false)
  clock.advance(300)
  expect(missed).toEqual(['b'])
  expect(wheel.size).toBe(0)
})

it('what was missed cannot be met any more', () => {
  start('a')
  clock.advance(1_200)
  expect(deadlines.met('a')).toBe(false)
  expect(deadlines.clear()).toEqual([])
})

it('what is started again has its time again', () => {
  start('a')
  clock.advance(900)
  start('a')
  clock.advance(900)
  expect(missed).toEqual([])
  clock.advance(300)
  expect(missed).toEqual(['a'])
})

it('all can be called off', () => {
  start('a', 'b')
  expect(deadlines.clear()).toEqual(['a', 'b'])
  clock.advance(2_000)
  expect(missed).toEqual([])
  expect(wheel.size).toBe(0)
})

it('however many there are, the wheel holds one', () => {
  start('a', 'b')
  clock.advance(500)
  start('c')
  expect(wheel.size).toBe(1)
  clock.advance(600)
  expect(missed).toEqual(['a', 'b'])
  clock.advance(500)
  expect(missed).toEqual(['a', 'b', 'c'])
  expect(wheel.size).toBe(0)
})

it('whoever misses one may meet others, start others, and throw', () => {
  deadlines.start('a', () => {
    deadlines.met('b')
    start('d')
    throw new Error('of no consequence for the others')
  })
  start('b', 'c')
  clock.advance(1_100)
  expect(missed).toEqual(['c'])
  clock.advance(1_100)
  expect(missed).toEqual(['c', 'd'])
  expect(wheel.size).toBe(0)
})

it('each that throws is reported', () => {
  const errors = ['one', 'two', 'three'].map((message) => new Error(message))
  for (const error of errors) {
    deadlines.start(error.message, () => {
      throw error
    })
  }
  clock.advance(2_000)
  expect(reported).toEqual(errors)
  expect(wheel.size).toBe(0)
})
