import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import type { Block } from './blocks.ts'
import { complete, CONTRACT } from './preambles.ts'

/** The name of the file that a block becomes. */
function fileOf(at: number): string {
  return `block-${String(at)}.ts`
}

/** Writes each block into `folder` as a program of its own. */
export function writeBlocks(folder: string, root: string, blocks: readonly Block[]): void {
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(folder, 'contract.ts'), CONTRACT)
  blocks.forEach((block, at) => writeFileSync(join(folder, fileOf(at)), `${complete(block).code}\n`))
}

/** Type-checks the blocks in `folder` in one run. Returns what is wrong, with the lines of the Markdown. */
export function typeCheck(folder: string, root: string, blocks: readonly Block[]): string[] {
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(configOf(root)))
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const { stdout, stderr, status } = spawnSync(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], {
    encoding: 'utf8',
  })
  const problems = stdout.split('\n').flatMap((line) => problemOf(line, blocks))
  if (status !== 0 && stdout === '') throw new Error(`the compiler did not run: ${stderr}`)
  return problems
}

/** What is wrong in the sources themselves is for other tests to find. */
function problemOf(line: string, blocks: readonly Block[]): string[] {
  const [, at, row, text] = /block-(\d+)\.ts\((\d+),\d+\): error (.*)$/.exec(line) ?? []
  const block = blocks[Number(at)]
  return block ? [`${block.file}:${String(block.line + Number(row) - 1)} ${text ?? ''}`] : []
}

function configOf(root: string): object {
  return {
    extends: join(root, 'tsconfig.base.json'),
    compilerOptions: {
      noEmit: true,
      composite: false,
      declaration: false,
      declarationMap: false,
      rewriteRelativeImportExtensions: false,
      allowImportingTsExtensions: true,
      moduleDetection: 'force',
      lib: ['es2023', 'dom', 'dom.iterable'],
      types: ['node'],
      typeRoots: [join(root, 'node_modules/@types')],
      paths: sourcePaths(root),
    },
    include: ['block-*.ts'],
  }
}

/** From the name of each entry point of each package to its source, so that nothing has to be built. */
function sourcePaths(root: string): Record<string, string[]> {
  const paths: Record<string, string[]> = {}
  for (const folder of packageFolders(root)) {
    const { name, exports = {} } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Package
    for (const [entry, target] of Object.entries(exports)) {
      const built = typeof target === 'string' ? target : target?.default
      if (built === undefined || !built.endsWith('.js')) continue
      const source = built.replace(/^\.\/dist\//, 'src/').replace(/\.js$/, '.ts')
      paths[`${name}${entry.slice(1)}`] = [join(folder, source)]
    }
  }
  return paths
}

interface Package {
  readonly name: string
  readonly exports?: Readonly<Record<string, string | { readonly default?: string } | null>>
}

function packageFolders(root: string): string[] {
  const { workspaces } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    workspaces: string[]
  }
  return workspaces.flatMap((pattern) => {
    if (!pattern.endsWith('/*')) return [join(root, pattern)]
    const parent = join(root, pattern.slice(0, -2))
    return readdirSync(parent).map((name) => join(parent, name))
  })
}
