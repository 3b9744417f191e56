import type { Gateway, Session, Ticket, Why } from '@fanfare/core'
import { type ControlFrames, type Sessions, watchHeartbeat } from '@fanfare/core/adapter'
import type { ServerWebSocket } from 'bun'

import { BunConn, type BunConnOptions } from './bun-conn.ts'
import type { Pressure, Suspect } from './pressure.ts'

/** What the seats of one adapter share. */
export interface House extends BunConnOptions {
  readonly gateway: Gateway
  readonly sessions: Sessions
  readonly controls: ControlFrames<Seat>
  readonly pressure: Pressure
}

/** What a connection of Bun.serve carries as its `data`, from the upgrade to its end. */
export class Seat implements Suspect {
  readonly #house: House
  /** Until it is open: a ticket holds the request. */
  #ticket: Ticket | undefined
  #ws: ServerWebSocket<Seat> | undefined
  #conn: BunConn | undefined
  #session: Session | undefined
  #unwatch: () => void = () => {}
  /** Grows with every sign of life. */
  #heard = 0
  #said = false
  /** What it had heard when it was probed. */
  #probed: number | undefined

  constructor(house: House, ticket: Ticket) {
    this.#house = house
    this.#ticket = ticket
  }

  opened(ws: ServerWebSocket<Seat>): void {
    const { gateway, sessions } = this.#house
    const ticket = this.#ticket
    if (!ticket) return
    this.#ticket = undefined
    const conn = new BunConn(ws, this.#house)
    this.#ws = ws
    this.#conn = conn
    const session = ticket.accept(conn)
    this.#session = session
    sessions.add(session)
    conn.attach(session)
    this.#house.pressure.add(this)
    this.#unwatch = watchHeartbeat(gateway.wheel, gateway.limits.heartbeat, {
      heard: () => this.#heard,
      ping: () => void ws.ping(),
      dead: () => this.cut('idle'),
    })
  }

  get said(): boolean {
    return this.#said
  }

  get silent(): boolean {
    return this.#probed === this.#heard
  }

  probe(): void {
    this.#probed = this.#heard
    this.#ws?.ping()
  }

  cut(why: Why): void {
    this.#session?.leave(why)
    this.#conn?.terminate()
  }

  /** A ping or a pong came. */
  control(): void {
    this.#heard++
    if (!this.#house.controls.count(this)) this.cut('rate')
  }

  message(data: string | Uint8Array): void {
    this.#heard++
    this.#said = true
    this.#session?.receive(data)
  }

  drained(): void {
    this.#conn?.drained()
  }

  closed(code: number, reason: string): void {
    this.#unwatch()
    this.#house.controls.forget(this)
    this.#house.pressure.delete(this)
    if (!this.#conn || !this.#session) return
    this.#conn.ended(code, reason)
    this.#house.sessions.delete(this.#session)
  }
}
