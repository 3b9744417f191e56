import { firstBytes, open, requestHead } from '../lib/wire.mjs'

const SECRET = 'a-secret-of-the-client'
const HOSTS = ['%', 'a b', '[::1', 'http://x', 'x:99999999', '']

/** @type {import('./index.mjs').Attack} */
export const attack = {
  row: 'f',
  name: 'bad-host',
  what: 'requests whose Host cannot be, with a token in the query',
  seconds: 2,
  async attack(place) {
    const answers = []
    for (const host of HOSTS) {
      for (const target of ['GET /ws', 'GET /sse', 'POST /poll', 'GET /health']) {
        const socket = await open(place, { reads: false })
        socket.write(requestHead(`${target}?token=${SECRET}`, { host, 'content-length': 0 }))
        answers.push(await firstBytes(socket))
        socket.destroy()
      }
    }
    return answers
  },
  judge({ results: [answers], output }) {
    const telling = Array.isArray(answers)
      ? answers.filter((text) => /node_modules|\.[tj]s:\d|bunfig|\bat \//.test(text))
      : [String(answers)]
    const logged = output.includes(SECRET)
    return [
      {
        what: 'answers',
        ok: telling.length === 0,
        said: telling.length === 0 ? 'tell nothing' : 'tell of the source',
      },
      { what: 'log', ok: !logged, said: logged ? 'has the token' : 'has no token' },
    ]
  },
}
