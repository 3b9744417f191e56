// Attacks that some adapter does not withstand yet, and why. A run says so instead of failing; one that holds all the same
// fails, so that it is taken out. Nothing stays here.

/** @type {readonly { attack: string, adapters: readonly string[], reason: string }[]} */
export const PENDING = []

/** @param {string} attack @param {string} adapter */
export function pendingReason(attack, adapter) {
  return PENDING.find((one) => one.attack === attack && one.adapters.includes(adapter))?.reason
}
