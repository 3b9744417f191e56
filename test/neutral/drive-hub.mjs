// A hub from beginning to end. Runs in the empty realm, where nothing but the language exists.
import { closeCode, HubClosedError } from '@fanfare/core'
import { testHub } from '@fanfare/core/testing'

function expect(what, condition) {
  if (!condition) throw new Error(`not so: ${what}`)
}

const hosts = [
  'process',
  'Buffer',
  'console',
  'setTimeout',
  'setImmediate',
  'queueMicrotask',
  'performance',
  'crypto',
]
for (const name of hosts) expect(`the realm has no ${name}`, !(name in globalThis))

const { hub, clock, reported, connect } = testHub({ authorizer: ({ auth }) => auth === 'let me in' })
const ann = connect({ auth: 'let me in' })
const ben = connect()

await hub.subscribe(ann.client, 'orders')
await hub.subscribe(ben.client, 'orders')
hub.broadcast('orders', 'for both')
hub.broadcast('orders', new Uint8Array([1, 2, 3]), { except: ben.client.id })
clock.turn()
expect('both receive the text', ann.conn.received[0] === 'for both' && ben.conn.received[0] === 'for both')
expect('one receives the bytes', ann.conn.received[1]?.length === 3 && ben.conn.received.length === 1)

const joined = hub.subscribe(ann.client, 'private-billing')
const refused = hub.subscribe(ben.client, 'private-billing').catch((error) => error.name)
await clock.settle()
await joined
expect('the authorizer decides', (await refused) === 'UnauthorizedError')

const closed = hub.close()
await clock.settle()
clock.advance(1_000)
await closed
expect('every client is closed', !ann.conn.open && ben.conn.closedWith !== undefined && hub.count() === 0)
expect('a word has a number', ann.conn.closedWith.code === closeCode('shutdown'))
expect('no timer is left', clock.timers === 0)
expect('no error was lost', reported.length === 0)

let late
try {
  connect()
} catch (error) {
  late = error
}
expect('a closed hub takes nobody', late instanceof HubClosedError)
