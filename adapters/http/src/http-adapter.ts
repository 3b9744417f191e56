import type { Gateway } from '@fanfare/core'

import { closing } from './answers.ts'
import { type Answered, Mount } from './mount.ts'
import type { RequestInfo } from './request-info.ts'
import { type HttpAdapterOptions, httpSettings } from './options.ts'

/** A gateway on plain HTTP: a fetch handler, and its end. */
export interface HttpAdapter {
  /** Answers a request. Never rejects for what a client sent; 404 when the path is not one of the adapter's. */
  (request: Request, info?: RequestInfo): Promise<Response>
  /** Whether the path of a request is one of the adapter's: to decide who answers it. */
  handles(request: Request): boolean
  /** How many clients are connected, by streams and by polls. */
  readonly connections: number
  /**
   * Takes no more connections, says goodbye to those there are as `shutdown`, and resolves when all of them are gone,
   * after 5 s at most. The gateway stays as it is. Idempotent.
   */
  close(): Promise<void>
}

/**
 * Mounts a gateway on plain HTTP, for networks without WebSocket: server-sent events with commands by POST at `…/sse`, and
 * long polls at `…/poll`, as `docs/protocol-http.md` describes them. It runs wherever there are `Request` and `Response`.
 *
 * @throws OptionError when an option is unknown or has a wrong value
 */
export function httpAdapter(gateway: Gateway, options: HttpAdapterOptions = {}): HttpAdapter {
  const mount = new Mount(gateway, httpSettings(options))
  const answer = (request: Request, info: RequestInfo = {}): Promise<Response> =>
    // Nothing that waits here holds the request.
    mount.answer(request, info).then(whenReady).catch(failed)
  const failed = (error: unknown): Response => {
    gateway.hub.reportError({ error, where: 'conn' })
    return closing(new Response(null, { status: 500 }))
  }
  return Object.defineProperties(answer, {
    handles: { value: (request: Request) => mount.handles(request) },
    connections: { get: () => mount.connections },
    close: { value: () => mount.close() },
  }) as HttpAdapter
}

function whenReady(answered: Answered): Response | Promise<Response> {
  return answered instanceof Response ? answered : answered.wait
}
