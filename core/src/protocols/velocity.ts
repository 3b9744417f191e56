import type { Farewell, Protocol, Traits } from '../contract/protocol.ts'
import { OptionError } from '../ground/errors.ts'
import { hostPlatform } from '../ground/platform.ts'
import type { Why } from '../ground/why.ts'
import { closeCode } from '../hub/close-codes.ts'
import { knownOptions } from '../ground/options.ts'
import { decodeVelocity } from './velocity-decode.ts'
import { broadcastVelocity, unicastVelocity, write } from './velocity-encode.ts'
import { farewell } from './velocity-errors.ts'
import type { VelocityDialect } from './velocity-names.ts'

/** Which of Velocity's two dialects is spoken. */
export interface VelocityOptions {
  /**
   * The member that holds a message's name when the server writes: `type` in the documentation of Velocity's packages
   * `websocket` and `broadcast`, `event` in that of its older `pkg/websocket`. Clients may use either.
   */
  readonly key: 'type' | 'event'
  /**
   * Wall-clock time in milliseconds since 1970, for the timestamps of `ping` and `pong`. With a clock of one's own, each
   * call makes a new protocol: give all gateways on a hub the same one, or they share no encoded message.
   *
   * @defaultValue the host's clock
   */
  readonly now?: (() => number) | undefined
}

const TRAITS: Traits = Object.freeze({
  presence: Object.freeze({ joinToSelf: false, selfInRoster: true }),
  // No client of Velocity's knows `messages_lost`, but all ignore what they do not know, and those to come may use it.
  gap: 'frame',
  firstMessage: 'optional',
})

/**
 * The JSON protocol of Velocity's packages for WebSockets and broadcasting; `docs/protocol-velocity.md` describes every
 * message. The same key gives the same object, so that all its clients share what is encoded for many.
 *
 * @throws OptionError when an option is unknown or has a wrong value
 */
export function velocity(options: VelocityOptions): Protocol {
  knownOptions('velocity', options, ['key', 'now'])
  const { key, now } = options
  if (key !== 'type' && key !== 'event') throw new OptionError('velocity.key', "'type' or 'event'", key)
  return now === undefined ? SHARED[key] : protocol(key, now)
}

/** What a client was told last, if that was why something failed. */
interface Told {
  last: Why | undefined
}

function hostNow(): () => number {
  const { clock } = hostPlatform()
  return () => clock.now()
}

function protocol(key: 'type' | 'event', now: () => number): Protocol {
  const keys = key === 'type' ? ['type', 'event'] : ['event', 'type']
  const dialect: VelocityDialect = { key, keys, needsData: key === 'event', now }
  return Object.freeze<Protocol<Told | undefined>>({
    name: `velocity-${key}`,
    traits: TRAITS,
    open: () => ({ scratch: { last: undefined }, greet: true }),
    decode: (data) => decodeVelocity(data, dialect),
    unicast: (event, told) => {
      if (told) told.last = event.on === 'failed' ? event.why : undefined
      return unicastVelocity(event, dialect)
    },
    broadcast: (event) => broadcastVelocity(event, dialect),
    // What it was just told is no news.
    bye: (why, told, detail) => bye(why, detail, dialect, told?.last === why && detail === undefined),
  })
}

function bye(why: Why, detail: string | undefined, dialect: VelocityDialect, known: boolean): Farewell {
  const last = known ? undefined : farewell(why, detail)
  return { frames: last ? [write(dialect, last.name, last.data)] : [], code: closeCode(why), reason: why }
}

const SHARED = { type: protocol('type', hostNow()), event: protocol('event', hostNow()) } as const
