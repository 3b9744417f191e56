/** @import { StateChange } from '/client/index.js' */
/** @import { Way } from './logged.js' */

/**
 * The connection, as far as people want to know.
 *
 * @typedef {object} State
 * @property {'connecting' | 'online' | 'waiting' | 'ended'} phase
 * @property {number} [retryAt] - while waiting: when the next attempt is due, in milliseconds since 1970
 * @property {string} [why] - while waiting: the code of what happened; when ended: a sentence
 * @property {Way} [way] - while online: the transport
 * @property {number} [latencyMs] - while online: how long the last answer took
 */

/** How the client begins to say why a connection ended. */
const CLOSED = 'the connection was closed: '

/**
 * What a change of the client's state means.
 *
 * @param {Pick<StateChange, 'state' | 'retryInMs'> & { error?: Pick<Error, 'message'> & { code: string } | undefined }} change
 * @param {number} now
 * @returns {State}
 */
export function stateOf({ state, error, retryInMs = 0 }, now) {
  if (state === 'open') return { phase: 'online' }
  if (state === 'waiting') return { phase: 'waiting', retryAt: now + retryInMs, why: error?.code ?? '' }
  if (state === 'closed') return { phase: 'ended', why: (error?.message ?? '').replace(CLOSED, '') }
  return { phase: 'connecting' }
}
