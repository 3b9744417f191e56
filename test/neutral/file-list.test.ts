import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'

// `types: []` alone does not keep core neutral: one `import type` from a package whose declarations refer to Node's
// makes process, Buffer and setTimeout compile in all of core. The list of files the compiler reads shows it.

const root = fileURLToPath(new URL('../../', import.meta.url))
const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'fanfare-file-list-')))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

const languageLibrary =
  /\/node_modules\/(typescript|@typescript\/[^/]+)\/lib\/lib\.(es|decorators)[^/]*\.d\.ts$/
const dependency = /\/node_modules\/eventemitter3\//

function filesOf(project: string): string[] {
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const list = execFileSync(process.execPath, [tsc, '-p', project, '--listFilesOnly'], { encoding: 'utf8' })
  return list.split('\n').filter((line) => line !== '')
}

function strangersAmong(files: string[], project: string): string[] {
  const own = join(project, 'src/')
  return files.filter(
    (file) => !file.startsWith(own) && !languageLibrary.test(file) && !dependency.test(file),
  )
}

function copyOfCore(name: string): string {
  const copy = join(scratch, name)
  cpSync(join(root, 'core/src'), join(copy, 'core/src'), { recursive: true })
  for (const file of ['tsconfig.base.json', 'core/tsconfig.json', 'core/package.json']) {
    cpSync(join(root, file), join(copy, file))
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  return join(copy, 'core')
}

describe('the files the compiler reads for core', () => {
  it("are core's own, the language's and eventemitter3's", () => {
    const project = join(root, 'core')
    const files = filesOf(project)
    expect(files.length).toBeGreaterThan(50)
    expect(strangersAmong(files, project)).toEqual([])
  })

  it('include no stranger in a copy either', () => {
    const project = copyOfCore('clean')
    expect(strangersAmong(filesOf(project), project)).toEqual([])
  })

  it("include Node's as soon as one type is imported from ws", () => {
    const project = copyOfCore('trapped')
    const trap = "import type { WebSocket } from 'ws'\nexport type Socket = WebSocket\n"
    writeFileSync(join(project, 'src/trap.ts'), trap)
    const strangers = strangersAmong(filesOf(project), project)
    expect(strangers.some((file) => file.includes('/@types/ws/'))).toBe(true)
    expect(strangers.some((file) => file.includes('/@types/node/'))).toBe(true)
  })
})

describe('the files the compiler reads for the client', () => {
  it("are its own, the language's and those of core's contract", () => {
    const project = join(root, 'client')
    const files = filesOf(project)
    const core = join(root, 'core/')
    const contract = /^(src|dist)\/(contract|ground)\//
    expect(files.length).toBeGreaterThan(50)
    const strangers = strangersAmong(files, project).filter((file) => !file.startsWith(core))
    expect(strangers).toEqual([])
    const ofCore = files.filter((file) => file.startsWith(core)).map((file) => file.slice(core.length))
    expect(ofCore.filter((file) => !contract.test(file))).toEqual([])
  })
})
