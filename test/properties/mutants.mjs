// Whether the property test bites: it runs against copies of core, each with one fault, and has to fail for each.
// Usage: node test/properties/mutants.mjs [part of a name …]. Takes minutes. Exit 1 when a mutant survives.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { MUTANTS } from './mutants/index.mjs'

const root = fileURLToPath(new URL('../../', import.meta.url))
const copy = realpathSync(mkdtempSync(join(tmpdir(), 'fanfare-mutant-')))
const source = join(copy, 'core/src')
const config = join(copy, 'vitest.config.mjs')

/** The project's own configuration but for where core is: in the copy. */
function writeConfig() {
  const alias = ['contract', 'testing'].map((part) => ({
    find: `@fanfare/core/${part}`,
    replacement: join(source, part, 'index.ts'),
  }))
  alias.push({ find: '@fanfare/core', replacement: join(source, 'index.ts') })
  const include = ['test/properties/hub.property.test.ts']
  const options = {
    root,
    resolve: { alias },
    test: { include, pool: 'forks', server: { deps: { inline: [] } } },
  }
  writeFileSync(config, `export default ${JSON.stringify(options)}\n`)
}

function restore() {
  rmSync(source, { recursive: true, force: true })
  cpSync(join(root, 'core/src'), source, { recursive: true })
}

function apply({ file, from, to }) {
  const path = join(source, file)
  const text = readFileSync(path, 'utf8')
  if (text.split(from).length !== 2) throw new Error(`${file} does not have this exactly once:\n${from}`)
  writeFileSync(
    path,
    text.replace(from, () => to),
  )
}

/** How the property test ends. Counterexamples are not made smaller: that they exist is all that is asked. */
function test() {
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  const { status, stdout, stderr } = spawnSync(process.execPath, [vitest, 'run', '--config', config], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, FANFARE_PROPERTY_SHRINK: '0', NO_COLOR: '1' },
    timeout: 300_000,
  })
  const output = stdout + stderr
  const after = /Property failed after (\d+) tests/.exec(output)?.[1]
  return { passed: status === 0, after, reason: after === undefined ? output.trim().split('\n').at(-1) : '' }
}

function report(name, { passed, after, reason }) {
  const verdict = passed
    ? 'SURVIVES'
    : `killed ${after === undefined ? `(${reason})` : `after ${after} runs`}`
  console.log(`${verdict.padEnd(24)} ${name}`)
}

try {
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  writeConfig()
  restore()
  if (!test().passed) throw new Error('the property test fails without any mutant')
  const wanted = process.argv.slice(2)
  const chosen = MUTANTS.filter(
    ({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)),
  )
  const survivors = chosen.filter((mutant) => {
    restore()
    apply(mutant)
    const result = test()
    report(mutant.name, result)
    return result.passed
  })
  console.log(`${chosen.length - survivors.length} of ${chosen.length} mutants killed`)
  process.exitCode = survivors.length === 0 ? 0 : 1
} finally {
  rmSync(copy, { recursive: true, force: true })
}
