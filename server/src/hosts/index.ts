import type { AdapterName } from '../config/table.ts'
import { UsageError } from '../config/usage.ts'
import type { StartHost } from './host.ts'

/** Loaded when it is asked for: the packages of the others need not be there. */
const HOSTS: Readonly<Record<AdapterName, () => Promise<StartHost>>> = {
  ws: async () => (await import('./ws.ts')).startWs,
  bun: async () => {
    if (!('Bun' in globalThis)) throw new UsageError('--adapter bun runs on Bun alone: start it with bun')
    return (await import('./bun.ts')).startBun
  },
  fastify: async () => {
    try {
      return (await import('./fastify.ts')).startFastify
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
      throw new UsageError('--adapter fastify needs the packages fastify and @fastify/websocket', {
        cause: error,
      })
    }
  },
}

/** @throws UsageError when the adapter cannot run here */
export function hostNamed(name: AdapterName): Promise<StartHost> {
  return HOSTS[name]()
}
