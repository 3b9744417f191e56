/** What is needed of a request: `headers` as in fetch, or as in Node. */
export interface RequestWithHeaders {
  readonly headers:
    | { get(name: string): string | null | undefined }
    | Readonly<Record<string, string | readonly string[] | undefined>>
}

const HEADER = 'x-socket-id'
const FORM = /^[0-9]+\.[0-9]+$/

/**
 * The id of the client that sent this request, from the header `X-Socket-ID` that Laravel Echo and Pusher's SDKs set;
 * for `toOthers`. `undefined` when the header is missing, is there more than once, or is not of the form
 * `digits.digits`. The sender is free to write any id there: it is good for leaving somebody out of a broadcast, not
 * for knowing who it is.
 */
export function socketId({ headers }: RequestWithHeaders): string | undefined {
  const value = isFetchHeaders(headers) ? headers.get(HEADER) : fromRecord(headers)
  return typeof value === 'string' && FORM.test(value) ? value : undefined
}

function isFetchHeaders(
  headers: RequestWithHeaders['headers'],
): headers is { get(name: string): string | null | undefined } {
  return typeof headers.get === 'function'
}

/** Several headers are joined as fetch joins them, and so are of no valid form. */
function fromRecord(headers: Readonly<Record<string, string | readonly string[] | undefined>>): string {
  return Object.entries(headers)
    .filter(([name, value]) => name.toLowerCase() === HEADER && value !== undefined)
    .flatMap(([, value]) => value)
    .join(', ')
}
