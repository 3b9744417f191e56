import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'

import { figuresOf } from '../../bench/plan/figures.mjs'
import { PRESET, planOptions } from '../../bench/plan/options.mjs'
import { planned } from '../../bench/plan/plan.mjs'
import { nodeOf, sized, spreadOf } from '../../bench/plan/size.mjs'
import { BACKOFF, delayMs, storm } from '../../bench/plan/storm.mjs'
import { delayMs as clientDelayMs } from '../../client/src/backoff.ts'
import { planResults as results } from './plan-results.ts'

const figures = figuresOf(results, PRESET)

describe('the figures of a plan', () => {
  it('are those of the benchmarks', () => {
    expect(figures).toEqual({
      deliveryUs: 10,
      busMessageUs: expect.closeTo(100, 6) as number,
      handshakeUs: 200,
      connectionBytes: 8_000,
    })
  })

  it('take the level below, where there is none of so many in a turn', () => {
    const at = (perTurn: number): unknown => figuresOf(results, { ...PRESET, perTurn }).deliveryUs
    expect([1, 9, 10, 49].map(at)).toEqual([10, 10, 1.5, 1.5])
  })

  it('add what a handshake costs besides', () => {
    expect(figuresOf(results, { ...PRESET, ownUs: 800 }).handshakeUs).toBe(1_000)
  })

  it('are missing where nothing was measured', () => {
    const none = { deliveryUs: undefined, busMessageUs: undefined, handshakeUs: undefined }
    expect(figuresOf({}, PRESET)).toEqual({ ...none, connectionBytes: undefined })
  })

  it('are never below nothing, however noisy the machine was', () => {
    const cpu = [2, 1].map((median, at) => ({ name: 'fanfare-redis', nodes: at + 1, cpu: { median } }))
    const noisy = { cluster: { subscribers: 100, results: cpu } }
    expect(figuresOf(noisy, PRESET).busMessageUs).toBe(0)
  })
})

describe('the size of a plan', () => {
  it('has as many nodes as the CPU time takes, and the spare ones', () => {
    // A million deliveries of 10 µs are ten cores; every node pays 1,000 messages from the bus besides.
    const size = sized(PRESET, figures)
    expect(size).toMatchObject({ needed: 20, nodes: 21, deliveries: 1_000_000, published: 1_000 })
    expect(nodeOf(20, PRESET, figures).busy).toBeLessThanOrEqual(0.6)
    expect(nodeOf(19, PRESET, figures).busy).toBeGreaterThan(0.6)
  })

  it('has as many nodes as the memory takes', () => {
    const load = { ...PRESET, rate: 0.001, memory: 1, spare: 0 }
    const { needed = 0, node } = sized(load, figures) ?? {}
    expect(needed).toBeGreaterThan(8)
    expect(node?.memoryBytes).toBeLessThanOrEqual(2 ** 30)
    expect(nodeOf(needed - 1, load, figures).memoryBytes).toBeGreaterThan(2 ** 30)
  })

  it('counts a message from the bus once for each node that has the channel', () => {
    const load = { ...PRESET, perChannel: 10, spread: 2 }
    expect(sized(load, figures)).toMatchObject({ published: 100_000, busOut: 200_000, spread: 2 })
  })

  it('takes no more nodes for a channel than it has clients', () => {
    expect(spreadOf(100, { spread: undefined, perChannel: 1 })).toBeCloseTo(1)
    expect(spreadOf(100, { spread: undefined, perChannel: 10 })).toBeCloseTo(9.56, 2)
    expect(spreadOf(100, { spread: undefined, perChannel: 100_000 })).toBeCloseTo(100)
    expect(spreadOf(100, { spread: 8, perChannel: 3 })).toBe(3)
  })

  it('is none, where the bus alone is too much for a node', () => {
    expect(sized({ ...PRESET, perChannel: 100, spread: undefined }, figures)).toBeDefined()
    expect(
      sized({ ...PRESET, rate: 1_000, perChannel: 100_000_000 }, { ...figures, busMessageUs: 1e6 }),
    ).toBe(undefined)
  })

  it('drains a node no faster than the one that gets all its clients can bear', () => {
    const { node, drainSeconds = 0 } = sized(PRESET, figures) ?? {}
    expect(((node?.clients ?? 0) * 200) / (drainSeconds * 1e6)).toBeLessThanOrEqual(0.2)
  })
})

