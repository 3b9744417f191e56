import { fileURLToPath } from 'node:url'

import { describe, expect, it } from 'vitest'

import { ATTACKS } from '../../attack/attacks/index.mjs'
import { play } from '../../attack/lib/play.mjs'
import { pendingReason } from '../../attack/pending.mjs'

const CLI = fileURLToPath(new URL('../../server/dist/cli.js', import.meta.url))

/** Of each row one, on one adapter or another, for seconds: `npm run attack` does all of them, for longer. */
const PLAYS: readonly (readonly [attack: string, adapter: string])[] = [
  ['bad-names', 'bun'],
  ['kept-slices', 'ws'],
  ['poll-bodies', 'fastify'],
  ['stream-bodies', 'ws'],
  ['stalled-sockets', 'ws'],
  ['stalled-polls', 'fastify'],
  ['deep-bodies', 'ws'],
  ['fragments', 'fastify'],
  ['unknown-paths', 'fastify'],
  ['pings', 'bun'],
  ['poll-headers', 'ws'],
  ['mute-sockets', 'ws'],
  ['bus-outage', 'ws'],
  ['forged-letters', 'ws'],
]

describe('the server of the command, in 256 MiB, with 100 clients', () => {
  for (const [name, adapter] of PLAYS) {
    const attack = ATTACKS.find((one) => one.name === name)!
    const pending = pendingReason(name, adapter)
    it.skipIf(pending !== undefined)(
      `on ${adapter} withstands it when ${attack.what}`,
      { timeout: 60_000 },
      async () => {
        const { verdicts, output } = await play({ attack, adapter, cli: CLI, short: true })
        const fallen = verdicts.filter(({ ok }) => !ok).map(({ what, said }) => `${what}: ${said}`)
        if (fallen.length > 0) fallen.push(output.slice(-1_000))
        expect(fallen).toEqual([])
      },
    )
  }
})
