import type { GatewayOptions } from '../../gateway/options.ts'
import { native } from '../../protocols/native.ts'
import type { Participant, Scene } from './stage.ts'
import type { Peer } from './stand.ts'
import { until } from '../contract-suite/wait.ts'

/** A frame of the protocol `native`, as far as it is looked at here. */
export interface Said {
  readonly op: string
  readonly id?: number
  readonly code?: string
  readonly data?: unknown
}

/** For scenes whose clients speak `native`. */
export const NATIVE: GatewayOptions = { protocols: { '/': native() } }

/** What a peer was told. */
export function heard({ received }: Peer): Said[] {
  return received.map((data) => JSON.parse(String(data)) as Said)
}

/** Has a scene answer calls: `echo` says what it was told. */
export function echoing(scene: Scene): Scene {
  scene.gateway.on('echo', (_client, message) => message.data)
  return scene
}

/** Calls `echo`. */
export function call({ peer }: Pick<Participant, 'peer'>, id: number, data: unknown): void {
  peer.send(JSON.stringify({ op: 'call', id, method: 'echo', data }))
}

/** Resolves when the call was answered. */
export async function answer({ peer }: Pick<Participant, 'peer'>, id: number): Promise<Said> {
  await until(() => heard(peer).some((said) => said.id === id), `the answer to call ${String(id)}`)
  return heard(peer).find((said) => said.id === id) ?? { op: 'none' }
}

/** Resolves when somebody who has nothing to do with it was served as ever. */
export async function served(witness: Pick<Participant, 'peer'>, id = 1): Promise<void> {
  call(witness, id, 'still there?')
  const { op } = await answer(witness, id)
  if (op !== 'ok') throw new Error(`somebody else was answered ${op}`)
}
