import { ClientError } from '../ground/errors.ts'

/** How many subscribes of one client may be on their way at once; those in the hub have tighter bounds of their own. */
const MOST = 256

/** One subscribe on its way through the middleware to the hub. */
export interface Join {
  readonly channel: string
  /** The client unsubscribed meanwhile. */
  calledOff: boolean
  /** The middleware let it through. */
  admitted: boolean
}

/** The subscribes of one client that have no answer yet: an unsubscribe that comes meanwhile calls them off. */
export class Joins {
  /** Only while there are any. */
  #open: Set<Join> | undefined

  /** @throws ClientError `limit` */
  begin(channel: string): Join {
    const open = (this.#open ??= new Set())
    if (open.size >= MOST) throw new ClientError('limit', 'too many subscribes have no answer yet')
    const join: Join = { channel, calledOff: false, admitted: false }
    open.add(join)
    return join
  }

  end(join: Join): void {
    this.#open?.delete(join)
    if (this.#open?.size === 0) this.#open = undefined
  }

  callOff(channel: string): void {
    for (const join of this.#open ?? []) if (join.channel === channel) join.calledOff = true
  }
}
