import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))
const PATIENCE_MS = 120_000

/** How one test went. */
interface Outcome {
  readonly suite: string
  readonly name: string
  readonly verdict: 'passed' | 'failed' | 'skipped'
}

/** Runs a file of tests in the real Bun, and shows each of its tests here. It reads the built packages. */
export async function bunTests(file: string): Promise<void> {
  const { report, output } = await run(file)
  const outcomes = outcomesOf(report)
  describe(`on Bun: ${file}`, () => {
    it('has tests, and all of them ran', () => {
      expect(outcomes.length > 0 ? '' : output).toBe('')
      expect(outcomes.length).toBeGreaterThan(0)
    })
    for (const { suite, name, verdict } of outcomes) {
      it.skipIf(verdict === 'skipped')(`${suite}: ${name}`, () => {
        // What Bun said is what one wants to read.
        expect(verdict === 'failed' ? output : verdict).toBe('passed')
      })
    }
  })
}

async function run(file: string): Promise<{ readonly report: string; readonly output: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'fanfare-bun-'))
  const path = join(folder, 'report.xml')
  const args = ['test', `./${file}`, '--timeout', '20000', '--reporter=junit', `--reporter-outfile=${path}`]
  try {
    const { stderr } = await promisify(execFile)(join(root, 'node_modules/.bin/bun'), args, {
      cwd: root,
      timeout: PATIENCE_MS,
      maxBuffer: 64 * 1_024 * 1_024,
    })
    return { report: readFileSync(path, 'utf8'), output: stderr }
  } catch (error) {
    const { stderr = String(error) } = error as { readonly stderr?: string }
    return { report: textOf(path), output: stderr }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

/** `<testcase name=… classname=…>` of JUnit's reports, each with what is inside. */
function outcomesOf(report: string): Outcome[] {
  const cases = report.matchAll(/<testcase ([^>]*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g)
  return Array.from(cases, ([, attributes = '', inside = '']) => ({
    suite: attribute(attributes, 'classname'),
    name: attribute(attributes, 'name'),
    verdict: inside.includes('<failure') ? 'failed' : inside.includes('<skipped') ? 'skipped' : 'passed',
  }))
}

function attribute(attributes: string, name: string): string {
  const value = new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(attributes)?.[1] ?? ''
  return value.replace(
    /&(lt|gt|quot|apos|amp|#\d+);/g,
    (_, entity: string) => ENTITIES[entity] ?? `&${entity};`,
  )
}

const ENTITIES: Readonly<Record<string, string>> = {
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  amp: '&',
  '#39': "'",
}
