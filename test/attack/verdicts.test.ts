import { fileURLToPath } from 'node:url'

import { expect, it } from 'vitest'

import { ADAPTERS, ATTACKS } from '../../attack/attacks/index.mjs'
import { play } from '../../attack/lib/play.mjs'
import { type Measured, verdicts } from '../../attack/lib/verdict.mjs'
import { PENDING } from '../../attack/pending.mjs'

const phase = {
  ...{ owed: 500, had: 500, closed: {}, refused: {}, p50: 1, p99: 5 },
  newcomers: { tried: 10, failed: 0 },
}
const unharmed: Measured = {
  ...{ ended: undefined, control: phase, attacked: phase, heldBefore: 20_000_000, heldAfter: 21_000_000 },
  ...{ entered: true, end: { ended: 'exit 0', ms: 100 }, output: '', results: [] },
}

const fallen = (measured: Measured, attack = {}, short = false): string[] =>
  verdicts(measured, attack, short)
    .filter(({ ok }) => !ok)
    .map(({ what }) => what)

it('finds nothing wrong where nothing is', () => {
  expect(fallen(unharmed)).toEqual([])
  expect(fallen(unharmed, { newcomers: true }, true)).toEqual([])
})

it.each<[string, Partial<Measured>]>([
  ['up', { ended: 'SIGABRT' }],
  ['deliveries', { attacked: { ...phase, had: 499 } }],
  ['deliveries', { attacked: { ...phase, owed: 0, had: 0 } }],
  ['deliveries', { attacked: { ...phase, closed: { 1006: 1 } } }],
  ['deliveries', { attacked: { ...phase, refused: { rate: 1 } } }],
  ['p99', { attacked: { ...phase, p99: 2_500 } }],
  ['p99', { attacked: { ...phase, p99: NaN } }],
  ['memory', { heldAfter: 50_000_000 }],
  ['memory', { heldAfter: undefined }],
  ['newcomers', { entered: false }],
  ['SIGTERM', { end: { ended: 'exit 1', ms: 100 } }],
  ['SIGTERM', { end: { ended: 'not at all', ms: 12_000 } }],
])('says %s when that is wrong: %o', (what, wrong) => {
  expect(fallen({ ...unharmed, ...wrong })).toEqual([what])
})

it('counts newcomers all the while where an attack asks for it', () => {
  const attacked = { ...phase, newcomers: { tried: 10, failed: 2 } }
  expect(fallen({ ...unharmed, attacked })).toEqual([])
  expect(fallen({ ...unharmed, attacked }, { newcomers: true })).toEqual(['newcomers'])
  const nobody = { ...phase, newcomers: { tried: 0, failed: 0 } }
  expect(fallen({ ...unharmed, attacked: nobody }, { newcomers: true })).toEqual(['newcomers'])
})

it('sees what becomes of a real server that is killed under its clients', { timeout: 60_000 }, async () => {
  const killed = ATTACKS.find(({ name }) => name === 'handshakes')!
  const cli = fileURLToPath(new URL('../fixtures/attack/killed.mjs', import.meta.url))
  const outcome = await play({ attack: killed, adapter: 'ws', cli, short: true, clients: 20 })
  const wrong = outcome.verdicts.filter(({ ok }) => !ok).map(({ what }) => what)
  expect(wrong).toEqual(expect.arrayContaining(['up', 'deliveries', 'memory', 'newcomers', 'SIGTERM']))
})

it('has one attack of a name, each with a row and words', () => {
  const names = ATTACKS.map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
  expect(new Set(ATTACKS.map(({ row }) => row))).toEqual(new Set('abcdefghij'))
  for (const { attack, adapters } of PENDING) {
    expect(names).toContain(attack)
    for (const adapter of adapters) expect(ADAPTERS).toContain(adapter)
  }
})
