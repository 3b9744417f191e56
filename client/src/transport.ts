import type { ClientPlatform } from './platform.ts'

/** What a transport tells about a link it opened. */
export interface LinkEvents {
  /** A whole message came: text, or whatever the host makes of bytes. */
  message(data: unknown): void
  /**
   * The link is gone, or could not be made. Told once.
   *
   * @param code - a WebSocket close code; 1006 when there was none
   * @param status - the HTTP status, when it is all that was heard: anybody between here and the server may have said it
   */
  closed(code: number, reason: string, status?: number): void
  /** Another way is tried from here on: the time for connecting begins anew. */
  again?(): void
}

/** One attempt to reach the server, and the connection if it succeeds. The server speaks first, with `welcome`. */
export interface Link {
  /** Takes a whole message. Never throws; called only after the first message came. */
  send(text: string): void
  /** Bytes taken and not yet on their way. */
  readonly bufferedBytes: number
  /** Ends it: nothing is told about it any more. `cut`: the peer is gone, so there is no point in saying goodbye. */
  close(cut?: boolean): void
}

/**
 * A way to the server. The client knows nothing else of it, so each is a file of its own that only those who use it
 * load.
 */
export interface Transport {
  /** What the option `mode` calls it; `'auto'` is one made of others. */
  readonly name: 'auto' | 'websocket' | 'sse' | 'poll'
  /**
   * Begins to open a link. May throw; tells nothing before it returned.
   *
   * @param url - `ws:` or `wss:`, with the token in its query if it belongs there
   */
  open(url: string, events: LinkEvents, platform: ClientPlatform): Link
  /** The network is another one: what was learnt about it is worth nothing. */
  forget?(): void
}
