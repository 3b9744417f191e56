import { parseArgs } from 'node:util'

import { eachSetting, LATER } from './table.ts'
import { quoted, UsageError } from './usage.ts'

/** A command line, taken apart. */
export interface CommandLine {
  /** The words that are no options: the command comes first. */
  readonly words: readonly string[]
  /** Flag (without its dashes) to value. */
  readonly flags: ReadonlyMap<string, string>
  readonly help: boolean
  readonly version: boolean
}

/** @throws UsageError for an option that does not exist, or lacks its value */
export function readArguments(args: readonly string[]): CommandLine {
  const words: string[] = []
  const flags = new Map<string, string>()
  const { tokens } = parseArgs({
    args: [...args],
    options: options(),
    allowPositionals: true,
    strict: false,
    tokens: true,
  })
  for (const token of tokens) {
    if (token.kind === 'positional') words.push(token.value)
    else if (token.kind === 'option') flags.set(token.name, valueOf(token))
  }
  const help = flags.delete('help')
  const version = flags.delete('version')
  return { words, flags, help, version }
}

interface Option {
  readonly type: 'string' | 'boolean'
  readonly short?: string
}

function options(): Record<string, Option> {
  const all: Record<string, Option> = {
    help: { type: 'boolean', short: 'h' },
    version: { type: 'boolean', short: 'v' },
  }
  for (const [, { flag, value }] of eachSetting())
    all[flag] = { type: value === undefined ? 'boolean' : 'string' }
  for (const { flags } of LATER) for (const flag of flags) all[flag] = { type: 'string' }
  return all
}

/** parseArgs would check this too, in sentences of its own; here every message is of one kind. */
function valueOf(token: {
  readonly name: string
  readonly rawName: string
  readonly value?: string | undefined
}): string {
  const all = options()
  const option = Object.hasOwn(all, token.name) ? all[token.name] : undefined
  if (!option) throw new UsageError(`there is no option ${quoted(token.rawName)}; fanfare --help lists them`)
  if (token.value !== undefined) return token.value
  if (option.type === 'string') throw new UsageError(`${token.rawName} needs a value`)
  return 'true'
}
