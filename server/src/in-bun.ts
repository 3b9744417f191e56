import { spawn } from 'node:child_process'

/** How signals are counted into exit codes by shells. */
const SIGNALLED = 128
const SIGTERM = 15

/**
 * Runs a script in Bun, with this process's input, output and signals. Resolves to its exit code; to `undefined` when
 * there is no Bun.
 */
export function inBun(script: string, args: readonly string[]): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    // The channel tells it when this process is gone, however that came.
    const child = spawn('bun', [script, ...args], { stdio: ['inherit', 'inherit', 'inherit', 'ipc'] })
    const pass = (signal: NodeJS.Signals): void => void child.kill(signal)
    process.on('SIGTERM', pass)
    process.on('SIGINT', pass)
    child.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') resolve(undefined)
      else reject(error)
    })
    child.once('exit', (code) => resolve(code ?? SIGNALLED + SIGTERM))
  })
}
