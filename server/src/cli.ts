#!/usr/bin/env node
import { run } from './command.ts'

// After the first signal the server drains, which takes seconds at most; a second one (npm passes on what the terminal
// has sent to everybody already) changes nothing.
const told = (): Promise<unknown> =>
  new Promise((resolve) => {
    process.on('SIGTERM', resolve)
    process.on('SIGINT', resolve)
  })

const code = await run(process.argv.slice(2), {
  environment: process.env,
  directory: process.cwd(),
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  told,
})
process.exit(code)
