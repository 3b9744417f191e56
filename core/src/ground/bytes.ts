/**
 * The data as it is now: text as it is, bytes in a copy that nobody else can change. Whatever the hub, a driver or a test takes
 * goes through here once, however many get it: the caller may write into the same bytes again at once.
 */
export function taken(data: string | Uint8Array): string | Uint8Array {
  return data instanceof Uint8Array ? new Uint8Array(data) : data
}
