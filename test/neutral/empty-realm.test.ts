import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

// Loads core and broadcasting as they are published into a realm that has only what ECMAScript defines, and uses them there.

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'fanfare-empty-realm-')))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

function runInEmptyRealm(module: string): { status: number | null; errors: string } {
  const flags = ['--experimental-vm-modules', '--experimental-import-meta-resolve', '--no-warnings']
  const { status, stderr } = spawnSync(process.execPath, [...flags, here('./realm.mjs'), module], {
    encoding: 'utf8',
    timeout: 20_000,
  })
  return { status, errors: stderr }
}

function runSource(source: string): { status: number | null; errors: string } {
  const file = join(scratch, 'control.mjs')
  writeFileSync(file, source)
  return runInEmptyRealm(file)
}

describe('core and broadcasting in an empty realm', () => {
  beforeAll(() => {
    const tsc = here('../../node_modules/typescript/bin/tsc')
    execFileSync(process.execPath, [tsc, '-b', here('../../bridges/broadcasting')], { stdio: 'inherit' })
  })

  it('loads and carries a hub from the first client to the last', () => {
    expect(runInEmptyRealm(here('./drive-hub.mjs'))).toEqual({ status: 0, errors: '' })
  })

  it('load and carry an event from one hub to another', () => {
    expect(runInEmptyRealm(here('./drive-bus.mjs'))).toEqual({ status: 0, errors: '' })
  })

  it('would notice a global of the host', () => {
    const { status, errors } = runSource('setTimeout(() => {}, 1)')
    expect(status).not.toBe(0)
    expect(errors).toContain('setTimeout is not defined')
  })

  it('would notice a module of the host', () => {
    const { status, errors } = runSource("import 'node:events'")
    expect(status).not.toBe(0)
    expect(errors).toContain('node:events exists in Node only')
  })
})
