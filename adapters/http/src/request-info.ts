/** What is known of a request beside what is in it. */
export interface RequestInfo {
  /** The peer's address, as the server sees it. */
  readonly remoteAddress?: string | undefined
  /**
   * After how many milliseconds without a byte the host cuts a connection whose request is being answered; 0: never. Streams
   * say something, and polls return, in half of it.
   *
   * @defaultValue `10_000` on Bun, as with Bun.serve; else `0`, as with `node:http`
   */
  readonly idleTimeoutMs?: number | undefined
}
