import type { Gateway, Session } from '@fanfare/core'
import { MemoryConn } from '@fanfare/core/testing'

import { connContract } from '../contracts/conn.contract.ts'
import { type Peer, plainData, type Stand } from '../contracts/conn-stand.ts'
import { handshake } from '../fakes/test-gateway.ts'

connContract('in memory', memoryStand)

function memoryStand(gateway: Gateway): Promise<Stand> {
  const sessions: Session[] = []
  return Promise.resolve({
    async connect() {
      const ticket = await gateway.admit(handshake())
      if (!ticket.ok) throw new Error(ticket.message)
      const conn = new MemoryConn()
      const session = ticket.accept(conn)
      sessions.push(session)
      return memoryPeer(conn, session)
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
