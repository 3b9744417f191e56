// Attacks that some adapter does not withstand yet, and why. A run says so instead of failing; one that holds all the same
// fails, so that it is taken out. Nothing stays here.

/** @type {readonly { attack: string, adapters: readonly string[], reason: string }[]} */
export const PENDING = [
  {
    attack: 'stalled-flood',
    adapters: ['ws', 'fastify'],
    reason:
      'within a second the process is full, before any budget is spent; at a third of that rate it holds',
  },
]

/** @param {string} attack @param {string} adapter */
export function pendingReason(attack, adapter) {
  return PENDING.find((one) => one.attack === attack && one.adapters.includes(adapter))?.reason
}
