// A node in a process of its own: it listens on the channel `orders`, and tells its parent what it hears, and where it was told of a gap.
// Its first argument is the bus; the options of its driver follow as JSON; the third names what of the driver is switched off.
import { register } from 'node:module'

const [url, options, without] = process.argv.slice(2)
if (without) register('./unmended-hooks.mjs', import.meta.url, { data: without })

const { nats } = await import('@fanfare/nats')
const { redis } = await import('@fanfare/redis')

const settings = { ...JSON.parse(options), logger: () => {} }
const driver = url.startsWith('redis') ? redis({ url, ...settings }) : nats({ servers: url, ...settings })
await driver.subscribe(
  'orders',
  ({ payload }) => {
    const { publisher, number, at } = JSON.parse(payload)
    process.send({ publisher, number, ageMs: Date.now() - at })
  },
  { gap: () => process.send('gap') },
)
process.send('ready')
process.on('message', () => void driver.close().then(() => process.exit()))
