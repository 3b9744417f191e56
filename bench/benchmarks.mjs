// All benchmarks, in the order in which they run. A benchmark is loaded when its turn comes.

/** @typedef {import('./fan-out/fan-out.mjs').Benchmark} Benchmark */

/**
 * @typedef {object} Entry
 * @property {number} seconds - that it may take; together they are to stay below five minutes
 * @property {() => Promise<Benchmark>} load
 */

/** @type {Record<string, Entry>} */
export const benchmarks = {
  'fan-out': { seconds: 50, load: async () => (await import('./fan-out/fan-out.mjs')).fanOut },
  channels: { seconds: 25, load: async () => (await import('./channels/channels.mjs')).channels },
  adapters: { seconds: 25, load: async () => (await import('./fan-out/fan-out.mjs')).adapterCosts },
  'in-memory': { seconds: 15, load: async () => (await import('./in-memory/in-memory.mjs')).inMemory },
  bytes: { seconds: 2, load: async () => (await import('./bytes/bytes.mjs')).bytes },
  compressed: { seconds: 15, load: async () => (await import('./compressed/compressed.mjs')).compressed },
  latency: { seconds: 15, load: async () => (await import('./latency/latency.mjs')).latency },
  stalled: { seconds: 15, load: async () => (await import('./stalled/stalled.mjs')).stalled },
  joins: { seconds: 15, load: async () => (await import('./joins/joins.mjs')).joins },
  inbound: { seconds: 10, load: async () => (await import('./inbound/inbound.mjs')).inbound },
  budgets: { seconds: 20, load: async () => (await import('./budgets/budgets.mjs')).budgets },
  connect: { seconds: 20, load: async () => (await import('./connect/connect.mjs')).connect },
  idle: { seconds: 20, load: async () => (await import('./idle/idle.mjs')).idle },
  crowd: { seconds: 12, load: async () => (await import('./crowd/crowd.mjs')).crowd },
  cluster: { seconds: 40, load: async () => (await import('./cluster/cluster.mjs')).cluster },
}
