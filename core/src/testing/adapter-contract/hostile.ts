import { answer, call, echoing, heard, NATIVE, served } from './speech.ts'
import type { Stage } from './stage.ts'
import type { Tests } from './tests.ts'
import { until } from '../contract-suite/wait.ts'

const NONSENSE = ['', '{', 'null', '[]', '"text"', '{"op":7}', '{"op":"call"}', '[[[['.repeat(1_000), '\0']

/** What breaks the rules of the protocol. */
export const HOSTILE_TEXT: Tests<Stage> = {
  async 'text that is no message is answered with a code, and the connection goes on'({ open, expect }) {
    const scene = echoing(await open({}, NATIVE))
    const guest = await scene.enter()
    for (const text of NONSENSE) guest.peer.send(text)
    call(guest, 1, 'and on')
    expect((await answer(guest, 1)).data).toBe('and on')
    const codes = heard(guest.peer).map(({ op, code }) => code ?? op)
    expect(codes).toEqual(['welcome', ...NONSENSE.map(() => 'bad-frame'), 'ok'])
  },

  async 'bytes where text is spoken are answered with a code'({ open, expect }) {
    const scene = echoing(await open({}, NATIVE))
    const guest = await scene.enter()
    guest.peer.send(Uint8Array.of(0xff, 0x00, 0x7b))
    call(guest, 1, 'and on')
    await answer(guest, 1)
    expect(heard(guest.peer).map(({ op, code }) => code ?? op)).toEqual(['welcome', 'bad-frame', 'ok'])
  },
}

/** What breaks the rules of the transport. */
export const HOSTILE_BYTES: Tests<Stage> = {
  async 'bytes that the transport does not allow end that connection, and no other'({ open, expect }) {
    const scene = echoing(await open({}, NATIVE))
    const witness = await scene.enter()
    const ways = Object.entries(scene.stand.malformed ?? {})
    expect(ways.length).toBeGreaterThan(0)
    for (const [at, [way, bytes]] of ways.entries()) {
      const hostile = await scene.enter()
      hostile.peer.sendRaw?.(bytes)
      await until(() => hostile.peer.ended && scene.gone.length === at + 1, `the end after ${way}`)
      expect([way, scene.gone.at(-1)?.client.id]).toEqual([way, hostile.client.id])
      await served(witness, at + 1)
    }
    expect(scene.hub.clients().map(({ id }) => id)).toEqual([witness.client.id])
  },
}
