import { heard, NATIVE } from './speech.ts'
import type { Participant, Scene, Stage } from './stage.ts'
import type { Tests } from './tests.ts'
import { turns, until } from '../contract-suite/wait.ts'

/** Every adapter has found a dead peer by then: by pings, or because it asks no more. */
const LONG_S = 120

/** Somebody who answers the pings of the protocol, which come where the transport has none. */
class Lively {
  readonly #scene: Scene
  readonly #guest: Participant
  #answered = 0

  constructor(scene: Scene, guest: Participant) {
    this.#scene = scene
    this.#guest = guest
  }

  /** Resolves when everything that was asked is answered, and the answer has arrived. */
  async answer(): Promise<void> {
    const { client, peer } = this.#guest
    const face = this.#scene.gateway.client(client.id)
    await until(() => peer.received.length >= (face?.sent.messages ?? 0), 'the pings')
    const pings = heard(peer).filter(({ op }) => op === 'ping').length
    for (; this.#answered < pings; this.#answered++) peer.send('{"op":"pong"}')
    await until(() => (face?.received.messages ?? pings) >= pings, 'the answers')
  }
}

/** Lets seconds pass, in which these answer; what the transport itself asks and answers is not seen, and has its time. */
async function pass({ clock }: Scene, seconds: number, guests: readonly Lively[]): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    clock.advance(1_000)
    await turns(20)
    for (const guest of guests) await guest.answer()
  }
}

/** With a peer that may freeze. */
export const DEAD_PEERS: Tests<Stage> = {
  async 'a peer that goes silent is found, and nobody else is taken for it'({ open, expect }) {
    const scene = await open({ writeTimeoutMs: 0 }, NATIVE)
    const [dead, alive] = [await scene.enter(), await scene.enter()]
    const [dying, living] = [new Lively(scene, dead), new Lively(scene, alive)]
    // Long enough to have answered once: a client that never did may be one that only listens.
    await pass(scene, 60, [dying, living])
    expect(scene.gone.length).toBe(0)
    dead.peer.freeze?.()
    for (let second = 0; second < LONG_S && scene.gone.length === 0; second++) await pass(scene, 1, [living])
    expect(scene.gone.map(({ client, why, code }) => [client.id, why, code])).toEqual([
      [dead.client.id, 'idle', 4201],
    ])
    expect(scene.hub.clients().map(({ id }) => id)).toEqual([alive.client.id])
    await until(() => dead.conn.bufferedBytes === 0, 'the transport to be freed')
  },
}

/** With peers that are alive. */
export const LIVE_PEERS: Tests<Stage> = {
  async 'a peer that says nothing but answers pings stays'({ open, expect }) {
    const scene = await open({}, NATIVE)
    const quiet = await scene.enter()
    await pass(scene, LONG_S, [new Lively(scene, quiet)])
    expect(scene.gone.map(({ why }) => why)).toEqual([])
    expect(scene.hub.clients().map(({ id }) => id)).toEqual([quiet.client.id])
    expect(quiet.peer.ended).toBe(undefined)
  },
}