describe('a storm', () => {
  const calm = { clients: 20_000, nodes: 10, lost: 1, handshakeUs: 100, clientUs: 10, nodeUs: 0, seed: 7 }

  it('is the same each time for one seed, and another for another', () => {
    expect(storm(calm)).toEqual(storm(calm))
    expect(storm({ ...calm, seed: 8 }).steps).not.toEqual(storm(calm).steps)
  })

  it('forgets nobody', () => {
    for (const lost of [1, 5, 'all'] as const) {
      const { lost: gone, steps } = storm({ ...calm, lost, handshakeUs: 3_000 })
      expect(gone).toBe(lost === 'all' ? 20_000 : lost * 2_000)
      for (const { waiting, queued, back } of steps) expect(waiting + queued + back).toBe(gone)
      expect(steps.at(-1)?.back).toBe(gone)
    }
  })

  it('is over with the first pauses, where nodes have time', () => {
    const { allMs, attempts, longestQueue, busyAfter } = storm(calm)
    expect(allMs).toBeGreaterThan(1_500)
    expect(allMs).toBeLessThanOrEqual(2_100)
    expect([attempts, longestQueue]).toEqual([2_000, 0])
    expect(busyAfter).toBeCloseTo(20_000 / 9 / 1e5)
  })

  it('lets nobody in faster than the nodes can', () => {
    const handshakeUs = 10_000
    const { steps, longestQueue, allMs = 0 } = storm({ ...calm, handshakeUs })
    expect(longestQueue).toBeGreaterThan(100)
    for (const { ms, back } of steps) expect(back).toBeLessThanOrEqual((9 * ms * 1_000) / handshakeUs)
    expect(allMs).toBeGreaterThanOrEqual((2_000 * handshakeUs) / 9 / 1_000)
  })

  it('has those try again who waited for too long', () => {
    const { attempts, lost, allMs = 0 } = storm({ ...calm, lost: 'all', handshakeUs: 20_000 })
    expect(attempts).toBeGreaterThan(lost)
    expect(allMs).toBeGreaterThan(40_000)
  })

  it('is longer, the more there is to be delivered', () => {
    const busy = storm({ ...calm, handshakeUs: 10_000, clientUs: 400 })
    expect(busy.allMs ?? Infinity).toBeGreaterThan(storm({ ...calm, handshakeUs: 10_000 }).allMs ?? 0)
  })

  it('waits as the client does', () => {
    for (const attempt of [0, 1, 2, 3, 4, 9, 40]) {
      for (const random of [0, 0.25, 0.999]) {
        expect(delayMs(attempt, random)).toBe(clientDelayMs('retry', attempt, BACKOFF, random))
      }
    }
  })
})

describe('a whole plan', () => {
  it('has the loss first that was asked for, then one node, a third and everything', () => {
    const lost = (load: object): unknown[] =>
      planned({ ...PRESET, clients: 50_000, rate: 10, ...load }, results).losses.map((loss) => loss.lost)
    expect(lost({})).toEqual([1, 3, 'all'])
    expect(lost({ lost: 2 })).toEqual([2, 1, 3, 'all'])
    expect(lost({ lost: 'all' })).toEqual(['all', 1, 3])
    expect(lost({ clients: 100, spare: 0 })).toEqual(['all'])
  })

  it('cannot lose as many nodes as there are', () => {
    expect(() => planned({ ...PRESET, lost: 21 }, results)).toThrow(
      '--lost takes fewer than there are nodes, 21',
    )
  })
})

describe('the options', () => {
  it('are read', () => {
    const args = ['--clients', '5', '--rate', '0.5', '--per-channel', '2', '--lost', 'all', '--bus', 'nats']
    expect(planOptions(args).load).toEqual({
      ...PRESET,
      ...{ clients: 5, rate: 0.5, perChannel: 2, lost: 'all', bus: 'nats' },
    })
  })

  it.each([
    [['--nothing'], "Unknown option '--nothing'"],
    [['--clients', '0'], '--clients takes a whole number from 1 to 100000000, not 0'],
    [['--rate', '-1'], /--rate/],
    [['--rate', '0'], '--rate takes a number above 0'],
    [['--lost', 'some'], '--lost takes a whole number'],
    [['--bus', 'kafka'], '--bus takes redis or nats, not kafka'],
    [['more'], "Unexpected argument 'more'"],
  ])('are refused: %j', (args, message) => {
    expect(() => planOptions(args)).toThrow(message)
  })
})

describe('npm run plan', () => {
  const root = fileURLToPath(new URL('../../', import.meta.url))
  const folder = mkdtempSync(join(tmpdir(), 'fanfare-plan-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const run = (...args: string[]): { code: number | null; out: string; err: string } => {
    const script = join(root, 'scripts/plan.mjs')
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' })
    return { code: status, out: stdout, err: stderr }
  }
  const save = (name: string): void => {
    writeFileSync(join(folder, `${name}.json`), JSON.stringify(results[name]))
  }

  it('says in one line what is wrong with an option, and ends with 2', () => {
    expect(run('--nothing')).toEqual({ code: 2, out: '', err: "plan: Unknown option '--nothing'\n" })
  })

  it('says how it is used', () => {
    expect(run('--help')).toMatchObject({ code: 0, out: expect.stringContaining('--per-channel') as string })
  })

  it('says which benchmarks have to be run, and plans with those there are', () => {
    const nothing = run('--results', folder)
    expect(nothing.code).toBe(1)
    for (const name of ['fan-out', 'cluster', 'connect', 'idle']) {
      expect(nothing.out).toContain(`npm run bench -- ${name}.`)
    }
    save('fan-out')
    save('cluster')
    const some = run('--results', folder)
    expect(some).toMatchObject({ code: 0, err: '' })
    expect(some.out).toMatch(/nodes, with 1 to spare +21$/m)
    expect(some.out).toContain('npm run bench -- connect.')
    expect(some.out).not.toContain('are back')
    save('connect')
    save('idle')
    const all = run('--results', folder, '--clients', '100000')
    expect(all.out).not.toContain('npm run bench')
    expect(all.out).toMatch(/^ {2}fan-out, cluster, connect, idle: 2026-11-21: P, 2 cores/m)
    expect(all.out).toMatch(/memory of a node/)
    expect(all.out).toMatch(/every connection, and no node +100,000/)
    expect(all.out).toMatch(/^ {2}after .*are back$/m)
  })
})
