import type { ServerOptions } from 'node:https'
import type { ClientOptions } from 'ws'

/** Both sides know this key, so a test needs no certificate, which would expire. */
const KEY = Buffer.from('for tests on this machine alone')
const COMMON = { ciphers: 'PSK', minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const

export const TLS_SERVER: ServerOptions = { ...COMMON, pskCallback: () => KEY }

// The types of `ws` do not know that it hands these on to `tls.connect`.
const PRE_SHARED: object = {
  checkServerIdentity: () => undefined,
  pskCallback: () => ({ psk: KEY, identity: 'test' }),
}

export const TLS_CLIENT: ClientOptions = { ...COMMON, ...PRE_SHARED }
