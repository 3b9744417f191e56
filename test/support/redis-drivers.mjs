// Many drivers for one server, in a process of its own: what ends the process ends this one.
import { redis } from '@fanfare/redis'

const [url, tls, count, ms] = process.argv.slice(2)
const said = new Set()
const drivers = Array.from({ length: Number(count) }, () =>
  redis({
    url,
    options: { tls: JSON.parse(tls) },
    reconnectDelayMs: 20,
    logger: (_message, { error }) => said.add(String(error?.message)),
  }),
)
await new Promise((resolve) => setTimeout(resolve, Number(ms)))
await Promise.all(drivers.map((driver) => driver.close()))
console.log([...said].join('\n'))
