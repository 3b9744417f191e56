import type { Hub } from '../../hub/hub.ts'
import { CHANNEL, type Participant } from './stage.ts'
import type { Peer } from './stand.ts'
import { noise, turns, until } from '../contract-suite/wait.ts'

/** What an outbox takes. */
export const FRAMES = 8
/** An outbox that is full by its frames, never by its bytes. */
export const ROOMY = { frames: FRAMES, bytes: 64 * 1_048_576 }
/** In every message. */
export const PADDING = noise(64 * 1_024)
/** More than an outbox of {@link FRAMES} takes. */
export const BEYOND = 20

/** Broadcasts numbered messages; a message is its number and a lot of padding, so that buffers fill quickly. */
export class Speaker {
  readonly #hub: Hub
  sent = 0

  constructor(hub: Hub) {
    this.#hub = hub
  }

  async say(key?: string): Promise<void> {
    const message = JSON.stringify(`${String(this.sent++)} ${PADDING}`)
    this.#hub.broadcast(CHANNEL, message, { key })
    await turns(1)
  }

  /** Speaks until something has to wait in the outbox of this client. Returns how many messages it was handed so far. */
  async fill({ client }: Participant): Promise<number> {
    while (client.queued.frames === 0) {
      if (this.sent > 5_000) throw new Error('a peer that takes nothing never makes the hub wait')
      await this.say()
    }
    return this.sent - 1
  }

  async sayMore(count: number, key: (at: number) => string | undefined = () => undefined): Promise<void> {
    for (let at = 0; at < count; at++) await this.say(key(at))
  }
}

/** The numbers of the messages that a peer received, in order. Other messages are left out. */
export function numbers({ received }: Peer): number[] {
  return received.map((data) => Number.parseInt(String(data).slice(1), 10)).filter((number) => number >= 0)
}

/** The numbers from one up to another, which is left out. */
export function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, at) => from + at)
}

/** Lets the peer read again until it has everything that waited for it. */
export async function catchUp({ client, conn, peer }: Participant): Promise<void> {
  peer.resume()
  await until(() => client.queued.frames === 0 && conn.bufferedBytes === 0, 'everything that waits to go out')
}

/** Says one last message and waits for it: everything before it has arrived then. */
export async function last(speaker: Speaker, { peer }: Participant): Promise<void> {
  const number = speaker.sent
  await speaker.say()
  await until(() => numbers(peer).at(-1) === number, 'the last message')
}
