import type { Handshake } from '../contract/conn.ts'
import type { Command, Farewell, Protocol, Traits } from '../contract/protocol.ts'
import type { Why } from '../ground/why.ts'
import { closeCode } from '../hub/close-codes.ts'
import { decodeNative } from './native-decode.ts'
import { broadcastNative, unicastNative } from './native-encode.ts'

const TRAITS: Traits = {
  presence: { joinToSelf: false, selfInRoster: true },
  gap: 'frame',
  firstMessage: 'optional',
}

const NOTHING: readonly Command[] = []

const NATIVE: Protocol<undefined> = {
  name: 'native',
  traits: TRAITS,
  open: (handshake) => ({ scratch: undefined, greet: true, commands: wished(handshake) }),
  decode: decodeNative,
  unicast: unicastNative,
  broadcast: broadcastNative,
  bye,
}

/**
 * Fanfare's own JSON protocol; `docs/protocol.md` describes every message. Verbs stand in `op` and the names that users
 * give in `event`, so no published event can pose as a protocol frame.
 */
export function native(): Protocol {
  return NATIVE
}

/** An EventSource alone sends nothing: it says in its URL what it wants to hear. */
function wished(handshake: Handshake): readonly Command[] {
  if (handshake.transport !== 'sse') return NOTHING
  const channels = new Set(
    handshake
      .query('channels')
      ?.split(',')
      .filter((channel) => channel !== ''),
  )
  return Array.from(channels, (channel) => ({ do: 'subscribe', channel }))
}

function bye(why: Why, _scratch: undefined, detail?: string): Farewell {
  const code = closeCode(why)
  const message = detail === undefined ? '' : `,"message":${JSON.stringify(detail)}`
  const frame = `{"op":"bye","code":"${why}","retry":${String(mayReturn(code))}${message}}`
  return { frames: why === 'closed' ? [] : [frame], code, reason: why }
}

/** By the ranges of close codes: only 4000 to 4099 are for good. */
function mayReturn(code: number): boolean {
  return code < 4000 || code >= 4100
}
