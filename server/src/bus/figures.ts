import type { BusStats } from '@fanfare/broadcasting/driver'

import { STATUSES, type BusStatus } from './status.ts'

type Figure = readonly [type: 'counter' | 'gauge', name: string, help: string]

/** What is told of each figure of a driver. */
const FIGURES: Readonly<Record<keyof BusStats, Figure>> = {
  published: ['counter', 'published_total', 'Events that the bus took.'],
  refused: ['counter', 'refused_total', 'Events that certainly did not reach the bus.'],
  unknown: ['counter', 'unknown_total', 'Events of which nobody knows whether the bus has them.'],
  received: ['counter', 'received_total', 'Events that came from the bus.'],
  late: ['counter', 'late_total', 'Events discarded because they came after their deadline.'],
  stale: ['counter', 'stale_total', 'Events discarded because they had come before.'],
  gaps: ['counter', 'gaps_total', 'Holes in what came from the bus.'],
  unknownVersion: [
    'counter',
    'unknown_version_total',
    'Events of a version that this server does not speak.',
  ],
  notUnderstood: [
    'counter',
    'not_understood_total',
    'Events with a part that has to be understood and is not.',
  ],
  implausible: [
    'counter',
    'implausible_total',
    'Events with a number that their sender cannot have given them.',
  ],
  unsigned: ['counter', 'unsigned_total', 'Events dropped because they have no valid signature.'],
  malformed: ['counter', 'malformed_total', 'Messages on the bus that are no events.'],
  tooLarge: ['counter', 'too_large_total', 'Events that were too large to be read.'],
  dropped: ['counter', 'dropped_total', 'Events dropped because a queue was full.'],
  connects: ['counter', 'connects_total', 'Connections made to the bus.'],
  channels: ['gauge', 'channels', 'Channels that this server is on.'],
  origins: ['gauge', 'origins', 'Senders that are remembered, once for each channel.'],
  unsettled: ['gauge', 'unsettled', 'Events published without an outcome yet.'],
  queuedBytes: ['gauge', 'queued_bytes', 'Bytes held of what was published.'],
}

/** The state of a bus and what its driver counted, in the text format of Prometheus. */
export function busFigures(status: BusStatus, stats: BusStats): string {
  const states = STATUSES.map(
    (each) => `fanfare_bus_status{status="${each}"} ${each === status ? '1' : '0'}\n`,
  )
  return [
    head('gauge', 'fanfare_bus_status', 'How the bus is: 1 at what it is.'),
    ...states,
    ...(Object.keys(FIGURES) as (keyof BusStats)[]).map((key) => {
      const [type, name, help] = FIGURES[key]
      return `${head(type, `fanfare_bus_${name}`, help)}fanfare_bus_${name} ${String(stats[key])}\n`
    }),
  ].join('')
}

function head(type: Figure[0], name: string, help: string): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`
}
