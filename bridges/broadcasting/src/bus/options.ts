import {
  hostPlatform,
  knownOptions,
  OptionError,
  type Platform,
  TimerWheel,
  wholeFrom,
} from '@fanfare/core/contract'

import type { Logger } from '../event.ts'
import { checkedLogger } from '../logger.ts'
import { Seal } from './seal.ts'

/** What every driver with a server behind it takes. */
export interface BusOptions {
  /**
   * Begins every name on the bus: applications that share a bus have different ones. 1 to 64 letters, digits, `_` or `-`.
   * @defaultValue `'fanfare'`
   */
  readonly prefix?: string | undefined
  /** Events that may wait for one handler whose promise is pending; more are dropped. @defaultValue `256` */
  readonly buffer?: number | undefined
  /** Called when a handler fails, when events are dropped, when the bus is lost and back. @defaultValue the host's error report */
  readonly logger?: Logger | undefined
  /** How publishing is bounded. */
  readonly queue?: Partial<QueueLimits> | undefined
  /** The largest event, as it travels, in bytes; larger ones are refused here and ignored when they come. @defaultValue `1_048_576` */
  readonly maxEventBytes?: number | undefined
  /**
   * An event that comes later than its deadline is discarded, and counted; the clocks of two nodes may differ by so many
   * milliseconds. @defaultValue `5_000`
   */
  readonly clockSkewMs?: number | undefined
  /**
   * With which events are signed on the bus (HMAC-SHA-256), so that nobody else who can publish there can forge any: at least 16
   * characters, and kept as a password is. Of several, 8 at most, the first signs and all are taken, so that one can be replaced
   * while nodes run. An event without a valid signature is dropped and counted. Takes a runtime with `node:crypto`.
   * @defaultValue none: whoever can publish on the bus is trusted
   */
  readonly secret?: string | readonly string[] | undefined
  /** How the driver proves that it still receives. */
  readonly beat?: Partial<BeatTimes> | undefined
  /** How long one attempt to connect may take, in milliseconds; the next begins without waiting for it. @defaultValue `2_000` */
  readonly connectTimeoutMs?: number | undefined
  /** The longest time between two attempts to connect, in milliseconds; spread at random over the upper half. @defaultValue `500` */
  readonly reconnectDelayMs?: number | undefined
  /** Parts of the host to be replaced: clock and scheduler in tests, for example. */
  readonly platform?: Partial<Platform> | undefined
}

export interface QueueLimits {
  /** Bytes published and not yet settled; more are refused. @defaultValue `8_388_608` */
  readonly bytes: number
  /** How long a publish may take before it is rejected, in milliseconds. @defaultValue `2_000` */
  readonly deadlineMs: number
}

export interface BeatTimes {
  /** A beat is sent, to ourselves, so often. @defaultValue `1_000` ms */
  readonly intervalMs: number
  /** A bus through which none came for so long is silent. @defaultValue `3_500` ms */
  readonly silentMs: number
}

/** The same, complete. */
export interface BusSettings {
  readonly prefix: string
  readonly buffer: number
  readonly logger: Logger
  readonly queue: QueueLimits
  readonly maxEventBytes: number
  readonly clockSkewMs: number
  readonly seal: Seal | undefined
  readonly beat: BeatTimes
  readonly connectTimeoutMs: number
  readonly reconnectDelayMs: number
  readonly platform: Platform
  /** Everything that has to happen in time waits here, for as long as the process is awake. */
  readonly wheel: TimerWheel
}

/** The names of {@link BusOptions}, for a driver that checks its own together with them. */
export const BUS_OPTIONS: readonly (keyof BusOptions)[] = [
  'prefix',
  'buffer',
  'logger',
  'queue',
  'maxEventBytes',
  'clockSkewMs',
  'secret',
  'beat',
  'connectTimeoutMs',
  'reconnectDelayMs',
  'platform',
]

/** Those of a driver's options that every driver takes. */
export function busOptionsIn(options: BusOptions): BusOptions {
  const names: readonly string[] = BUS_OPTIONS
  return Object.fromEntries(Object.entries(options).filter(([name]) => names.includes(name)))
}

const PREFIX = /^[A-Za-z0-9_-]{1,64}$/

/** Checks the options and fills in the defaults. @throws OptionError */
export function busSettings(options: BusOptions): BusSettings {
  const { prefix = 'fanfare' } = options
  if (typeof prefix !== 'string' || !PREFIX.test(prefix)) {
    throw new OptionError('prefix', '1 to 64 letters, digits, _ or -', prefix)
  }
  const platform = { ...hostPlatform(), ...options.platform }
  return {
    prefix,
    buffer: positive('buffer', options.buffer, 256),
    logger: checkedLogger(options.logger, platform),
    queue: queueLimits(options.queue),
    maxEventBytes: positive('maxEventBytes', options.maxEventBytes, 1_048_576),
    clockSkewMs: wholeFrom('clockSkewMs', options.clockSkewMs ?? 5_000, 0),
    seal: Seal.of(options.secret),
    beat: beatTimes(options.beat),
    connectTimeoutMs: positive('connectTimeoutMs', options.connectTimeoutMs, 2_000),
    reconnectDelayMs: positive('reconnectDelayMs', options.reconnectDelayMs, 500),
    platform,
    wheel: new TimerWheel(platform),
  }
}

function queueLimits(queue: Partial<QueueLimits> = {}): QueueLimits {
  knownOptions('queue', queue, ['bytes', 'deadlineMs'])
  return {
    bytes: positive('queue.bytes', queue.bytes, 8_388_608),
    deadlineMs: positive('queue.deadlineMs', queue.deadlineMs, 2_000),
  }
}

function beatTimes(beat: Partial<BeatTimes> = {}): BeatTimes {
  knownOptions('beat', beat, ['intervalMs', 'silentMs'])
  const intervalMs = positive('beat.intervalMs', beat.intervalMs, 1_000)
  // Less than two beats would be taken for silence whenever one of them is late.
  return { intervalMs, silentMs: wholeFrom('beat.silentMs', beat.silentMs ?? 3_500, 2 * intervalMs) }
}

function positive(option: string, value: number | undefined, fallback: number): number {
  return wholeFrom(option, value ?? fallback, 1)
}
