/** A test that a row of docs/capabilities.md says shows its capability. */
export interface Claim {
  readonly row: number
  /** Relative to the root of the repository. */
  readonly file: string
  /** The names of its suites and its own, joined by ` > `. */
  readonly test: string
}

/** A row of one of the tables of docs/capabilities.md. */
export interface Capability {
  readonly row: number
  readonly capability: string
  readonly inFanfare: string
  readonly claims: readonly Claim[]
  /** The later part of the plan that brings it. */
  readonly waitsFor: string | undefined
  /** What its last cell says that is neither. */
  readonly unread: readonly string[]
}

/** What became of the tests of one file, by name. Tests of one name are one: the worst of them counts. */
export type Outcomes = ReadonlyMap<string, string>

const ROW = /^\| *(\d+) *\|/
const CLAIM = /^`(test\/[^`]+\.test\.ts)` › "(.+)"$/
const WAITS = /^waits for: (.+)$/

/** The rows that have a number, in the order of the page. */
export function capabilitiesIn(page: string): Capability[] {
  return page
    .split('\n')
    .filter((line) => ROW.test(line))
    .map(capabilityIn)
}

function capabilityIn(line: string): Capability {
  const cells = line
    .slice(1, line.lastIndexOf('|'))
    .split('|')
    .map((cell) => cell.trim())
  const [number, capability = '', inFanfare = '', shownBy = '', ...more] = cells
  const row = Number(number)
  const claims: Claim[] = []
  const unread: string[] = more
  let waitsFor: string | undefined
  for (const part of shownBy.split('<br>')) {
    const [, file, test] = CLAIM.exec(part) ?? []
    const [, what] = WAITS.exec(part) ?? []
    if (file !== undefined && test !== undefined) claims.push({ row, file, test })
    else if (what !== undefined && waitsFor === undefined) waitsFor = what
    else unread.push(part)
  }
  return { row, capability, inFanfare, claims, waitsFor, unread }
}

/**
 * One line for each claim that a run did not bear out. A run of the whole suite has to bear out all of them, another one
 * those that name a file it ran.
 */
export function brokenClaims(
  claims: readonly Claim[],
  ran: ReadonlyMap<string, Outcomes>,
  whole: boolean,
): string[] {
  const broken: string[] = []
  for (const { row, file, test } of claims) {
    const outcomes = ran.get(file)
    if (outcomes === undefined && !whole) continue
    const outcome = outcomes?.get(test)
    if (outcome === 'passed') continue
    const became = outcome === undefined ? 'did not run' : `did not pass (${outcome})`
    broken.push(`docs/capabilities.md row ${String(row)}: ${file} › "${test}" ${became}`)
  }
  return broken
}

/** Names and outcomes of tests, as a run tells them, for {@link brokenClaims}. */
export function outcomesOf(tests: Iterable<readonly [name: string, outcome: string]>): Outcomes {
  const outcomes = new Map<string, string>()
  for (const [name, outcome] of tests) {
    const known = outcomes.get(name)
    if (known === undefined || known === 'passed') outcomes.set(name, outcome)
  }
  return outcomes
}
