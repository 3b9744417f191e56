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

/** Who has subscribes that have no answer yet: an unsubscribe that comes meanwhile calls them off. */
export interface Joining {
  /** Only while there are any. */
  joins: Set<Join> | undefined
}

/** @throws ClientError `limit` */
export function beginJoin(who: Joining, channel: string): Join {
  const open = (who.joins ??= new Set())
  if (open.size >= MOST) throw new ClientError('limit', 'too many subscribes have no answer yet')
  const join: Join = { channel, calledOff: false, admitted: false }
  open.add(join)
  return join
}

/** There is an answer. */
export function endJoin(who: Joining, join: Join): void {
  who.joins?.delete(join)
  if (who.joins?.size === 0) who.joins = undefined
}

/** The client wants to be in the channel no more. */
export function callOffJoins(who: Joining, channel: string): void {
  for (const join of who.joins ?? []) if (join.channel === channel) join.calledOff = true
}
