import type { Gateway } from '@fanfare/core'
import { httpAdapter, type HttpAdapter } from '@fanfare/http'

/** The transports over plain HTTP: at `/sse` and `/poll`, and below the path of WebSocket clients, where ours look. */
export interface Plain {
  readonly adapters: readonly HttpAdapter[]
  /** Which of them a request is for, by its path. */
  find(target: string): number | undefined
  close(): Promise<void>
}

const TRANSPORT = /\/(sse|poll)\/?$/

export function plainTransports(gateway: Gateway, path: string): Plain {
  const paths = path === '/' ? ['/'] : [path, '/']
  const adapters = paths.map((mount) => httpAdapter(gateway, { path: mount }))
  return {
    adapters,
    find: (target) => {
      const [asked = ''] = target.split('?', 1)
      if (!TRANSPORT.test(asked)) return undefined
      return path !== '/' && asked.startsWith(`${path}/`) ? 0 : adapters.length - 1
    },
    close: async () => {
      await Promise.all(adapters.map((adapter) => adapter.close()))
    },
  }
}
