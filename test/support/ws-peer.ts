import { once } from 'node:events'
import type { Socket } from 'node:net'

import { type ClientOptions, WebSocket } from 'ws'

import { type Peer, plainData } from '../contracts/conn-stand.ts'
import { begunFrame, pingFrames } from './raw-frames.ts'

/** Connects with the client of `ws`, which keeps to the rules. */
export async function wsPeer(
  url: string,
  options: ClientOptions = {},
): Promise<Peer & { readonly ws: WebSocket }> {
  const ws = new WebSocket(url, { perMessageDeflate: false, ...options })
  const received: (string | Uint8Array)[] = []
  let ended: Peer['ended']
  let socket: Socket | undefined
  ws.on('message', (data: Buffer, isBinary) => received.push(plainData(isBinary ? data : data.toString())))
  ws.on('close', (code, reason) => (ended = { code, reason: reason.toString() }))
  // What went wrong shows in how it ended.
  ws.on('error', () => {})
  ws.on('upgrade', (response) => (socket = response.socket))
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
    // Pings are answered as they are read.
    freeze: () => ws.pause(),
    begin: (bytes) => void socket?.write(begunFrame(bytes)),
    ping: (count) => void socket?.write(pingFrames(count)),
    sendRaw: (bytes) => void socket?.write(bytes),
  }
}
