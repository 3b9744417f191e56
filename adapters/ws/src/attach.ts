import type { Server } from 'node:http'

import type { Gateway } from '@fanfare/core'
import { knownOptions, mountPath } from '@fanfare/core/adapter'

import { compressionOf, type CompressionOptions } from './compression.ts'
import { type Attached, Mount } from './mount.ts'

/** How a gateway is mounted on an HTTP server. */
export interface AttachOptions {
  /** Where it is mounted; the paths of its protocols lie below. Other paths are left to others. @defaultValue `'/'` */
  readonly path?: string | undefined
  /** Compression of messages, for clients that offer it. @defaultValue `false` */
  readonly compression?: boolean | CompressionOptions | undefined
}

/**
 * Mounts a gateway on an HTTP or HTTPS server of one's own: it handles the `upgrade` event on its own path. Several can be
 * mounted on one server; the longest path decides.
 *
 * Connections to the server that do not finish their first request within the gateway's `handshakeTimeoutMs` are cut.
 *
 * @throws OptionError when an option is unknown or has a wrong value
 */
export function attach(gateway: Gateway, server: Server, options: AttachOptions = {}): Attached {
  knownOptions('attach', options, ['path', 'compression'])
  const { path = '/', compression = false } = options
  return new Mount(gateway, server, { path: mountPath(path), compression: compressionOf(compression) })
}
