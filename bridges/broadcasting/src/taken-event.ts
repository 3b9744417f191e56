import { taken } from '@fanfare/core/contract'

import type { Event } from './event.ts'

/** The event as it is now: whoever published it may use its bytes again at once. */
export function takenEvent(event: Event): Event {
  return typeof event.payload === 'string' ? event : { ...event, payload: taken(event.payload) }
}
