import type { Gateway } from '@fanfare/core'
import { dial, type DialOptions, type MemoryConn } from '@fanfare/core/testing'

import { until } from '../support/until.ts'

export type Frame = Readonly<Record<string, unknown>>

/** A client of a gateway whose time goes by itself: says things, and waits for frames. */
export class Guest {
  readonly conn: MemoryConn
  #at = 0

  private constructor(conn: MemoryConn) {
    this.conn = conn
  }

  /** @throws DialRefused when the gateway does not let it in */
  static async of(gateway: Gateway, options?: DialOptions): Promise<Guest> {
    return new Guest(await dial(gateway, options))
  }

  says(frame: Frame): void {
    this.conn.says(frame)
  }

  /** The next frame whose members are like these; those before it are passed over. */
  async next(like: Frame): Promise<Frame> {
    let found = -1
    const search = (): boolean => {
      found = this.#frames().findIndex((frame) => isLike(frame, like))
      return found >= 0
    }
    await until(search, `${JSON.stringify(like)} among ${JSON.stringify(this.conn.messages)}`)
    const frame = this.#frames()[found] ?? {}
    this.#at += found + 1
    return frame
  }

  /** What it is answered. */
  async asks(frame: Frame & { readonly id: number }): Promise<Frame> {
    this.says(frame)
    return this.next({ id: frame.id })
  }

  #frames(): Frame[] {
    return (this.conn.messages as Frame[]).slice(this.#at)
  }
}

function isLike(frame: Frame, like: Frame): boolean {
  return Object.entries(like).every(([name, value]) => frame[name] === value)
}
