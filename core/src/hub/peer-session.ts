import type { Session } from '../contract/conn.ts'
import type { Why } from '../ground/why.ts'
import type { Departures } from './departures.ts'
import type { Peer } from './peer.ts'
import type { Sequencer } from './sequencer.ts'

/** What a session needs of its hub. */
export interface PeerSessionHost {
  readonly sequencer: Sequencer
  readonly departures: Departures
}

/** What an adapter reports, brought into order: never in the middle of an operation of the hub. */
export class PeerSession implements Session {
  readonly #peer: Peer
  readonly #hub: PeerSessionHost

  constructor(peer: Peer, hub: PeerSessionHost) {
    this.#peer = peer
    this.#hub = hub
  }

  receive(data: string | Uint8Array): void {
    this.#hub.sequencer.settle(() => {
      if (this.#peer.connected) this.#peer.inbound.receive(data)
    })
  }

  writable(): void {
    this.#hub.sequencer.settle(() => {
      this.#hub.sequencer.run(() => this.#peer.outlet.writable())
    })
  }

  closed(code = 1006, reason = ''): void {
    this.#hub.sequencer.settle(() => this.#hub.departures.gone(this.#peer, code, reason))
  }

  leave(why: Why = 'shutdown'): void {
    this.#hub.sequencer.settle(() => this.#peer.close(why))
  }
}
