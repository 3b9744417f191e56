import {
  type ClientOptions,
  type ClientPlatform,
  type Wake,
  FanfareClient,
  type FanfareClientError,
  type StateChange,
} from '@fanfare/client'
import type { Contract } from '@fanfare/core/contract'
import { ManualClock } from '@fanfare/core/testing'

import { type ScriptedSocket, scriptedSockets } from './scripted-socket.ts'

/** A client whose time, luck and server are the test's. */
export interface Stage<C extends Contract = Contract> {
  readonly client: FanfareClient<C>
  readonly clock: ManualClock
  readonly sockets: ScriptedSocket[]
  /** The newest socket. */
  readonly socket: ScriptedSocket
  readonly changes: StateChange[]
  readonly errors: FanfareClientError[]
  /** Errors that nobody listened for, and what listeners threw. */
  readonly reported: unknown[]
  /** What the random source says next; 0.5 unless set. */
  luck: number
  /** The page comes back, or the network. */
  wake(what?: Wake): void
  /** Time passes until the next attempt. */
  retry(): void
  /** How many wait to be woken. */
  readonly sleepers: number
  /** Connects, and the server says welcome. */
  open(more?: object): Promise<ScriptedSocket>
  /** The connection is lost and made again; the server says welcome. */
  reopen(code?: number): Promise<ScriptedSocket>
}

export function stage<C extends Contract = Contract>(options: ClientOptions = {}): Stage<C> {
  const clock = new ManualClock()
  const { WebSocket, sockets } = scriptedSockets()
  const sleepers = new Set<(what: Wake) => void>()
  const reported: unknown[] = []
  const platform: ClientPlatform = {
    clock,
    scheduler: clock,
    random: () => scene.luck,
    onWake: (callback) => {
      sleepers.add(callback)
      return () => sleepers.delete(callback)
    },
    reportError: (error) => reported.push(error),
    storage: null,
  }
  const client = new FanfareClient<C>('ws://server/ws', {
    WebSocket,
    // What no test asks for must not reach a real network.
    ...(options.transports ? {} : { mode: 'websocket' }),
    ...options,
    platform: { ...platform, ...options.platform },
  })
  const changes: StateChange[] = []
  const errors: FanfareClientError[] = []
  client.on('state', (change) => changes.push(change))
  client.on('error', (error) => errors.push(error))
  const scene: Stage<C> = {
    client,
    clock,
    sockets,
    get socket() {
      return sockets.at(-1)!
    },
    changes,
    errors,
    reported,
    luck: 0.5,
    wake: (network = 'page') => {
      for (const callback of sleepers) callback(network)
    },
    retry: () => clock.advance(changes.at(-1)?.retryInMs ?? 0),
    get sleepers() {
      return sleepers.size
    },
    open: async (more) => {
      const ready = client.connect()
      await clock.settle()
      scene.socket.welcomes(more)
      await ready
      await clock.settle()
      return scene.socket
    },
    reopen: async (code) => {
      scene.socket.drops(code)
      scene.retry()
      await clock.settle()
      scene.socket.welcomes({ client: `1.${String(sockets.length)}` })
      await clock.settle()
      return scene.socket
    },
  }
  return scene
}

/** The code that a promise is rejected with; `undefined` while it is not. */
export function codeOf(promise: Promise<unknown>): {
  readonly code: string | undefined
  readonly value: unknown
} {
  const outcome: { code: string | undefined; value: unknown } = { code: undefined, value: undefined }
  promise.then(
    (value) => (outcome.value = value),
    (error: unknown) => (outcome.code = (error as { code?: string }).code ?? String(error)),
  )
  return outcome
}

/** A listener that remembers what it was called with. */
export type Recorder = ((...values: unknown[]) => void) & { readonly calls: unknown[][] }

export function recorder(): Recorder {
  const calls: unknown[][] = []
  return Object.assign((...values: unknown[]) => void calls.push(values), { calls })
}
