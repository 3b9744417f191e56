import { randomBytes } from 'node:crypto'

import { BusSource } from './bus-source.ts'
import { Figures } from './figures.ts'
import { Fleet } from './fleet.ts'
import { Ledger } from './ledger.ts'
import { bar, type Progress } from './progress.ts'
import { type Ending, type Report, reportOf } from './report.ts'
import { hintFor } from './report-text.ts'
import type { Run } from './run.ts'
import { Schedule } from './schedule.ts'
import type { Source } from './source.ts'
import type { LoadOptions } from './table.ts'

const TICK_MS = 5
/** A tick that takes longer shows that this process was busy. */
const MOST_TICK_MS = 20
/** How long all clients may be without a connection. */
const ALONE_MS = 30_000
/** How long what is missing is waited for at most, while there is still something coming. */
const SETTLE_MS = 60_000

/** What a run needs of whoever started it. */
export interface LoadHost {
  readonly progress: Progress
  /** Told, a line at a time, how the bus is doing. */
  say(line: string): void
  /** Whether to come to an end. */
  stopped(): boolean
}

/** A run could not begin. The message is one line. */
export class LoadError extends Error {
  override readonly name = 'LoadError'
}

/**
 * Opens the clients, publishes, waits for what is still coming, and says what was found. Resolves when all connections are
 * closed.
 *
 * @throws LoadError when nobody can be connected, or nobody is let into a channel
 */
export async function load(options: LoadOptions, host: LoadHost): Promise<Report> {
  const run: Run = {
    id: randomBytes(6).toString('base64url'),
    ledger: new Ledger(),
    figures: new Figures(),
    bytes: options.bytes,
  }
  const fleet = new Fleet(run, options)
  let source: Source = fleet
  try {
    if (options.bus !== 'none') source = await busOf(run, options, host)
    await open(fleet, run, options, host)
    const { ending, ms } = await publish({ fleet, source, run }, options, host)
    await settle({ fleet, source, run }, options, host)
    return reportOf(run, options, ending, ms)
  } finally {
    host.progress.end()
    await Promise.all([fleet.close(), source.close()])
  }
}

interface Parts {
  readonly fleet: Fleet
  readonly source: Source
  readonly run: Run
}

const tick = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, TICK_MS))

async function busOf(run: Run, options: LoadOptions, host: LoadHost): Promise<Source> {
  const source = await BusSource.open(
    run,
    options,
    (line) => host.say(line),
    () => host.stopped(),
  )
  if (!source) throw new LoadError('the bus cannot be reached')
  return source
}

async function open(
  fleet: Fleet,
  { figures, ledger }: Run,
  options: LoadOptions,
  host: LoadHost,
): Promise<void> {
  host.progress.show(() => {
    const done = figures.connections.opened
    return `${bar(done / options.clients)} ${String(done)} of ${String(options.clients)} connected`
  })
  await fleet.open(() => host.stopped())
  if (ledger.listening > 0 || host.stopped()) return
  const why = figures.reasons()[0]?.reason ?? 'nobody answered'
  const hint = hintFor(why)
  const advice = hint === undefined ? '' : ` (${hint})`
  throw new LoadError(`no client is in a channel of ${shown(options.url)}: ${why}${advice}`)
}

/** Neither a query nor credentials are shown. */
function shown(url: string): string {
  const { protocol, host, pathname } = new URL(url)
  return `${protocol}//${host}${pathname}`
}

async function publish(
  { fleet, source, run }: Parts,
  { rate, messages, durationMs }: LoadOptions,
  host: LoadHost,
): Promise<{ readonly ending: Ending; readonly ms: number }> {
  const began = performance.now()
  const elapsed = (): number => performance.now() - began
  const { messages: counts } = run.figures
  const part = (): number => (durationMs > 0 ? elapsed() / durationMs : counts.sent / messages)
  const most = durationMs > 0 ? Infinity : messages
  host.progress.show(
    () => `${bar(part())} ${String(counts.sent)} published, ${String(run.ledger.tally.received)} received`,
  )
  const schedule = new Schedule(rate, began)
  let livedAt = began
  let ending: Ending | undefined
  while (ending === undefined) {
    const due = Math.min(schedule.due(performance.now(), counts.sent), most - counts.sent)
    for (let left = due; left > 0 && source.send(); left--);
    const { state } = fleet
    if (state === 'live') livedAt = performance.now()
    if (host.stopped()) ending = 'interrupted'
    else if (part() >= 1) ending = 'done'
    else if (state === 'gone' || performance.now() - livedAt > ALONE_MS) ending = 'abandoned'
    else await tick()
  }
  return { ending, ms: elapsed() }
}

/** Until everybody has everything, or nothing has come for a while. */
async function settle(
  { source, run }: Parts,
  { graceMs }: LoadOptions,
  { progress }: LoadHost,
): Promise<void> {
  const { ledger, figures } = run
  progress.show(() => `waiting for what is missing, ${String(ledger.tally.received)} received`)
  const end = performance.now() + Math.max(SETTLE_MS, graceMs)
  const seen = (): number => ledger.tally.received + figures.messages.published + figures.messages.refused
  let last = seen()
  let quietMs = 0
  while (performance.now() < end && quietMs < graceMs) {
    if (source.pending === 0 && ledger.complete) break
    const before = performance.now()
    await tick()
    // What this process slept through is no silence of the server.
    quietMs = seen() === last ? quietMs + Math.min(performance.now() - before, MOST_TICK_MS) : 0
    last = seen()
  }
  source.abandon()
}
