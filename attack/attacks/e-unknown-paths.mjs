import { many, webSocket } from '../lib/wire.mjs'

/** @type {import('./index.mjs').Attack} */
export const attack = {
  row: 'e',
  name: 'unknown-paths',
  what: '200 upgrades to paths where nothing is spoken, held until the server ends',
  stays: true,
  seconds: 2,
  async attack(place) {
    const paths = ['/', '/nothing', '/ws/nothing', '/health', '/ws/']
    const headers = { origin: 'https://evil.example' }
    const sockets = await many(200, (index) =>
      webSocket(place, { index, path: paths[index % paths.length], headers }),
    )
    return sockets.filter(({ status }) => status === 101).length
  },
  judge: ({ results: [upgraded] }) => [{ what: 'upgraded', ok: upgraded === 0, said: String(upgraded) }],
}
