import { expect, test } from 'vitest'

import { skipped } from './contract.ts'

const tests = { first: () => Promise.resolve(), second: () => Promise.resolve() }

test('nothing is skipped unless it is said', () => {
  expect(skipped(tests, [])).toEqual(new Map())
})

test('a skip names its tests and its reason', () => {
  const skips = [{ reason: 'it has no way back', tests: ['second'] }]
  expect(skipped(tests, skips)).toEqual(new Map([['second', 'it has no way back']]))
})

test('a skip of a test that does not exist fails', () => {
  expect(() => skipped(tests, [{ reason: 'a slip of the pen', tests: ['secnod'] }])).toThrow(
    /no test 'secnod'/,
  )
  expect(() => skipped(tests, [{ reason: 'inherited', tests: ['toString'] }])).toThrow(/no test 'toString'/)
})

test('a skip without a reason fails', () => {
  expect(() => skipped(tests, [{ reason: ' ', tests: ['first'] }])).toThrow(/reason/)
})
