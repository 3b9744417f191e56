// What a gateway keeps of large frames with short names in them, and of long ones, in one process of its own: prints how many
// bytes of the heap are kept when each case is over. Runs in Node (--expose-gc) and in Bun.
import { Gateway, Hub, native, plain, velocity } from '@fanfare/core'
import { dial } from '@fanfare/core/testing'

const FRAMES = 1_000
const PAD = 20_000
const CHANNELS = 100

const collect = () => (globalThis.Bun ? globalThis.Bun.gc(true) : globalThis.gc())
const turn = () => new Promise((resolve) => setTimeout(resolve, 1))

async function used() {
  for (let at = 0; at < 3; at++) {
    await turn()
    collect()
  }
  return process.memoryUsage().heapUsed
}

// Not of one repeated letter: an engine might know.
const padding = (n) => `${n}${'lorem ipsum '.repeat(PAD / 12)}`
const nativeFrame = (n, frame) => JSON.stringify({ ...frame, padding: padding(n) })
const velocityFrame = (n, event, data) => JSON.stringify({ event, data, padding: padding(n) })
const channel = (n) => `orders.${String(n).padStart(20, '0')}`
const secret = (n) => `secret-${String(n).padStart(20, '0')}`

/** What a frame says, by protocol and case. What clients keep stays: nobody leaves. */
const CASES = {
  native: {
    subscribe: (n) => nativeFrame(n, { op: 'sub', id: secret(n), channel: channel(n) }),
    credentials: (n) => nativeFrame(n, { op: 'sub', channel: `private-${channel(n)}`, auth: secret(n) }),
    presence: (n) => nativeFrame(n, { op: 'sub', channel: `presence-${channel(n)}`, auth: secret(n) }),
    'bad names': (n) => JSON.stringify({ op: 'sub', id: n, channel: `!${padding(n)}` }),
    'bad who': (n) => JSON.stringify({ op: 'who', id: n, channel: `!${padding(n)}` }),
    'bad pub': (n) => JSON.stringify({ op: 'pub', id: n, channel: `!${padding(n)}`, event: 'x', data: 1 }),
    'bad calls': (n) => JSON.stringify({ op: 'call', id: n, method: padding(n), data: 1 }),
    calls: (n) => nativeFrame(n, { op: 'call', id: secret(n), method: 'keep', data: secret(n) }),
    'usual calls': (n) => `{"op":"call","id":${n},"method":"keep","data":"${secret(n)}"${' '.repeat(PAD)}}`,
  },
  velocity: {
    subscribe: (n) => velocityFrame(n, 'subscribe', { channel: channel(n) }),
    credentials: (n) => velocityFrame(n, 'subscribe', { channel: `private-${channel(n)}`, auth: secret(n) }),
    'bad names': (n) => velocityFrame(n, 'subscribe', { channel: `!${padding(n)}` }),
    calls: (n) => velocityFrame(n, 'keep', secret(n)),
  },
  plain: { raw: (n) => `${padding(n)}` },
}

const PROTOCOLS = { native: native(), velocity: velocity({ key: 'event' }), plain: plain() }

async function measured(name, frame) {
  const hub = new Hub({
    authorizer: ({ credentials }) => ({ allowed: true, member: { id: String(credentials), info: {} } }),
  })
  const NONE = { rate: 0, burst: 1 }
  const gateway = new Gateway({
    hub,
    protocols: { '/': PROTOCOLS[name] },
    rateLimit: { messages: NONE, subscribes: NONE },
  })
  hub.on('error', () => {})
  gateway.on('error', () => {})
  const kept = []
  if (name === 'plain') gateway.onMessage((_client, { text }) => void (text.length < 10 && kept.push(text)))
  else gateway.on('keep', (_client, { text, method }) => void kept.push([text, method]))
  const conns = []
  for (let at = 0; at < FRAMES / CHANNELS; at++) conns.push(await dial(gateway))
  await turn()
  const before = await used()
  for (let n = 0; n < FRAMES; n++) {
    conns[n % conns.length].says(frame(n))
    if (n % 10 === 9) await turn()
    for (const conn of conns) forget(conn)
  }
  await turn()
  for (const conn of conns) forget(conn)
  const after = await used()
  // Held until here, so that nothing is collected before.
  return { kept: after - before, clients: hub.stats().clients, conns: conns.length }
}

/** What the peers of a test received is no matter of the gateway. */
function forget(conn) {
  conn.received.length = 0
  conn.batches.length = 0
}

const results = {}
for (const [name, cases] of Object.entries(CASES)) {
  for (const [what, frame] of Object.entries(cases))
    results[`${name}: ${what}`] = (await measured(name, frame)).kept
}
console.log(JSON.stringify(results))
