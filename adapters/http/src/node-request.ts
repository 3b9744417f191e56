/** What a request on Node looks like behind the one that `srvx` makes of it. */
interface NodeHost {
  readonly runtime?: { readonly node?: { readonly req?: NodeRequest } }
}

/** What is looked at of a request of Node. */
export interface NodeRequest {
  rawHeaders: string[]
  headers: Record<string, string | string[] | undefined>
  headersDistinct: unknown
}

/** The request of Node behind one that `srvx` made of it; `undefined` on other hosts. */
export function nodeRequestOf(request: Request): NodeRequest | undefined {
  return (request as NodeHost).runtime?.node?.req
}

/** So much of a header, and of all of them, in UTF-16 units: what a log of requests has of it. */
const HEADER_UNITS = 256
const HEADERS_UNITS = 1_024
const PERSONAL: ReadonlySet<string> = new Set(['cookie', 'authorization', 'proxy-authorization'])

/**
 * Node holds a request until it is answered, which for a stream is when it ends: takes out of it the headers that are large
 * or say who somebody is. On other hosts it does nothing.
 */
export function letGo(request: Request): void {
  const held = nodeRequestOf(request)
  if (!held) return
  const kept: [name: string, value: string][] = []
  let units = 0
  for (let at = 0; at < held.rawHeaders.length; at += 2) {
    const [name = '', value = ''] = held.rawHeaders.slice(at, at + 2)
    if (PERSONAL.has(name.toLowerCase()) || name.length + value.length > HEADER_UNITS) continue
    units += name.length + value.length
    if (units > HEADERS_UNITS) break
    kept.push([name, value])
  }
  held.rawHeaders = kept.flat()
  held.headers = Object.fromEntries(kept.map(([name, value]) => [name.toLowerCase(), value]))
  // Made anew when somebody asks.
  held.headersDistinct = undefined
}
