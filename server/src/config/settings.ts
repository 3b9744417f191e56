import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import { parse } from 'dotenv'

import { eachSetting, LATER, type Setting, type Settings, variableOf } from './table.ts'
import { quoted, UsageError } from './usage.ts'

type Variables = Readonly<Record<string, string | undefined>>

/** Where settings come from. Each source wins over those after it. */
export interface Sources {
  /** Flag (without its dashes) to value. */
  readonly flags: ReadonlyMap<string, string>
  readonly environment: Variables
  /** Where `.env` is looked for. */
  readonly directory: string
}

/** What was made of the sources. */
export interface Reading {
  readonly settings: Settings
  /** Remarks for the operator, one line each. */
  readonly remarks: readonly string[]
}

/** A value and how to call the place it comes from. */
interface Given {
  readonly label: string
  readonly text: string
}

/** The settings: flag, else environment, else `.env`, else default. @throws UsageError when one is wrong */
export function readSettings(sources: Sources): Reading {
  const { flags, environment, directory } = sources
  const file = variablesIn(directory)
  refuseLater(flags, environment, file)
  const settings = readValues(eachSetting(), sources) as Settings
  checkTogether(settings)
  return { settings, remarks: strangers(environment, file) }
}

/**
 * The values of the entries of a table, by name: flag, else environment, else `.env`, else default.
 *
 * @param variable - the environment variable of a flag
 * @throws UsageError when a value is wrong, or `.env` cannot be read
 */
export function readValues<Name extends string>(
  entries: readonly (readonly [Name, Setting<unknown>])[],
  { flags, environment, directory }: Sources,
  variable: (flag: string) => string = variableOf,
): Record<Name, unknown> {
  const file = variablesIn(directory)
  const values: Partial<Record<Name, unknown>> = {}
  for (const [name, { flag, kind, fallback }] of entries) {
    const given = find({ flag, variable: variable(flag) }, flags, environment, file)
    const value = given ? kind.read(given.text) : fallback
    if (given && value === undefined) {
      const shown = kind.shown?.(given.text) ?? given.text
      throw new UsageError(`${given.label} takes ${kind.takes}, not ${quoted(shown)}`)
    }
    values[name] = value
  }
  return values as Record<Name, unknown>
}

/** All settings at their defaults. */
export function defaultSettings(): Settings {
  return Object.fromEntries(
    eachSetting().map(([name, { fallback }]) => [name, fallback]),
  ) as unknown as Settings
}

const MOST_DRAIN_MS = 15_000

/** What no single value shows. @throws UsageError */
export function checkTogether({ demo, protocol, drainMs, port, metricsPort }: Settings): void {
  if (demo && protocol !== 'native') {
    throw new UsageError('--demo goes with --protocol native only: its page speaks nothing else')
  }
  // Whoever ends us waits some 30 s, and the last goodbyes take a part of that.
  if (drainMs > MOST_DRAIN_MS) throw new UsageError('--drain takes at most 15s')
  if (metricsPort !== 0 && metricsPort === port) {
    throw new UsageError('--metrics-port takes another port than --port: clients have no business there')
  }
}

/** A variable that is there but empty counts as not set: that is what `NAME=` and compose files mean by it. */
function find(
  { flag, variable }: { readonly flag: string; readonly variable: string },
  flags: ReadonlyMap<string, string>,
  environment: Variables,
  file: Variables,
): Given | undefined {
  const text = flags.get(flag)
  if (text !== undefined) return { label: `--${flag}`, text }
  if (environment[variable]) return { label: variable, text: environment[variable] }
  if (file[variable]) return { label: `${variable} (in .env)`, text: file[variable] }
  return undefined
}

/** The values are not repeated: one of them is a secret. */
function refuseLater(flags: ReadonlyMap<string, string>, environment: Variables, file: Variables): void {
  for (const later of LATER) {
    const flag = later.flags.find((name) => flags.has(name))
    const variable = later.variables.find((name) => environment[name] || file[name])
    const label = flag === undefined ? variable : `--${flag}`
    if (label !== undefined)
      throw new UsageError(`${label} cannot be set: this version has no ${later.what} yet`)
  }
}

/** Those of `fanfare bench`, which may stand in the same `.env`. */
const BENCH_VARIABLES = variableOf('bench-')

/** Other programs may have variables that begin like ours, so a name that nobody knows is no mistake; but it may be one. */
function strangers(environment: Variables, file: Variables): string[] {
  const known = new Set(eachSetting().map(([, { flag }]) => variableOf(flag)))
  const names = new Set([...Object.keys(environment), ...Object.keys(file)])
  return [...names]
    .filter(
      (name) =>
        name.startsWith('FANFARE_') &&
        !known.has(name) &&
        !name.startsWith(BENCH_VARIABLES) &&
        !LATER.some(({ variables }) => variables.includes(name)),
    )
    .sort()
    .map((name) => `${quoted(name).slice(1, -1)} is no setting of this server, and is ignored`)
}

function variablesIn(directory: string): Variables {
  const path = join(directory, '.env')
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'error'
    if (code === 'ENOENT') return {}
    throw new UsageError(`.env cannot be read (${code})`)
  }
  return parse(text)
}
