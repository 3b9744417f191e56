/** On what the results of tests were taken. */
export const ground = {
  date: '2026-11-21',
  machine: { processor: 'P', cores: 2, memoryGiB: 4, system: 'S' },
  versions: { node: '20' },
}

const deliveries = [
  [1, 10],
  [10, 1.5],
  [50, 0.4],
].map(([perTurn, median]) => ({ name: 'fanfare-native', title: 'N', perTurn, cpu: { median } }))

/** Deliveries of 1 µs to 100 clients, and 100 µs more for each node. */
const nodes = [1, 2, 3].map((many) => ({ name: 'fanfare-redis', nodes: many, cpu: { median: 1 + many } }))

/** Results of the benchmarks that a plan needs, as round as they never are. */
export const planResults: Record<string, object> = {
  'fan-out': { ...ground, subscribers: 1_000, payloadBytes: 128, levels: [1, 10, 50], results: deliveries },
  cluster: { ...ground, subscribers: 100, results: nodes },
  connect: { ...ground, results: [{ name: 'fanfare-native', cpu: { median: 200 } }] },
  idle: {
    ...ground,
    connections: 6_000,
    results: [{ name: 'fanfare-native', rss: { median: 8_000 }, heap: { median: 5_000 } }],
  },
}
