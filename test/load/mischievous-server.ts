import type { AddressInfo } from 'node:net'

import { type WebSocket, WebSocketServer } from 'ws'

/** What is done to a message on its way to one client: the frames that are sent there instead, in order. */
export type Mischief = (frame: string, nth: number, channel: string) => readonly string[]

export interface MischievousServer {
  readonly url: string
  /** What came with the handshakes. */
  readonly handshakes: { readonly url: string; readonly authorization: string | undefined }[]
  /** All frames of clients but publishes. */
  readonly said: Record<string, unknown>[]
  close(): Promise<void>
}

/** A server that speaks as much of the protocol native as it takes, and does not deliver as it should. */
export async function mischievousServer(
  mischief: Mischief,
  refuse: (frame: Record<string, unknown>) => string | undefined = () => undefined,
): Promise<MischievousServer> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  await new Promise((resolve) => server.once('listening', resolve))
  const handshakes: MischievousServer['handshakes'] = []
  const said: Record<string, unknown>[] = []
  const rooms = new Map<string, Map<WebSocket, number>>()
  const hear = (socket: WebSocket, frame: Record<string, unknown>): void => {
    const { op, id } = frame
    if (op !== 'pub') said.push(frame)
    const channel = String(frame['channel'])
    const code = refuse(frame)
    if (code !== undefined) return socket.send(JSON.stringify({ op: 'err', id, code, channel }))
    const room = rooms.get(channel) ?? new Map<WebSocket, number>()
    rooms.set(channel, room)
    if (op === 'sub') room.set(socket, 0)
    if (op === 'pub') {
      const message = JSON.stringify({ op: 'msg', channel, event: frame['event'], data: frame['data'] })
      for (const [member, nth] of room) {
        room.set(member, nth + 1)
        for (const text of mischief(message, nth, channel)) member.send(text)
      }
    }
    socket.send(JSON.stringify({ op: 'ok', id, channel }))
  }
  server.on('connection', (socket, { url = '', headers }) => {
    handshakes.push({ url, authorization: headers.authorization })
    socket.send('{"op":"welcome","v":1,"client":"1.1","heartbeat":0}')
    socket.on('message', (data: Buffer) =>
      hear(socket, JSON.parse(data.toString()) as Record<string, unknown>),
    )
    socket.on('close', () => rooms.forEach((room) => room.delete(socket)))
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `ws://127.0.0.1:${String(port)}/ws`,
    handshakes,
    said,
    close: () =>
      new Promise((resolve) => {
        for (const socket of server.clients) socket.terminate()
        server.close(() => resolve())
      }),
  }
}
