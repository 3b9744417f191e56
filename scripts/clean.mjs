// Removes what a build or a test run leaves behind.
import { readFileSync, rmSync } from 'node:fs'

const root = new URL('../', import.meta.url)
const { references } = JSON.parse(readFileSync(new URL('tsconfig.json', root), 'utf8'))
const leftovers = [
  'coverage',
  ...references.flatMap(({ path }) => [`${path}/dist`, `${path}/tsconfig.tsbuildinfo`]),
]
for (const path of leftovers) rmSync(new URL(path, root), { recursive: true, force: true })
