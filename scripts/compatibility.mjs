// Writes the compatibility table of README.md from the skips in test/adapters/skips.ts.
import { spawnSync } from 'node:child_process'

const { status } = spawnSync('npx', ['vitest', 'run', 'test/docs/compatibility.test.ts'], {
  cwd: new URL('..', import.meta.url),
  env: { ...process.env, FANFARE_WRITE_README: '1' },
  stdio: 'inherit',
})
process.exitCode = status ?? 1
