import type { Gateway, Session, Ticket } from '@fanfare/core'
import { type Sessions, watchHeartbeat } from '@fanfare/core/adapter'
import type { ServerWebSocket } from 'bun'

import { BunConn, type BunConnOptions } from './bun-conn.ts'

/** What the seats of one adapter share. */
export interface House extends BunConnOptions {
  readonly gateway: Gateway
  readonly sessions: Sessions
}

/** What a connection of Bun.serve carries as its `data`, from the upgrade to its end. */
export class Seat {
  readonly #house: House
  readonly #ticket: Ticket
  #conn: BunConn | undefined
  #session: Session | undefined
  #unwatch: () => void = () => {}
  /** Grows with every sign of life. */
  #heard = 0

  constructor(house: House, ticket: Ticket) {
    this.#house = house
    this.#ticket = ticket
  }

  opened(ws: ServerWebSocket<Seat>): void {
    const { gateway, sessions } = this.#house
    const conn = new BunConn(ws, this.#house)
    this.#conn = conn
    const session = this.#ticket.accept(conn)
    this.#session = session
    sessions.add(session)
    conn.attach(session)
    this.#unwatch = watchHeartbeat(gateway.wheel, gateway.limits.heartbeat, {
      heard: () => this.#heard,
      ping: () => void ws.ping(),
      dead: () => {
        session.leave('idle')
        conn.terminate()
      },
    })
  }

  /** A sign of life. */
  heard(): void {
    this.#heard++
  }

  message(data: string | Uint8Array): void {
    this.#heard++
    this.#session?.receive(data)
  }

  drained(): void {
    this.#conn?.drained()
  }

  closed(code: number, reason: string): void {
    this.#unwatch()
    if (!this.#conn || !this.#session) return
    this.#conn.ended(code, reason)
    this.#house.sessions.delete(this.#session)
  }
}
