import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, describe, expect, it } from 'vitest'

import { CHECKS, fanfare } from './block-checks.ts'
import { type Block, blocksOf, blocksOfRepository, isProgram, nameOf, packageFolders } from './blocks.ts'
import { COMPLETED } from './preambles.ts'
import { Stage } from './stage.ts'

// Every block of README.md, of docs/ and of the pages of the packages is run, or has its reason here. Programs run on a
// stage, and have to end without an error; what one is said to do is looked at in block-checks.ts and package-checks.ts,
// unless it looks itself, with assert.

const NO_NGINX = 'nginx is not there where tests run'

/** Blocks that cannot be run, or are run elsewhere: by name, or by file and language. */
const REASONS: Readonly<Record<string, string>> = {
  'adapters/bun/README.md sh': 'installs with Bun',
  'adapters/bun/README.md ts': 'runs in Bun alone',
  'adapters/ws/README.md › Behind a proxy': NO_NGINX,
  'docs/architecture.md › Floors': 'a drawing',
  'docs/architecture.md › In': 'a drawing',
  'docs/architecture.md › Out': 'a drawing',
  'docs/guides/operating.md › Behind nginx': NO_NGINX,
  'docs/guides/scaling-out.md › Where the bus is': 'connects to servers that are not there',
  'docs/guides/transports.md › Behind nginx': NO_NGINX,
  'docs/protocol.md json': 'sent and compared by protocol.test.ts, frame by frame',
}

/** Programs that are run here without a look at what they do, and why. */
const UNSEEN: Readonly<Record<string, string>> = {
  'docs/guides/scaling-out.md › Who may publish': 'shows how an option is written',
  'docs/guides/slow-consumers.md › What happens to a message': 'shows how options are written',
  'docs/guides/slow-consumers.md › Policies 2': 'shows how an option is written',
  'docs/guides/write-your-own-adapter.md › The adapter': 'the adapter contract is run over it elsewhere',
  'docs/guides/write-your-own-driver.md › A driver of few lines':
    'the driver contract is run over it elsewhere',
  'docs/guides/write-your-own-driver.md › A bus with a server':
    'the driver contract is run over it elsewhere',
  'docs/protocol-velocity.md › The protocol `velocity`': 'shows how an option is written',
}

const root = fileURLToPath(new URL('../../', import.meta.url))
const blocks = blocksOfRepository(root)
const named = new Map(blocks.map((block) => [nameOf(block), block]))
const programs = blocks.filter((block) => isProgram(block) && block.ignored === undefined)

let stage: Stage | undefined
afterEach(async () => {
  await stage?.end()
  stage = undefined
})

/** What is done with blocks of a language that have no check of their own. */
const RUNNERS: Readonly<Record<string, (block: Block) => unknown>> = { sh: runCommands, json: parse }

function reasonOf(block: Block): string | undefined {
  return REASONS[nameOf(block)] ?? REASONS[`${block.file} ${block.language}`] ?? block.ignored
}

function runnerOf(block: Block): ((block: Block) => unknown) | undefined {
  const check = CHECKS.get(nameOf(block))
  if (check) return (one) => onStage((place) => check(place, one, blockNamed))
  if (isProgram(block)) return (one) => onStage(async (place) => void (await place.run(one)))
  return RUNNERS[block.language]
}

const runnable = blocks.flatMap((block) => {
  const runner = reasonOf(block) === undefined ? runnerOf(block) : undefined
  return runner ? [[nameOf(block), block, runner] as const] : []
})

