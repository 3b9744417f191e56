import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tape } from './arbitraries.ts'
import { play } from './play.ts'

// More or other runs: FANFARE_PROPERTY_RUNS=100000 FANFARE_PROPERTY_SEED=1 npx vitest run test/properties
const { FANFARE_PROPERTY_RUNS: runs, FANFARE_PROPERTY_SEED: seed } = process.env

const unhandled: unknown[] = []
const note = (error: unknown): void => void unhandled.push(error)
beforeAll(() => void process.on('unhandledRejection', note).on('uncaughtException', note))
afterAll(() => void process.off('unhandledRejection', note).off('uncaughtException', note))

describe('the hub', () => {
  it(
    'does in every order of things what its model does',
    async () => {
      const property = fc.asyncProperty(tape, async (played) => {
        await play(played)
        expect(unhandled.splice(0)).toEqual([])
      })
      await fc.assert(property, {
        numRuns: runs === undefined ? 1_000 : Number(runs),
        ...(seed === undefined ? {} : { seed: Number(seed) }),
      })
    },
    24 * 60 * 60 * 1_000,
  )
})
