import { parseArgs } from 'node:util'

import { eachSetting, LATER, type Setting } from './table.ts'
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

/** What of an option is needed to find it on a command line. */
export type Named = Pick<Setting<unknown>, 'flag' | 'value' | 'repeats'>

/** Names a command, and what it takes. */
export interface Grammar {
  /** What lists its options. */
  readonly help: string
  readonly named: readonly Named[]
}

/**
 * The last of several equal options counts, unless it repeats: then there is a line for each.
 *
 * @param grammar - the options that there are. @defaultValue those of `fanfare serve`
 * @throws UsageError for an option that does not exist, or lacks its value
 */
export function readArguments(args: readonly string[], grammar: Grammar = serving()): CommandLine {
  const all = options(grammar.named)
  const words: string[] = []
  const flags = new Map<string, string>()
  const { tokens } = parseArgs({
    args: [...args],
    options: all,
    allowPositionals: true,
    strict: false,
    tokens: true,
  })
  for (const token of tokens) {
    if (token.kind === 'positional') words.push(token.value)
    else if (token.kind === 'option') {
      const value = valueOf(token, all, grammar.help)
      const before = all[token.name]?.repeats ? flags.get(token.name) : undefined
      flags.set(token.name, before === undefined ? value : `${before}\n${value}`)
    }
  }
  const help = flags.delete('help')
  const version = flags.delete('version')
  return { words, flags, help, version }
}

interface Option {
  readonly type: 'string' | 'boolean'
  readonly short?: string
  readonly repeats?: boolean
}

type Options = Record<string, Option>

function serving(): Grammar {
  const later = LATER.flatMap(({ flags }) => flags.map((flag) => ({ flag, value: '<value>' })))
  return { help: 'fanfare --help', named: [...eachSetting().map(([, setting]) => setting), ...later] }
}

function options(named: readonly Named[]): Options {
  const all: Options = {
    help: { type: 'boolean', short: 'h' },
    version: { type: 'boolean', short: 'v' },
  }
  for (const { flag, value, repeats = false } of named)
    all[flag] = { type: value === undefined ? 'boolean' : 'string', repeats }
  return all
}

interface Token {
  readonly name: string
  readonly rawName: string
  readonly value?: string | undefined
}

/** parseArgs would check this too, in sentences of its own; here every message is of one kind. */
function valueOf(token: Token, all: Options, help: string): string {
  const option = Object.hasOwn(all, token.name) ? all[token.name] : undefined
  if (!option) throw new UsageError(`there is no option ${quoted(token.rawName)}; ${help} lists them`)
  if (token.value !== undefined) return token.value
  if (option.type === 'string') throw new UsageError(`${token.rawName} needs a value`)
  return 'true'
}