describe('a block of the documentation', () => {
  it.each(runnable)('runs: %s', { timeout: 60_000 }, async (_name, block, runner) => {
    await expect(Promise.resolve(runner(block))).resolves.toBeUndefined()
  })

  it.each([
    ['throws', "import { Hub } from '@fanfare/core'\n\nnew Hub({ outbox: { frames: -1 } })", 'frames'],
    ['names what is not there', 'missing()', 'missing'],
  ])('that %s would be noticed', async (_what, code, word) => {
    const [block] = blocksOf('control.md', `\`\`\`ts\n${code}\n\`\`\``)
    await expect(onStage((place) => place.run(block as Block))).rejects.toThrow(word)
  })

  it.each(['npm run nothing', 'npm install @fanfare/nothing', 'npx fanfare serve --nothing', 'ls'])(
    'of a shell that says %s would be noticed',
    async (line) => {
      const [block] = blocksOf('control.md', `\`\`\`sh\n${line}\n\`\`\``)
      await expect(runCommands(block as Block)).rejects.toThrow(Error)
    },
  )

  it('runs, or has a reason not to', () => {
    const neither = blocks.filter((block) => reasonOf(block) === undefined && runnerOf(block) === undefined)
    expect(neither.map(nameOf)).toEqual([])
  })

  it('looks at itself, or is looked at, when it is a program', () => {
    const unseen = programs
      .filter((block) => reasonOf(block) === undefined)
      .filter(({ code }) => !code.includes("from 'node:assert/strict'"))
      .map(nameOf)
      .filter((name) => !CHECKS.has(name) && UNSEEN[name] === undefined)
    expect(unseen).toEqual([])
  })

  it('is there, if something is said of it', () => {
    const files = new Set(blocks.map(({ file, language }) => `${file} ${language}`))
    const said = [...CHECKS.keys(), ...Object.keys(REASONS), ...Object.keys(UNSEEN), ...COMPLETED]
    expect(said.filter((name) => !named.has(name) && !files.has(name))).toEqual([])
  })

  it('has a name of its own', () => {
    expect(named.size).toBe(blocks.length)
  })

  it('of the guide to testing looks at itself', () => {
    const guide = programs.filter(({ file }) => file === 'docs/guides/testing.md')
    expect(guide.length).toBeGreaterThan(0)
    for (const { code } of guide) expect(code).toContain("import assert from 'node:assert/strict'")
  })
})

async function onStage(run: (place: Stage) => Promise<unknown>): Promise<void> {
  await stage?.end()
  stage = new Stage(root)
  await run(stage)
}

function blockNamed(name: string): Block {
  const block = named.get(name)
  if (!block) throw new Error(`there is no block ${name}`)
  return block
}

/** One document, or one on each line. */
function parse({ code }: Block): void {
  try {
    JSON.parse(code)
  } catch {
    for (const line of code.split('\n')) JSON.parse(line)
  }
}

interface Manifest {
  readonly name: string
  readonly scripts?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

function manifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as Manifest
}

/** `npm ci` and the tests themselves are not run by a test; that what they name is there is looked at. `fanfare` runs. */
async function runCommands({ code }: Block): Promise<void> {
  const commands = code.split('\n').flatMap((line) => line.replace(/ #.*/, '').split(' && '))
  for (const line of commands) {
    const [program, verb = '', ...rest] = line.trim().split(/\s+/)
    if (program === 'npx' && verb === 'fanfare') {
      await onStage(async (place) => {
        const { code: exit, err } = await fanfare(place, rest)
        if (exit !== 0 || err !== '') throw new Error(`${line} says: ${err}`)
      })
    } else if (program !== 'npm' || !npmKnows(verb, rest)) throw new Error(`this may not work: ${line}`)
  }
}

function npmKnows(verb: string, words: readonly string[]): boolean {
  const { scripts = {}, devDependencies = {} } = manifest('.')
  if (verb === 'ci') return words.length === 0
  if (verb === 'run') return Object.hasOwn(scripts, words[0] ?? '')
  if (verb === 'test' || verb === 'start') return Object.hasOwn(scripts, verb)
  const ours = packageFolders(root).map((folder) => manifest(folder).name)
  return (
    verb === 'install' && words.every((name) => ours.includes(name) || Object.hasOwn(devDependencies, name))
  )
}
