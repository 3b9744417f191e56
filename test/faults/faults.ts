import type { Driver } from '@fanfare/broadcasting'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { Arena, type Battlefield, type Cast, EVERYBODY } from './arena.ts'
import { nodeFaults } from './node-faults.ts'
import type { Promises } from './oracle.ts'
import {
  type Fault,
  type FaultKind,
  LINK_FAULTS,
  NODE_FAULTS,
  printed,
  scheduleOf,
  SERVER_FAULTS,
} from './schedule.ts'

/** How many schedules a run of the tests plays per bus, and from which seed on; `npm run faults` sets both. */
const SEEDS = Number(process.env['FAULT_SEEDS'] ?? 20)
const FIRST_SEED = Number(process.env['FAULT_FIRST_SEED'] ?? 1)

/** Beats and deadlines of the fault tests: some ten times faster than the defaults, so that a fault takes a second. */
const QUIET = {
  beat: { intervalMs: 60, silentMs: 400 },
  queue: { deadlineMs: 600 },
  connectTimeoutMs: 500,
  reconnectDelayMs: 100,
  clockSkewMs: 300,
} as const

/** The same, as a driver takes them. */
export const SCALED = { ...QUIET, logger: () => {} } as const

/** Deadline and allowance, and as much again for a machine that is busy. */
export const SCALED_PROMISES: Omit<Promises, 'order'> = { oldestMs: 1_800, slowestMs: 1_800 }

/**
 * No TCP connection lets the messages of two publishers change places, and nothing in them would show it. Where the proxy does
 * that all the same, each publisher's own order is what holds.
 */
export function promisesUnder(faults: readonly Fault[], order: Promises['order']): Promises {
  const reordered = faults.some(({ kind }) => kind === 'reorder')
  return { order: reordered ? 'per publisher' : order, ...SCALED_PROMISES }
}

/** Plays one schedule on a new arena. Returns the breaches of the promises. */
export async function played(
  field: Battlefield,
  faults: readonly Fault[],
  promises: Promises,
  cast = EVERYBODY,
): Promise<{ breaches: string[]; counts: Record<string, number> }> {
  const arena = new Arena(field, cast)
  try {
    await arena.open()
    await arena.play(faults)
    return { breaches: arena.oracle.breaches(promises), counts: arena.oracle.counts() }
  } finally {
    await arena.close()
  }
}

/** So often a schedule is played without protection: whether a moment's fault is felt is a matter of which packet was where. */
const UNPROTECTED_ATTEMPTS = 5

/** Whether a schedule breaks a promise. */
async function isFelt(...[field, faults, promises, cast]: Parameters<typeof played>): Promise<boolean> {
  for (let attempt = 0; attempt < UNPROTECTED_ATTEMPTS; attempt++) {
    if ((await played(field, faults, promises, cast)).breaches.length > 0) return true
  }
  return false
}

/** What only makes things late: it has to last longer than anything may. */
const SLOW_FAULTS: ReadonlySet<FaultKind> = new Set(['pause', 'hold up', 'hold down', 'hold', 'delay'])

/** With several, neighbours that change places are seldom of one publisher. */
const ONE_PUBLISHER: Cast = { nodes: 3, publishers: 1, channels: ['orders'] }

/** A bus to be tested, and how a program uses it that trusts the client library. */
export interface Ground extends Battlefield {
  connectUnprotected(port: number): Driver
  /** Of the bus itself, without a proxy. */
  readonly url: string
  stop(): Promise<void>
}

/** The seeded schedules, on one kind of bus. */
export function faultSchedules(name: string, start: () => Promise<Ground>, order: Promises['order']): void {
  describe(`${name}, under faults`, () => {
    let field: Ground
    beforeAll(async () => void (field = await start()))
    afterAll(() => field.stop())

    // A schedule that hurts nobody proves nothing: without protection it has to be felt.
    for (const kind of [...SERVER_FAULTS, ...LINK_FAULTS, ...NODE_FAULTS]) {
      const lastsMs = SLOW_FAULTS.has(kind) ? 2_600 : 800
      const faults: Fault[] = [{ kind, node: 1, afterMs: 200, lastsMs }]
      it(`keeps its promises under ${kind}, which a driver without protection does not`, async () => {
        const promises = promisesUnder(faults, order)
        const cast = kind === 'reorder' ? ONE_PUBLISHER : EVERYBODY
        const ours = await played(field, faults, promises, cast)
        expect({ ...ours.counts, breaches: ours.breaches.slice(0, 10) }).toMatchObject({ breaches: [] })
        expect(await isFelt({ ...field, connect: field.connectUnprotected }, faults, promises, cast)).toBe(
          true,
        )
      }, 90_000)
    }

    nodeFaults(() => ({
      ...field,
      options: QUIET,
      promises: { order, ...SCALED_PROMISES },
      connect: () => field.connect(field.victim.port),
    }))

    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
      const faults = scheduleOf(seed, EVERYBODY.nodes)
      it(`keeps its promises: ${printed(seed, faults)}`, async () => {
        const { breaches, counts } = await played(field, faults, promisesUnder(faults, order))
        expect({ ...counts, breaches: breaches.slice(0, 10) }).toMatchObject({ breaches: [] })
        expect(counts['acknowledged']).toBeGreaterThan(50)
      }, 60_000)
    }
  })
}
