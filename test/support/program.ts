import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, readdirSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'

import { until } from './until.ts'

/** A program that tests start. */
export interface ProgramNeed {
  readonly command: string
  /** The environment variable that names it where it is not in PATH. */
  readonly variable: string
  /** The package that has it, on Debian. */
  readonly package: string
}

/** Where the program is. Throws an Error that says what to do when it is nowhere. */
export function programPath({ command, variable, package: name }: ProgramNeed): string {
  const named = process.env[variable]
  const places = named
    ? [named]
    : (process.env['PATH'] ?? '').split(delimiter).map((dir) => join(dir, command))
  const found = places.find(isProgram)
  if (found !== undefined) return found
  throw new Error(`no ${command}: install the package ${name}, or set ${variable} to the path of the program`)
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

function isStopped(pid: number | undefined): boolean {
  const tasks = `/proc/${String(pid)}/task`
  if (existsSync(tasks))
    return readdirSync(tasks).every((task) => /^State:\s+T/m.test(statusOf(`${tasks}/${task}`)))
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)])
  return stdout.toString().startsWith('T')
}

function statusOf(task: string): string {
  try {
    return readFileSync(`${task}/status`, 'utf8')
  } catch {
    // The thread ended meanwhile.
    return 'State: T'
  }
}

/** A process that dies with this one. */
export class Program {
  readonly #child: ChildProcess
  readonly #ended: Promise<void>
  #output = ''
  #dead = false

  private constructor(path: string, args: readonly string[]) {
    const child = spawn(path, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child = child
    const last = (): void => void child.kill('SIGKILL')
    process.on('exit', last)
    this.#ended = new Promise((resolve) => {
      const over = (): void => {
        this.#dead = true
        process.off('exit', last)
        resolve()
      }
      child.once('exit', over)
      child.once('error', (error) => {
        this.#output += String(error)
        over()
      })
    })
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => (this.#output = (this.#output + chunk.toString()).slice(-4_000)))
    }
  }

  static start(path: string, args: readonly string[]): Program {
    return new Program(path, args)
  }

  /** The end of what it printed. */
  get output(): string {
    return this.#output
  }

  get dead(): boolean {
    return this.#dead
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  signal(name: NodeJS.Signals): void {
    if (!this.#dead) this.#child.kill(name)
  }

  /** Resolves when the process stands still: the threads of a program do not all stop at once. */
  async pause(): Promise<void> {
    this.signal('SIGSTOP')
    await until(() => this.#dead || isStopped(this.pid), 'the program to stop')
  }

  /** Resolves when the process is gone. */
  async kill(): Promise<void> {
    this.signal('SIGKILL')
    await this.#ended
  }
}
