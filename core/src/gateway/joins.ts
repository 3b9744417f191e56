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
  readonly #open = new Set<Join>()

  /** @throws ClientError `limit` */
  begin(channel: string): Join {
    if (this.#open.size >= MOST) throw new ClientError('limit', 'too many subscribes have no answer yet')
    const join: Join = { channel, calledOff: false, admitted: false }
    this.#open.add(join)
    return join
  }

  end(join: Join): void {
    this.#open.delete(join)
  }

  callOff(channel: string): void {
    for (const join of this.#open) if (join.channel === channel) join.calledOff = true
  }
}
