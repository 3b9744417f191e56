/**
 * What of a request target's path lies below `mount`, beginning with a slash; `undefined` when it is not below it. The
 * target is taken as it came: it is compared, never decoded or resolved.
 */
export function pathBelow(mount: string, target: string): string | undefined {
  const end = target.indexOf('?')
  const path = end < 0 ? target : target.slice(0, end)
  const base = mount.endsWith('/') ? mount.slice(0, -1) : mount
  if (path === base || path === `${base}/`) return '/'
  return path.startsWith(`${base}/`) ? path.slice(base.length) : undefined
}

/** Most clients offer none, and then there is nothing to keep. */
const NONE: readonly string[] = Object.freeze([])

/** The subprotocols that the header `sec-websocket-protocol` offers, in its order. */
export function subprotocolsOf(header: string | null | undefined): readonly string[] {
  if (!header) return NONE
  return header
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
}
