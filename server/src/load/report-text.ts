import type { Quantiles } from './histogram.ts'
import type { Ending, Report } from './report.ts'

const ENDINGS: Readonly<Record<Ending, string>> = {
  done: '',
  interrupted: ', interrupted',
  abandoned: ', given up: no client was connected any more',
}

/** Less of the rate than this, and something else than the server may have been the limit. */
const FULL_RATE = 0.9

/** A report for people, in lines. */
export function reportText(report: Report): string {
  const rows = [...connectionRows(report), ...messageRows(report), ...timeRows(report)]
  const lines = rows.map(([name, text]) => `${name.padEnd(13)}${text}`)
  return `${[head(report), '', ...lines, '', ...remarks(report), verdict(report)].join('\n')}\n`
}

type Row = readonly [name: string, text: string]

function head({ load, seconds, ended }: Report): string {
  const { clients, channels, publishers, rate, bytes } = load
  const by = publishers === 0 ? 'a worker on the bus' : `${String(publishers)} of them`
  const what = `${String(rate)} messages/s of ${String(bytes)} bytes`
  return `${String(clients)} clients in ${String(channels)} channels, ${what} published by ${by}, ${String(seconds)} s${ENDINGS[ended]}`
}

function counts(named: Readonly<Record<string, number>>): string {
  return Object.entries(named)
    .map(([name, count]) => `${String(count)} ${name}`)
    .join(', ')
}

function connectionRows({ connections, subscriptions }: Report): Row[] {
  const rows: Row[] = [['connections', counts(connections)]]
  if (subscriptions.refused + subscriptions.ended > 0)
    rows.push(['subscriptions', ` ${counts(subscriptions)} by the server`])
  return rows
}

function messageRows({ messages, deliveries, gaps }: Report): Row[] {
  const { expected, received, lost, announced, cut, reordered, duplicated, strange, foreign } = deliveries
  const { published, refused, unknown } = messages
  const missing = `${String(lost)} lost, ${String(announced)} announced as missing, ${String(cut)} missed by cut connections`
  const rows: Row[] = [
    ['messages', counts({ published, refused, 'of unknown outcome': unknown })],
    ['deliveries', counts({ expected, received })],
    ['', missing],
    ['', counts({ reordered, duplicated, 'never sent there': strange })],
  ]
  if (gaps.slow + gaps.bus > 0)
    rows.push(['gaps', `${counts({ 'for slowness': gaps.slow, 'of the bus': gaps.bus })} announced`])
  if (foreign > 0) rows.push(['', `${String(foreign)} of others in the same channels`])
  return rows
}

function timeRows({ handshakeMs, latencyMs, throughput }: Report): Row[] {
  const { publishedPerSecond, receivedPerSecond } = throughput
  return [
    ['handshake', spread(handshakeMs)],
    ['latency', spread(latencyMs)],
    [
      'throughput',
      `${String(publishedPerSecond)} messages/s published, ${String(receivedPerSecond)} deliveries/s`,
    ],
  ]
}

function spread({ count, p50, p99, max }: Quantiles): string {
  if (count === 0) return 'none'
  return `p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, max ${max.toFixed(1)} ms`
}

/** What to do about a reason, where that can be said. */
const HINTS: readonly (readonly [reason: RegExp, hint: string])[] = [
  [
    /^(publish|connection): rate$/,
    'the server limits how much a client may say: use more --clients and --publishers',
  ],
  [/^publish: forbidden$/, 'clients may not publish there: try another --channel-prefix, or --bus'],
  [
    /^subscribe: unauthorized$/,
    'the server does not let clients in: see --auth, --token, and --bus, which takes public channels',
  ],
]

/** The hint that goes with a reason, if there is one. */
export function hintFor(reason: string): string | undefined {
  return HINTS.find(([pattern]) => pattern.test(reason))?.[1]
}

function remarks({ load, throughput, reasons, ended, messages }: Report): string[] {
  const lines = reasons.map(({ reason, count }) => `${String(count)} times ${reason}`)
  for (const hint of new Set(reasons.flatMap(({ reason }) => hintFor(reason) ?? []))) lines.push(hint)
  const slow = messages.refused === 0 && throughput.publishedPerSecond < FULL_RATE * load.rate
  if (ended === 'done' && slow)
    lines.push('the rate was not reached: the server answers too slowly, or this machine is too slow')
  return lines.length > 0 ? [...lines, ''] : []
}

function verdict({ ok, messages, deliveries }: Report): string {
  if (ok) return 'right: what was published arrived once and in order, or was announced as missing'
  if (messages.published === 0) return 'wrong: nothing was published'
  const { lost, reordered, duplicated, strange } = deliveries
  return `wrong: ${counts({ lost, reordered, duplicated, 'never sent there': strange })}`
}
