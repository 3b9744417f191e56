import { serve } from '@fanfare/bun'

import { responseOf } from '../answer.ts'
import type { StartHost } from './host.ts'

/** Bun.serve. */
export const startBun: StartHost = async ({ gateway, settings, plain, site }) => {
  const { host, port, path } = settings
  const served = await serve(gateway, {
    ...{ host, port, path },
    fetch: (request, info) => {
      const { pathname } = new URL(request.url)
      const at = plain.find(pathname)
      const adapter = at === undefined ? undefined : plain.adapters[at]
      return adapter ? adapter(request, info) : responseOf(request, site(request.method, pathname))
    },
  })
  return { port: served.port, close: () => served.close() }
}
