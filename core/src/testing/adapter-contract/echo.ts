import { answer, call, echoing, heard, NATIVE } from './speech.ts'
import { CHANNEL, type Stage } from './stage.ts'
import type { Tests } from './tests.ts'
import { until } from '../contract-suite/wait.ts'

/** A real gateway answers. */
export const ECHO: Tests<Stage> = {
  async 'a client is welcomed, and its call answered'({ open, expect }) {
    const scene = echoing(await open({}, NATIVE))
    const guest = await scene.enter()
    call(guest, 1, { text: 'grüße \u{1f600}' })
    expect(await answer(guest, 1)).toEqual({ op: 'ok', id: 1, data: { text: 'grüße \u{1f600}' } })
    expect(heard(guest.peer).map(({ op }) => op)).toEqual(['welcome', 'ok'])
  },

  async '100 calls are answered in their order'({ open, expect }) {
    const scene = echoing(await open({}, NATIVE))
    const guest = await scene.enter()
    const ids = Array.from({ length: 100 }, (_, at) => at + 1)
    for (const id of ids) call(guest, id, `call ${String(id)}`)
    await until(() => guest.peer.received.length > ids.length, 'all answers')
    const answers = heard(guest.peer).slice(1)
    expect(answers).toEqual(ids.map((id) => ({ op: 'ok', id, data: `call ${String(id)}` })))
  },

  async 'what one client causes arrives at the others'({ open, expect }) {
    const { hub, gateway, join } = await open({}, NATIVE)
    gateway.on('tell', (_client, message) => {
      hub.broadcast(CHANNEL, JSON.stringify(message.data))
    })
    const [one, other] = [await join(), await join()]
    one.peer.send(JSON.stringify({ op: 'call', id: 1, method: 'tell', data: 'listen' }))
    for (const { peer } of [one, other]) {
      await until(() => heard(peer).some(({ op }) => op === 'msg'), 'the message')
      expect(heard(peer).find(({ op }) => op === 'msg')?.data).toEqual('listen')
    }
  },
}
