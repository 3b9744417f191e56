import { readFileSync } from 'node:fs'

import { OptionError } from '@fanfare/core'

import { readArguments } from './config/arguments.ts'
import { helpText } from './config/help.ts'
import { readSettings } from './config/settings.ts'
import type { Settings } from './config/table.ts'
import { quoted, UsageError } from './config/usage.ts'
import { bench } from './load/command.ts'
import { METRICS_HOST } from './metrics.ts'
import { bracketed, type Running, serve } from './serve.ts'

/** What the command needs of the process it runs in. */
export interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly directory: string
  out(text: string): void
  err(text: string): void
  /** Resolves when the process is told to end. Asked once, when the server runs. */
  told(): Promise<unknown>
  /** Whether what goes to `err` is read on a terminal. @defaultValue false */
  readonly terminal?: boolean
  /** Whether this is Bun. */
  readonly bun: boolean
  /**
   * Runs this very command in Bun instead. Resolves to its exit code, or to `undefined` when there is no Bun.
   */
  inBun(): Promise<number | undefined>
}

/** How long the end may take after the last client was told to go: last words and closing handshakes. */
const END_MS = 15_000

/** Runs the command to its end. Resolves to its exit code: 0, 1 when it failed, 2 when it was called wrongly. */
export async function run(args: readonly string[], here: Surroundings): Promise<number> {
  try {
    const [command, ...rest] = args
    if (command === 'bench') return await bench(rest, here)
    const { words, flags, help, version } = readArguments(args)
    if (help) here.out(helpText())
    else if (version) here.out(`${ownVersion()}\n`)
    else {
      checkWords(words)
      const { settings, remarks } = readSettings({ flags, ...here })
      if (settings.adapter === 'bun' && !here.bun) return await rerunInBun(here)
      for (const remark of remarks) say(here, remark)
      return await serveUntilTold(settings, here)
    }
    return 0
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof OptionError)) throw error
    say(here, error.message)
    return 2
  }
}

function say(here: Surroundings, sentence: string): void {
  here.err(`fanfare: ${sentence}\n`)
}

async function rerunInBun(here: Surroundings): Promise<number> {
  const code = await here.inBun()
  if (code !== undefined) return code
  say(here, '--adapter bun needs Bun, and there is no command bun: see https://bun.sh')
  return 1
}

function checkWords([command, extra]: readonly string[]): void {
  if (command === undefined)
    throw new UsageError('say what to do: fanfare serve, fanfare bench, or fanfare --help')
  if (command !== 'serve')
    throw new UsageError(`there is no command ${quoted(command)}; fanfare --help says more`)
  if (extra !== undefined) throw new UsageError(`serve takes options only, not ${quoted(extra)}`)
}

async function serveUntilTold(settings: Settings, here: Surroundings): Promise<number> {
  let server: Running
  try {
    server = await serve(settings)
  } catch (error) {
    const why = cannotListen(error, settings)
    if (why === undefined) throw error
    say(here, why)
    return 1
  }
  const told = here.told()
  const page = settings.demo ? ', with the demo page' : ''
  here.out(`fanfare listening on ${server.url} (${settings.protocol} at ${settings.path}${page})\n`)
  await told
  return await drain(server, settings.drainMs + END_MS, here)
}

async function drain(server: Running, withinMs: number, here: Surroundings): Promise<number> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), withinMs)
  })
  const outcome = await Promise.race([server.close(), late])
  clearTimeout(timer)
  if (outcome !== 'late') return 0
  say(here, `some connections did not close within ${String(withinMs / 1_000)} s`)
  return 1
}

const REASONS: ReadonlyMap<unknown, string> = new Map([
  ['EADDRINUSE', 'something else listens there'],
  ['EACCES', 'this user may not'],
  ['EADDRNOTAVAIL', 'this machine has no such address'],
  ['ENOTFOUND', 'there is no such host'],
  ['EAI_AGAIN', 'the name of the host cannot be looked up'],
])

/** A sentence for what keeps a server from listening; `undefined` for any other error. */
function cannotListen(error: unknown, settings: Settings): string | undefined {
  const { code, syscall, port } = error as NodeJS.ErrnoException & { readonly port?: number }
  if (syscall === undefined || code === undefined) return undefined
  // The two ports differ, so the error's own tells which of them it was.
  const metrics = settings.metricsPort !== 0 && port === settings.metricsPort
  const place = metrics
    ? `${METRICS_HOST}:${String(port)} for --metrics-port`
    : `${bracketed(settings.host)}:${String(settings.port)}`
  return `cannot listen on ${place}: ${REASONS.get(code) ?? code}`
}

function ownVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { readonly version: string }).version
}
