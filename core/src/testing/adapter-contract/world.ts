import { type Probe, ProbeGateway } from './probe.ts'
import type { Expect } from '../contract-suite/runner.ts'
import { type Ability, type Peer, type Stand } from './stand.ts'
import type { Bench } from './tests.ts'
import { until } from '../contract-suite/wait.ts'

/** One connection: the hub's end and the peer's. */
export interface World {
  readonly probe: Probe
  readonly peer: Peer
  readonly expect: Expect
}

/** Runs a test with one connection, and takes everything away again. */
export async function withProbe(bench: Bench, run: (world: World) => Promise<void>): Promise<void> {
  const gateway = new ProbeGateway({ maxMessageBytes: 1_000_000 })
  const stand = await bench.make(gateway)
  const peer = await stand.connect()
  try {
    checkAbilities(bench, stand, peer)
    await until(() => gateway.probes.length === 1, 'the connection to be accepted')
    const [probe] = gateway.probes
    if (probe) await run({ probe, peer, expect: bench.expect })
  } finally {
    peer.destroy()
    await stand.close()
  }
}

/** What is declared is what there is: otherwise tests would be skipped for no reason. */
function checkAbilities({ can }: Bench, stand: Stand, peer: Peer): void {
  const has: Readonly<Record<Ability, boolean>> = {
    ask: stand.ask !== undefined,
    freeze: peer.freeze !== undefined,
    begin: peer.begin !== undefined,
    ping: peer.ping !== undefined,
    sendRaw: peer.sendRaw !== undefined && stand.malformed !== undefined,
  }
  for (const [ability, there] of Object.entries(has) as [Ability, boolean][]) {
    if (there === can.has(ability)) continue
    throw new Error(there ? `the stand has ${ability}: declare it in 'can'` : `the stand has no ${ability}`)
  }
}
