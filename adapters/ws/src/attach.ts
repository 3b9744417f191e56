import type { Server } from 'node:http'

import { type Gateway, OptionError } from '@fanfare/core'

import { compressionOf, type CompressionOptions } from './compression.ts'
import { type Attached, Mount } from './mount.ts'
import { knownOptions } from './options.ts'

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
  if (typeof path !== 'string' || !/^\/[^?#\s]*$/.test(path)) {
    throw new OptionError('path', "a path that begins with '/'", path)
  }
  return new Mount(gateway, server, { path, compression: compressionOf(compression) })
}
