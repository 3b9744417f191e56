import { contractTests } from '@fanfare/core/testing'

import { ADAPTERS, COLUMNS } from '../adapters/skips.ts'

const BEGIN = '<!-- compatibility: written by scripts/compatibility.mjs -->'
const END = '<!-- end of compatibility -->'

/** What does not hold in a column, and why. */
interface Note {
  readonly column: string
  readonly part: string
  readonly test: string
  readonly reason: string
}

/** A page with the table between its markers made anew, not formatted. @throws when it has no markers */
export function withTable(page: string): string {
  const [before, rest] = page.split(BEGIN)
  const after = rest?.split(END)[1]
  if (before === undefined || after === undefined) throw new Error(`the page has no ${BEGIN} and ${END}`)
  return `${before}${BEGIN}\n\n${table()}\n\n${END}${after}`
}

/** Parts of the contract by adapters, and below it what is skipped. */
function table(): string {
  const columns = Object.keys(COLUMNS)
  const parts = [...new Set(contractTests().map(({ part }) => part))]
  const notes = columns.flatMap(notesOf)
  const numberOf = numbers(notes)
  const cell = (part: string, column: string): string => {
    const here = notes.filter((note) => note.part === part && note.column === column)
    const marks = [...new Set(here.map((note) => numberOf(note)))].map((number) => `<sup>${number}</sup>`)
    const all = contractTests().filter((test) => test.part === part).length
    return [here.length < all ? '✓' : '–', ...marks].join(' ')
  }
  const rows = [
    ['', ...columns],
    ['---', ...columns.map(() => ':-:')],
    ...parts.map((part) => [part, ...columns.map((column) => cell(part, column))]),
  ]
  return [
    ...rows.map((row) => `| ${row.join(' | ')} |`),
    '',
    ...[...new Map(notes.map((note) => [numberOf(note), note]))].map(
      ([number, { reason, test }]) => `${number}. ${reason} (skipped: “${test}”)`,
    ),
  ].join('\n')
}

function notesOf(column: string): Note[] {
  const found = (COLUMNS[column] ?? []).flatMap((name) =>
    contractTests(ADAPTERS[name]).flatMap(({ part, name: test, skipped }) =>
      skipped === undefined ? [] : [{ column, part, test, reason: skipped }],
    ),
  )
  // Those of one column mostly skip the same.
  return [...new Map(found.map((note) => [`${note.test} ${note.reason}`, note])).values()]
}

/** The same number for the same test and reason. */
function numbers(notes: readonly Note[]): (note: Note) => string {
  const key = ({ test, reason }: Note): string => `${reason}: ${test}`
  const keys = [...new Set(notes.map(key))]
  return (note) => String(keys.indexOf(key(note)) + 1)
}
