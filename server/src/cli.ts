#!/usr/bin/env node
import { fileURLToPath } from 'node:url'

import { run } from './command.ts'
import { inBun } from './in-bun.ts'

// After the first signal the server drains, which takes seconds at most; a second one (npm passes on what the terminal
// has sent to everybody already) changes nothing.
const told = (): Promise<unknown> =>
  new Promise((resolve) => {
    process.on('SIGTERM', resolve)
    process.on('SIGINT', resolve)
    process.on('disconnect', resolve)
  })

const args = process.argv.slice(2)
const code = await run(args, {
  environment: process.env,
  directory: process.cwd(),
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  told,
  terminal: process.stderr.isTTY,
  bun: 'Bun' in globalThis,
  inBun: () => inBun(fileURLToPath(import.meta.url), args),
})
process.exit(code)
