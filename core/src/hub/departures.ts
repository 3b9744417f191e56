import type { Farewell } from '../contract/protocol.ts'
import { CancelledError } from '../ground/errors.ts'
import { all } from '../ground/few.ts'
import type { Cancel } from '../ground/platform.ts'
import type { Why } from '../ground/why.ts'
import { cutUtf8 } from '../ground/utf8.ts'
import type { TimerWheel } from '../ground/timer-wheel.ts'
import type { ErrorEvent, HubEvents } from './events.ts'
import type { Memberships } from './memberships.ts'
import type { Peer } from './peer.ts'
import type { Sequencer } from './sequencer.ts'

/** A close frame waits behind everything already written: a full transport gets this long, no longer. */
const FULL_TRANSPORT_MS = 1_000
/** How long a transport with room may take for its closing handshake. */
const HANDSHAKE_MS = 5_000

/** What departures need of their hub. */
export interface DeparturesHost {
  readonly sequencer: Sequencer
  readonly wheel: TimerWheel
  readonly memberships: Memberships
  readonly peers: Map<string, Peer>
  emit(name: 'disconnect', event: Parameters<HubEvents['disconnect']>[0]): void
  report(event: ErrorEvent): void
}

/** How clients go: by themselves, by being closed, or because their transport died. Nothing of them remains. */
export class Departures {
  readonly #hub: DeparturesHost
  /** Transports that were told to close and have not yet. */
  readonly #closing = new Map<Peer, Cancel>()
  #idle: (() => void)[] = []

  constructor(hub: DeparturesHost) {
    this.#hub = hub
  }

  /** The hub ends it: goodbye, closing handshake, and an end to patience. */
  close(peer: Peer, how: Why | number, reason: string | undefined): void {
    if (!peer.disconnect()) return
    this.#hub.sequencer.run(() => {
      const farewell = this.#farewell(peer, how, reason)
      const full = peer.outlet.end(farewell)
      this.#closeTransport(peer, farewell)
      this.#removeEverywhere(peer, typeof how === 'number' ? 'closed' : how, farewell)
      if (peer.transportGone) return
      const patience = full ? FULL_TRANSPORT_MS : HANDSHAKE_MS
      this.#closing.set(
        peer,
        this.#hub.wheel.after(patience, () => this.#terminate(peer)),
      )
    })
  }

  /** The transport reports that the peer is gone. */
  gone(peer: Peer, code: number, reason: string): void {
    peer.transportGone = true
    if (!peer.disconnect()) {
      peer.outlet.release()
      this.#finish(peer)
      return
    }
    this.#hub.sequencer.run(() => {
      peer.outlet.abandon()
      peer.outlet.release()
      this.#removeEverywhere(peer, 'closed', { frames: [], code, reason })
    })
  }

  /** Resolves when no transport is left that was told to close. */
  async settled(): Promise<void> {
    if (this.#closing.size === 0) return
    await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  #farewell(peer: Peer, how: Why | number, reason: string | undefined): Farewell {
    const { protocol, scratch } = peer.outlet
    const cut = reason === undefined ? undefined : cutUtf8(reason, 123)
    if (typeof how === 'number') return { frames: [], code: how, reason: cut ?? '' }
    try {
      const farewell = protocol.bye(how, scratch, reason)
      return { ...farewell, reason: cut ?? cutUtf8(farewell.reason, 123) }
    } catch (error) {
      this.#hub.report({ error, where: 'protocol', client: peer })
      return { frames: [], code: 1011, reason: '' }
    }
  }

  #removeEverywhere(peer: Peer, why: Why, farewell: Farewell): void {
    const channels = peer.channels
    for (const attempt of all(peer.attempts)) {
      this.#hub.memberships.callOff(peer, attempt, new CancelledError('the client is gone'))
    }
    peer.withdrawQuestions()
    for (const subscription of all(peer.subscriptions)) this.#hub.memberships.end(subscription)
    this.#hub.peers.delete(peer.id)
    peer.stopListening()
    this.#hub.emit('disconnect', {
      client: peer,
      why,
      code: farewell.code,
      reason: farewell.reason,
      channels,
    })
  }

  #closeTransport(peer: Peer, { code, reason }: Farewell): void {
    try {
      peer.outlet.conn.close(code, reason)
    } catch (error) {
      this.#hub.report({ error, where: 'conn', client: peer })
    }
  }

  #terminate(peer: Peer): void {
    try {
      peer.outlet.conn.terminate()
    } catch (error) {
      this.#hub.report({ error, where: 'conn', client: peer })
    }
    peer.outlet.release()
    this.#finish(peer)
  }

  #finish(peer: Peer): void {
    this.#closing.get(peer)?.()
    if (!this.#closing.delete(peer) || this.#closing.size > 0) return
    for (const resolve of this.#idle) resolve()
    this.#idle = []
  }
}
