import { describe, expect, it } from 'vitest'

import { Hub, OptionError } from '@fanfare/core'

import { Budget, type Holder } from '../../core/src/ground/budget.ts'

class Client implements Holder {
  heldBytes = 0
  evicted = 0
  readonly #budget: Budget

  constructor(budget: Budget, bytes = 0) {
    this.#budget = budget
    this.hold(bytes)
  }

  hold(bytes: number): void {
    this.#budget.hold(this, bytes)
  }

  evict(): void {
    this.evicted++
  }
}

/** Lets go of everything at once. */
class Prompt extends Client {
  override evict(): void {
    super.evict()
    this.hold(0)
  }
}

describe('a budget', () => {
  it('counts what is held now', () => {
    const budget = new Budget(1_000)
    const one = new Client(budget, 300)
    const two = new Client(budget, 500)
    expect(budget.used).toBe(800)
    one.hold(100)
    two.hold(0)
    expect(budget.used).toBe(100)
    one.hold(0)
    expect(budget.used).toBe(0)
    expect(budget.evictions).toBe(0)
  })

  it('takes up to its limit, to the byte', () => {
    const budget = new Budget(1_000)
    const client = new Client(budget, 1_000)
    expect(client.evicted).toBe(0)
    client.hold(1_001)
    expect(client.evicted).toBe(1)
  })

  it('evicts the largest first, until an eighth is free', () => {
    const budget = new Budget(1_000)
    const clients = [100, 400, 150, 250, 100].map((bytes) => new Prompt(budget, bytes))
    const last = new Prompt(budget, 60)
    expect(clients.map(({ evicted }) => evicted)).toEqual([0, 1, 0, 0, 0])
    expect(last.evicted).toBe(0)
    expect(budget.used).toBe(660)
    const small = Array.from({ length: 40 }, () => new Prompt(budget, 10))
    expect(clients.map(({ evicted }) => evicted)).toEqual([0, 1, 0, 1, 0])
    expect(small.every(({ evicted }) => evicted === 0)).toBe(true)
    expect(budget.evictions).toBe(2)
  })

  it('evicts nobody twice, nor others for what the evicted hold until they are gone', () => {
    const budget = new Budget(1_000)
    const large = new Client(budget, 900)
    const small = new Client(budget, 101)
    expect([large.evicted, small.evicted]).toEqual([1, 0])
    large.hold(950)
    small.hold(200)
    expect([large.evicted, small.evicted]).toEqual([1, 0])
    expect(budget.used).toBe(1_150)
    large.hold(0)
    expect(budget.used).toBe(200)
    small.hold(1_001)
    expect(small.evicted).toBe(1)
  })

  it('measures before it evicts: who has let go of it without a word may stay', () => {
    class Leaky extends Client {
      left = 0
      measure(): number {
        return this.left
      }
    }
    const budget = new Budget(1_000)
    const drained = new Leaky(budget, 900)
    drained.left = 10
    const other = new Client(budget, 500)
    expect([drained.evicted, other.evicted]).toEqual([0, 0])
    expect(budget.used).toBe(510)
  })

  it('stands what an eviction does: others let go, and take more', () => {
    const budget = new Budget(1_000)
    const bystander = new Client(budget, 200)
    class Noisy extends Client {
      override evict(): void {
        super.evict()
        bystander.hold(700)
        this.hold(0)
      }
    }
    const noisy = new Noisy(budget, 801)
    expect([noisy.evicted, bystander.evicted]).toEqual([1, 0])
    expect(budget.used).toBe(700)
  })
})

describe('the budgets of a hub', () => {
  const memoryLimit = (): number => 40_000_000

  it('are parts of the memory that the process may use', () => {
    const { inbound, outbound, state } = new Hub({ platform: { memoryLimit } }).stats().budgets
    expect(inbound).toEqual({ used: 0, limit: 5_000_000, evictions: 0 })
    expect(outbound).toEqual({ used: 0, limit: 8_000_000, evictions: 0 })
    expect(state).toEqual({ used: 0, limit: 8_000_000, evictions: 0 })
  })

  it('are options, in bytes', () => {
    const { inbound, outbound } = new Hub({ budgets: { inbound: 1_000 }, platform: { memoryLimit } }).budgets
    expect([inbound.limit, outbound.limit]).toEqual([1_000, 8_000_000])
  })

  it.each([{ inbound: 0 }, { outbound: 1.5 }, { state: Number.NaN }, { heap: 1 } as object])(
    'are refused when they are none: %o',
    (budgets) => {
      expect(() => new Hub({ budgets })).toThrow(OptionError)
    },
  )
})
