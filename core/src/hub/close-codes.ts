import type { Why } from '../ground/why.ts'

/**
 * The close codes of our own protocols. The ranges are Pusher's, so that one rule for reconnecting serves all clients:
 * 4000–4099 do not come back, 4100–4199 come back later, 4200–4299 come back soon.
 */
const CLOSE_CODES: Readonly<Record<Why, number>> = {
  closed: 1000,
  'bad-frame': 4000,
  invalid: 4000,
  unknown: 4000,
  'bad-name': 4000,
  'not-subscribed': 4000,
  'not-found': 4000,
  disabled: 4003,
  'no-app': 4001,
  'bad-version': 4006,
  'auth-expected': 4009,
  unauthorized: 4009,
  forbidden: 4009,
  expired: 4010,
  terminated: 4011,
  'too-large': 1009,
  internal: 1011,
  'over-capacity': 4100,
  slow: 4101,
  gap: 4101,
  rate: 4102,
  limit: 4103,
  timeout: 4200,
  'local-only': 4200,
  cancelled: 4200,
  shutdown: 4200,
  idle: 4201,
}

/** The close code of `plain` and `native` for a reason. */
export function closeCode(why: Why): number {
  return CLOSE_CODES[why]
}
