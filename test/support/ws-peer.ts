import { once } from 'node:events'

import { type ClientOptions, WebSocket } from 'ws'

import type { Peer } from '../contracts/conn-stand.ts'
import { plainData } from '../contracts/conn-stand.ts'

/** Connects with the client of `ws`, which keeps to the rules. */
export async function wsPeer(
  url: string,
  options: ClientOptions = {},
): Promise<Peer & { readonly ws: WebSocket }> {
  const ws = new WebSocket(url, { perMessageDeflate: false, ...options })
  const received: (string | Uint8Array)[] = []
  let ended: Peer['ended']
  ws.on('message', (data: Buffer, isBinary) => received.push(plainData(isBinary ? data : data.toString())))
  ws.on('close', (code, reason) => (ended = { code, reason: reason.toString() }))
  // What went wrong shows in how it ended.
  ws.on('error', () => {})
  await once(ws, 'open')
  return {
    ws,
    received,
    get ended() {
      return ended
    },
    send: (data) => ws.send(data),
    stall: () => ws.pause(),
    resume: () => ws.resume(),
    close: (code, reason) => ws.close(code, reason),
    destroy: () => ws.terminate(),
  }
}
