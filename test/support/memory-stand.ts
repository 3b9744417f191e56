import type { Gateway, Session } from '@fanfare/core'
import { dial, DialRefused, MemoryConn, type Peer, plainData, type Stand } from '@fanfare/core/testing'

import { handshake } from '../fakes/test-gateway.ts'

/** Connections in memory. `makeConn` may make others that are like them, but for a fault. */
export function memoryStand(gateway: Gateway, makeConn = (): MemoryConn => new MemoryConn()): Promise<Stand> {
  const sessions: Session[] = []
  return Promise.resolve({
    async connect() {
      const ticket = await gateway.admit(handshake())
      if (!ticket.ok) throw new Error(ticket.message)
      const conn = makeConn()
      const session = ticket.accept(conn)
      sessions.push(session)
      return memoryPeer(conn, session)
    },
    async ask(knock) {
      try {
        ;(await dial(gateway, knock)).peerCloses()
        return { status: 'connected', headers: {} }
      } catch (error) {
        if (error instanceof DialRefused) return error.refusal
        throw error
      }
    },
    close: () => Promise.resolve(sessions.forEach((session) => session.leave())),
  })
}

function memoryPeer(conn: MemoryConn, session: Session): Peer {
  let ended: Peer['ended']
  conn.attach({
    receive: (data) => session.receive(data),
    writable: () => session.writable(),
    leave: (why) => session.leave(why),
    closed: (code = 1005, reason = '') => {
      ended = { code, reason }
      session.closed(code, reason)
    },
  })
  return {
    get received() {
      return conn.received.map(plainData)
    },
    get ended() {
      return ended
    },
    send: (data) => conn.says(data),
    stall: () => conn.stall(),
    resume: () => conn.resume(),
    close: (code, reason) => conn.peerCloses(code, reason),
    destroy: () => conn.peerCloses(1006),
  }
}
