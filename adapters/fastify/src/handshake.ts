import type { Handshake } from '@fanfare/core'
import { handshakeOf as handshakeOfNode } from '@fanfare/ws/connections'
import type { FastifyRequest } from 'fastify'

/** What the gateway wants to know of an upgrade request. `path` is what lies below the mount. */
export function handshakeOf(request: FastifyRequest, path: string): Handshake {
  return { ...handshakeOfNode(request.raw, path), request }
}

/**
 * Fastify's request behind a handshake, with what hooks and plugins put on it; `undefined` when it came another way.
 *
 * @example
 * ```ts
 * new Gateway({ authenticate: ({ handshake }) => requestOf(handshake)?.user })
 * ```
 */
export function requestOf({ request }: Handshake): FastifyRequest | undefined {
  return request as FastifyRequest | undefined
}
