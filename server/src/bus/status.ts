/** How the bus is: `degraded` while it cannot be reached, or does not answer. */
export type BusStatus = 'connecting' | 'up' | 'degraded'

/** All of them. */
export const STATUSES: readonly BusStatus[] = ['connecting', 'up', 'degraded']
