import { eachSetting, type Setting, variableOf } from './table.ts'

const HEAD = `Usage: fanfare serve [options]
       fanfare bench [options]

A realtime server: channels, presence and messages over WebSocket. What puts load on one, and says what became of it, has
a help of its own: fanfare bench --help.

Options:`

const FOOT = `  -h, --help
      Print this and exit
  -v, --version
      Print the version and exit

Each option has an environment variable, which may also stand in a file .env in the working directory. An option wins
over the environment, and the environment over .env. The server ends on SIGTERM and SIGINT, after telling its clients.`

/** The text of `fanfare --help`. */
export function helpText(): string {
  return [HEAD, ...eachSetting().map(([, setting]) => entry(setting)), FOOT, ''].join('\n')
}

function entry({ flag, value, help, written }: Setting<unknown>): string {
  const usage = value === undefined ? `--${flag}` : `--${flag} ${value}`
  return `  ${usage.padEnd(34)}${variableOf(flag)}, default ${written}\n      ${help}`
}
