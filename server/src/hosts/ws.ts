import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

import { attach } from '@fanfare/ws'

import { listen } from '../listen.ts'
import { limitSockets, limits, listenerOf, type StartHost } from './host.ts'

/** `ws` on `node:http`. */
export const startWs: StartHost = async (options) => {
  const { gateway, settings, failed } = options
  const server = createServer(limits(settings), listenerOf(options))
  limitSockets(server, settings)
  const attached = attach(gateway, server, { path: settings.path })
  await listen(server, settings, failed)
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      await attached.close()
      server.closeAllConnections()
      await closed
    },
  }
}
