import { deepStrictEqual, notDeepStrictEqual, notStrictEqual, ok, strictEqual } from 'node:assert/strict'

import type { Batch, Frame, Gateway, Session } from '@fanfare/core'
import {
  adapterContract,
  type ContractDeclaration,
  contractTests,
  type MakeStand,
  MemoryConn,
  type Stand,
  type TestRunner,
} from '@fanfare/core/testing'
import { describe, expect, it } from 'vitest'

import { ADAPTERS } from '../adapters/skips.ts'
import { memoryStand } from '../support/memory-stand.ts'

// The contract is run here by a runner of its own: it shows that any runner will do, and that what is broken fails.

const MEMORY = ADAPTERS['in memory'] ?? {}

interface Registered {
  readonly titles: string[]
  readonly tests: Map<string, () => Promise<void>>
  readonly skipped: string[]
}

/** Registers the contract with a runner that has what the contract says it needs, and not more. */
function registered(make: MakeStand, declaration: ContractDeclaration = MEMORY): Registered {
  const seen: Registered = { titles: [], tests: new Map(), skipped: [] }
  const runner: TestRunner = {
    describe: (title, define) => {
      seen.titles.push(title)
      define()
    },
    it: Object.assign((name: string, run: () => Promise<void>) => void seen.tests.set(name, run), {
      skip: (name: string) => void seen.skipped.push(name),
    }),
    expect: (value) => ({
      toBe: (expected) => strictEqual(value, expected),
      toEqual: (expected) => deepStrictEqual(value, expected),
      toBeGreaterThan: (least) => ok(Number(value) > least, `${String(value)} > ${String(least)}`),
      not: {
        toBe: (expected) => notStrictEqual(value, expected),
        toEqual: (expected) => notDeepStrictEqual(value, expected),
      },
    }),
  }
  adapterContract(runner, 'mine', make, declaration)
  return seen
}

async function outcome(make: MakeStand, test: string, declaration?: ContractDeclaration): Promise<string> {
  const run = registered(make, declaration).tests.get(test)
  if (!run) throw new Error(`there is no test '${test}'`)
  return run().then(
    () => 'passed',
    (error: unknown) => `failed: ${String(error)}`,
  )
}

/** A stand whose connections have a fault. */
const faulty =
  (Faulty: new () => MemoryConn): MakeStand =>
  (gateway) =>
    memoryStand(gateway, () => new Faulty())

class Reversing extends MemoryConn {
  override write(batch: Batch): boolean {
    return super.write({ ...batch, frames: batch.frames.toReversed() })
  }
}

class Mumbling extends MemoryConn {
  override write(batch: Batch): boolean {
    const asText = (frame: Frame): Frame => ({ ...frame, data: String(frame.data) })
    return super.write({ ...batch, frames: batch.frames.map(asText) })
  }
}

class Boundless extends MemoryConn {
  override write(batch: Batch): boolean {
    super.write(batch)
    return true
  }
}

class Brusque extends MemoryConn {
  override close(): void {
    super.close(1000, '')
  }
}

class Hasty extends MemoryConn {
  override close(code: number, reason: string): void {
    super.close(code, reason)
    this.terminate()
  }
}

class Nagging extends MemoryConn {
  override attach(session: Session): this {
    const closed = (code?: number, reason?: string): void => {
      session.closed(code, reason)
      session.closed(code, reason)
    }
    return super.attach({ ...told(session), closed })
  }
}

class Deaf extends MemoryConn {
  override attach(session: Session): this {
    return super.attach({ ...told(session), receive: (data) => session.receive(String(data).trim()) })
  }
}

function told(session: Session): Session {
  return {
    receive: (data) => session.receive(data),
    writable: () => session.writable(),
    closed: (code, reason) => session.closed(code, reason),
    leave: (why) => session.leave(why),
  }
}

describe('the contract of adapters', () => {
  it('runs under any runner that has describe, it, it.skip and expect', async () => {
    const { titles, tests, skipped } = registered(memoryStand)
    expect(titles).toEqual(['mine'])
    const all = contractTests(MEMORY)
    expect([...tests.keys()]).toEqual(
      all.filter((test) => test.skipped === undefined).map(({ name }) => name),
    )
    expect(skipped).toEqual(
      all.flatMap(({ name, skipped: why }) => (why === undefined ? [] : [`${name} (${why})`])),
    )
    const failures: string[] = []
    for (const [name, run] of tests)
      await run().catch((error: unknown) => failures.push(`${name}: ${String(error)}`))
    expect(failures).toEqual([])
  })

  it('has no two tests of one name', () => {
    const names = contractTests().map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
  })

  it.each<[string, new () => MemoryConn, string]>([
    [
      'turns batches round',
      Reversing,
      'a batch arrives whole, in order, between the one before it and the one after it',
    ],
    ['makes text of bytes', Mumbling, 'text and binary keep their kind side by side'],
    ['never says that it is full', Boundless, 'a batch is taken in any case, even without room'],
    [
      'closes with a code of its own',
      Brusque,
      'close is idempotent: the first one counts, and the end is reported once',
    ],
    [
      'does not send what was written before a close',
      Hasty,
      'close waits for a peer that takes nothing, and then sends everything',
    ],
    ['reports an end twice', Nagging, 'a peer that vanishes is reported once'],
    ['makes bytes of the peer text', Deaf, 'binary messages of the peer are received as bytes'],
  ])('fails an adapter that %s', async (_what, Faulty, test) => {
    expect(await outcome(memoryStand, test)).toBe('passed')
    expect(await outcome(faulty(Faulty), test)).toMatch(/^failed/)
  })

  it('fails an adapter that lets everybody in', async () => {
    const lax: MakeStand = async (gateway) => ({
      ...(await memoryStand(gateway)),
      ask: () => Promise.resolve({ status: 'connected', headers: {} }),
    })
    expect(await outcome(lax, 'an unknown path is refused with 404')).toMatch(/^failed/)
  })

  it('fails a stand that can less, or more, than it says', async () => {
    const [{ name: any } = { name: '' }] = contractTests()
    const without = async (gateway: Gateway): Promise<Stand> => {
      const { connect, close } = await memoryStand(gateway)
      return { connect, close }
    }
    expect(await outcome(without, any, { can: [] })).toBe('passed')
    expect(await outcome(without, any, { can: ['ask'] })).toMatch(/the stand has no ask/)
    expect(await outcome(memoryStand, any, { can: [] })).toMatch(/declare it/)
  })
})
