import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

/** A fenced block of a Markdown file. */
export interface Block {
  /** Relative to the root of the repository. */
  readonly file: string
  /** The line of the first line of code, counted from 1. */
  readonly line: number
  /** The heading above it and, from the second block below that heading on, which one it is: `A contract 2`. */
  readonly section: string
  /** The first word of its fence, `''` when there is none. */
  readonly language: string
  readonly code: string
  /** Why it is no program, from its fence: ```` ```ts ignore: why ````. Empty when the fence gives no reason. */
  readonly ignored: string | undefined
}

const FENCE = /^ *(`{3,}) *(.*)$/
const HEADING = /^#+ +(.*)$/

/** All blocks of one Markdown text, in order. */
export function blocksOf(file: string, markdown: string): Block[] {
  const blocks: Block[] = []
  const lines = markdown.split('\n')
  const counts = new Map<string, number>()
  let heading = ''
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? ''
    heading = HEADING.exec(line)?.[1] ?? heading
    const [, ticks, info = ''] = FENCE.exec(line) ?? []
    if (ticks === undefined) continue
    const first = at + 1
    at = endOfBlock(lines, first, ticks)
    const [language = '', ...words] = info.trim().split(/\s+/)
    const count = (counts.get(heading) ?? 0) + 1
    counts.set(heading, count)
    blocks.push({
      file,
      line: first + 1,
      section: count === 1 ? heading : `${heading} ${String(count)}`,
      language,
      code: lines.slice(first, at).join('\n'),
      ignored: reason(words),
    })
  }
  return blocks
}

/** Whether it is TypeScript, or JavaScript, which is the same without types. */
export function isProgram({ language }: Block): boolean {
  return ['ts', 'typescript', 'js'].includes(language)
}

/** How a test names it. */
export function nameOf({ file, section }: Pick<Block, 'file' | 'section'>): string {
  return `${file} › ${section}`
}

function endOfBlock(lines: readonly string[], from: number, ticks: string): number {
  const end = lines.findIndex((line, at) => at >= from && line.trim() === ticks)
  return end < 0 ? lines.length : end
}

/** `ignore: a reason` → `a reason`. */
function reason([word, ...rest]: readonly string[]): string | undefined {
  if (word === undefined || !/^ignore:?$/.test(word)) return undefined
  return rest.join(' ')
}

/** Where the packages are, relative to the root of the repository. */
export function packageFolders(root: string): string[] {
  const inside = (parent: string): string[] =>
    readdirSync(join(root, parent)).map((name) => `${parent}/${name}`)
  return ['core', 'client', 'server', ...inside('adapters'), ...inside('bridges')]
}

/** The blocks of README.md, of every Markdown file below docs/, and of the pages of the packages. */
export function blocksOfRepository(root: string): Block[] {
  const below = readdirSync(join(root, 'docs'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.md'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
  const packages = packageFolders(root).map((folder) => `${folder}/README.md`)
  const files = ['README.md', 'CONTRIBUTING.md', ...packages, ...below.toSorted()]
  return files
    .filter((file) => existsSync(join(root, file)))
    .flatMap((file) => blocksOf(file, readFileSync(join(root, file), 'utf8')))
}
