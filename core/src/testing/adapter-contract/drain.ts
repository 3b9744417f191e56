import { echoing, heard, NATIVE } from './speech.ts'
import type { Scene, Stage } from './stage.ts'
import type { Tests } from './tests.ts'
import { turns, until } from '../contract-suite/wait.ts'

/** Drains a gateway whose time stands still. */
async function drained({ gateway, clock }: Scene, within: number): Promise<void> {
  let done = false
  const draining = gateway.drain({ within }).then(() => (done = true))
  for (let waited = 0; !done; waited += 100) {
    if (waited > 120_000) throw new Error('a gateway whose clients all go never ends')
    clock.advance(100)
    await turns(5)
  }
  await draining
}

/** A node is taken out of service. */
export const DRAIN: Tests<Stage> = {
  async 'drain says goodbye to everybody, and the adapter can be closed'({ open, expect }) {
    const scene = await open({}, NATIVE)
    const guests = [await scene.enter(), await scene.enter(), await scene.enter()]
    await drained(scene, 1_000)
    for (const { peer } of guests) {
      await until(() => peer.ended, 'the end')
      expect(peer.ended).toEqual({ code: 4200, reason: 'shutdown' })
      expect(heard(peer).at(-1)).toEqual({ op: 'bye', code: 'shutdown', retry: true })
    }
    expect(scene.gone.map(({ why }) => why)).toEqual(['shutdown', 'shutdown', 'shutdown'])
    expect(scene.hub.count()).toBe(0)
    await scene.stand.close()
  },

  async 'what is being handled is answered before the goodbye'({ open, expect }) {
    const scene = echoing(await open({}, NATIVE))
    let finish: ((answer: string) => void) | undefined
    scene.gateway.on('work', () => new Promise((resolve) => (finish = resolve)))
    const { peer } = await scene.enter()
    peer.send('{"op":"call","id":1,"method":"work"}')
    await until(() => finish, 'the handler')
    const draining = drained(scene, 0)
    finish?.('done')
    await draining
    await until(() => peer.ended, 'the end')
    expect(heard(peer).map(({ op }) => op)).toEqual(['welcome', 'ok', 'bye'])
  },
}
