import type { Setting } from '../config/table.ts'
import { eachLoadOption, loadVariableOf } from './table.ts'

const HEAD = `Usage: fanfare bench --url <url> [options]

Puts load on a server, your own: clients that subscribe, and messages of which it knows who has to get them. Says what was
lost, repeated or out of order, and how long it took. Ctrl-C ends it with the report so far.

Options:`

const FOOT = `  -h, --help
      Print this and exit

Each option has an environment variable, which may also stand in a file .env in the working directory. Exit code 0: what
was published arrived, or the server said what is missing. 1: it did not. 2: an option is wrong.`

/** The text of `fanfare bench --help`. */
export function loadHelpText(): string {
  return [HEAD, ...eachLoadOption().map(([, option]) => entry(option)), FOOT, ''].join('\n')
}

function entry({ flag, value, help, written }: Setting<unknown>): string {
  const usage = value === undefined ? `--${flag}` : `--${flag} ${value}`
  return `  ${usage.padEnd(27)}${loadVariableOf(flag)}, default ${written}\n      ${help}`
}
