import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const CLI = fileURLToPath(new URL('../../server/dist/cli.js', import.meta.url))

/** The command as users run it: the built one, in a process of its own. */
export interface Fanfare {
  readonly out: string
  readonly err: string
  /** Resolves when the process has ended, with its exit code or the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals>
  kill(signal: NodeJS.Signals): void
  /** Calls back with all that was said on standard output, whenever there is more. */
  onOutput(listener: (out: string) => void): void
}

export interface Options {
  readonly directory?: string
  readonly environment?: Readonly<Record<string, string>>
}

/** A folder of its own for each run: a `.env` that happens to be here must not count. */
export function scratchFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'fanfare-server-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/** Every process that was started here and has not ended. */
const running = new Map<ChildProcess, Promise<unknown>>()
process.once('exit', () => {
  for (const child of running.keys()) child.kill('SIGKILL')
})

/** Stops whatever a test has started, even one that was given up in the middle. */
export async function stopAll(): Promise<void> {
  for (const child of running.keys()) child.kill('SIGKILL')
  await Promise.all(running.values())
}

/** Runs `fanfare` with these arguments, and nothing of ours in its environment but what is given. */
export function fanfare(
  args: readonly string[],
  { directory = tmpdir(), environment = {} }: Options = {},
): Fanfare {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('FANFARE_'))
  const child = spawn(process.execPath, [CLI, ...args], {
    cwd: directory,
    env: { ...Object.fromEntries(inherited), ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const ended = endOf(child)
  running.set(child, ended)
  void ended.finally(() => running.delete(child)).catch(() => {})
  const said = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said.out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said.err += text))
  return {
    get out() {
      return said.out
    },
    get err() {
      return said.err
    },
    ended,
    kill: (signal) => child.kill(signal),
    onOutput: (listener) => child.stdout.on('data', () => listener(said.out)),
  }
}

function endOf(child: ChildProcess): Promise<number | NodeJS.Signals> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => resolve(code ?? signal ?? -1))
  })
}

/** A server that runs. */
export interface Server extends Fanfare {
  readonly url: string
  readonly port: number
}

/** Starts `fanfare serve` on a free port, unless another one is given, and waits for its line. */
export async function startServer(args: readonly string[] = [], options: Options = {}): Promise<Server> {
  const port = args.includes('--port') || options.environment?.['FANFARE_PORT'] ? [] : ['--port', '0']
  const process = fanfare(['serve', ...port, ...args], options)
  const url = await new Promise<string>((resolve, reject) => {
    process.onOutput((out) => {
      const [, address] = /listening on (http:\/\/\S+).*\n/.exec(out) ?? []
      if (address !== undefined) resolve(address)
    })
    void process.ended.then(
      (how) => reject(new Error(`fanfare ended with ${String(how)}: ${process.err}`)),
      reject,
    )
  })
  return Object.assign(Object.create(process) as Fanfare, { url, port: Number(new URL(url).port) })
}
