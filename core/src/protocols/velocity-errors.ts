import type { Unicast } from '../contract/protocol.ts'
import type { Why } from '../ground/why.ts'
import type { OwnName } from './velocity-names.ts'

const NANOSECONDS_PER_MS = 1_000_000

/** A message about something that went wrong. */
export interface Failure {
  readonly name: OwnName
  readonly data: object
}

/** The two codes that Velocity's documentation has. All others are our words in capitals. */
const CODES: ReadonlyMap<string, string> = new Map([
  ['unknown', 'INVALID_EVENT'],
  ['bad-frame', 'INVALID_DATA'],
])

/** What is said when nobody said anything more precise. */
const SENTENCES: ReadonlyMap<string, string> = new Map([
  ['auth-expected', 'Authentication token required'],
  ['unauthorized', 'Invalid authentication token'],
  ['rate', 'Too many messages, please slow down'],
])

/** How a client is told that what it asked for was not done. */
export function failure(event: Extract<Unicast, { on: 'failed' }>): Failure {
  const { what, channel, why, detail, afterMs } = event
  const message = detail ?? sentence(why)
  const about = { event: event.ref, channel }
  if (why === 'rate') {
    return { name: 'rate_limit_exceeded', data: { message, retry_after: nanoseconds(afterMs), ...about } }
  }
  if (what === 'auth') return { name: 'auth_failed', data: { message, code: code(why) } }
  if (channel === undefined && (why === 'unauthorized' || why === 'auth-expected')) {
    return { name: 'unauthorized', data: { message, ...about } }
  }
  return { name: 'error', data: { message, code: code(why), ...about } }
}

/** The last words of a connection; `undefined` when there is nothing to explain. */
export function farewell(why: Why, detail = sentence(why)): Failure | undefined {
  switch (why) {
    case 'closed':
      return undefined
    case 'auth-expected':
      return { name: 'auth_required', data: { message: detail } }
    case 'unauthorized':
      return { name: 'auth_failed', data: { message: detail, code: code(why) } }
    case 'rate':
      return { name: 'rate_limit_exceeded', data: { message: detail } }
    default:
      return { name: 'error', data: { message: detail, code: code(why) } }
  }
}

/** A word of ours as a code. */
export function code(why: Why): string {
  return CODES.get(why) ?? why.toUpperCase().replaceAll('-', '_')
}

/** A length of time as Go prints it. */
export function nanoseconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.ceil(ms) * NANOSECONDS_PER_MS
}

function sentence(why: Why): string {
  return SENTENCES.get(why) ?? why.replaceAll('-', ' ')
}
