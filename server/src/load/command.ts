import { readArguments } from '../config/arguments.ts'
import { quoted, UsageError } from '../config/usage.ts'
import { loadHelpText } from './help.ts'
import { load, LoadError } from './load.ts'
import { readLoadOptions } from './options.ts'
import { Progress } from './progress.ts'
import { reportText } from './report-text.ts'
import { eachLoadOption } from './table.ts'

/** What `fanfare bench` needs of the process it runs in. */
export interface LoadSurroundings {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly directory: string
  out(text: string): void
  err(text: string): void
  /** Resolves when the process is told to end. */
  told(): Promise<unknown>
  /** Whether what goes to `err` is read on a terminal. @defaultValue false */
  readonly terminal?: boolean
}

/**
 * Runs `fanfare bench` to its end.
 *
 * @param args - what follows the word `bench`
 * @returns its exit code: 0 when nothing was lost unannounced, repeated or out of order, else 1
 * @throws UsageError when an option is wrong
 */
export async function bench(args: readonly string[], here: LoadSurroundings): Promise<number> {
  const named = eachLoadOption().map(([, option]) => option)
  const { words, flags, help } = readArguments(args, { help: 'fanfare bench --help', named })
  if (help) {
    here.out(loadHelpText())
    return 0
  }
  const [word] = words
  if (word !== undefined) throw new UsageError(`bench takes options only, not ${quoted(word)}`)
  const { environment, directory } = here
  const options = readLoadOptions({ flags, environment, directory })
  const say = (line: string): void => here.err(`fanfare: ${line}\n`)
  let stopped = false
  void here.told().then(() => (stopped = true))
  try {
    const progress = new Progress(here.terminal ? (text) => here.err(text) : undefined)
    const report = await load(options, { progress, say, stopped: () => stopped })
    here.out(options.json ? `${JSON.stringify(report, null, 2)}\n` : reportText(report))
    return report.ok ? 0 : 1
  } catch (error) {
    if (!(error instanceof LoadError)) throw error
    say(error.message)
    return 1
  }
}
