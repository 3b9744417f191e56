import { connContract } from '../contracts/conn.contract.ts'
import { HTTP_HOSTS } from '../support/http-hosts.ts'
import { pollOptions, pollStand, sseStand } from '../support/http-stand.ts'

// The fetch handler in the applications of others.

for (const [name, start] of HTTP_HOSTS.filter(([host]) => host !== 'node:http')) {
  connContract(`server-sent events, ${name}`, async (gateway) => {
    const { url, close } = await start(gateway, pollOptions(gateway))
    return sseStand(url, close)
  })

  connContract(`long polls, ${name}`, async (gateway) => {
    const { url, close } = await start(gateway, pollOptions(gateway))
    return pollStand(url, close)
  })
}
