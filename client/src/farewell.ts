import { type Verdict, verdictOf } from './backoff.ts'
import { FanfareClientError } from './errors.ts'
import type { FrameOf } from './frames.ts'

/** The close code of an ordinary end. */
export const ENDED = 1000
/** The close code for `expired`. A refusal that another token may change has it too, whatever its word. */
const EXPIRED = 4010

/** What the end of a connection means. */
export interface Farewell {
  readonly verdict: Verdict
  readonly error: FanfareClientError
}

/**
 * Reads the end of a connection: the server's last words if there were any, else the close code.
 *
 * @param reason - of the close frame; empty when there was none
 * @param canRenew - whether there may be a new token: it is let in where an expired one is not
 */
export function farewell(
  code: number,
  reason: string,
  bye: FrameOf<'bye'> | undefined,
  canRenew: boolean,
): Farewell {
  const asked = verdictOf(code)
  const { code: said, message, retry } = bye ?? lastWords(asked, code, reason)
  const error = new FanfareClientError(
    said || 'disconnected',
    `the connection was closed: ${message ?? (said || String(code))}`,
    { by: said ? 'server' : 'client' },
  )
  if (asked !== 'never' && retry !== false) return { verdict: asked, error }
  return { verdict: canRenew && (said === 'expired' || code === EXPIRED) ? 'later' : 'never', error }
}

/** The reason of a close frame is the server's word only if the code is; otherwise it is the network's, and says little. */
function lastWords(
  asked: Verdict,
  code: number,
  reason: string,
): Pick<FrameOf<'bye'>, 'code' | 'message' | 'retry'> {
  if (asked === 'retry') return { code: '' }
  return { code: reason || (code === ENDED ? 'closed' : '') }
}
