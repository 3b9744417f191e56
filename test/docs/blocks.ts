import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'

/** A fenced block of TypeScript in a Markdown file. */
export interface Block {
  /** Relative to the root of the repository. */
  readonly file: string
  /** The line of the first line of code, counted from 1. */
  readonly line: number
  readonly code: string
  /** Why it is no program, from its fence: ```` ```ts ignore: why ````. Empty when the fence gives no reason. */
  readonly ignored: string | undefined
}

const FENCE = /^ *(`{3,}) *(.*)$/

/** The TypeScript blocks of one Markdown text, in order. */
export function blocksOf(file: string, markdown: string): Block[] {
  const blocks: Block[] = []
  const lines = markdown.split('\n')
  for (let at = 0; at < lines.length; at++) {
    const [, ticks, info = ''] = FENCE.exec(lines[at] ?? '') ?? []
    if (ticks === undefined) continue
    const first = at + 1
    at = endOfBlock(lines, first, ticks)
    const [language, ...words] = info.trim().split(/\s+/)
    if (language !== 'ts' && language !== 'typescript') continue
    blocks.push({ file, line: first + 1, code: lines.slice(first, at).join('\n'), ignored: reason(words) })
  }
  return blocks
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

/** The blocks of README.md and of every Markdown file below docs/. */
export function blocksOfRepository(root: string): Block[] {
  const below = readdirSync(join(root, 'docs'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.md'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
  return ['README.md', ...below.toSorted()].flatMap((file) =>
    blocksOf(file, readFileSync(join(root, file), 'utf8')),
  )
}
