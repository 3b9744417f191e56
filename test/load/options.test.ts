import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

import { readArguments } from '../../server/src/config/arguments.ts'
import { UsageError } from '../../server/src/config/usage.ts'
import { loadHelpText } from '../../server/src/load/help.ts'
import { readLoadOptions } from '../../server/src/load/options.ts'
import { eachLoadOption, type LoadOptions, loadVariableOf } from '../../server/src/load/table.ts'

const guide = readFileSync(fileURLToPath(new URL('../../docs/guides/server.md', import.meta.url)), 'utf8')
const rows = guide.split('\n').map((line) => line.replace(/\s+/g, ' ').trim())
const named = eachLoadOption().map(([, option]) => option)

function read(args: readonly string[], environment: Record<string, string> = {}): LoadOptions {
  const { flags } = readArguments(args, { help: 'fanfare bench --help', named })
  return readLoadOptions({ flags, environment, directory: tmpdir() })
}

function fault(args: readonly string[], environment: Record<string, string> = {}): string {
  try {
    read(args, environment)
  } catch (error) {
    if (error instanceof UsageError) return error.message
    throw error
  }
  throw new Error('nothing was wrong')
}

/** Values that are wrong, by flag. */
const WRONG: Readonly<Record<string, readonly string[]>> = {
  url: ['http://h/ws', 'ws://', 'h:6001', 'ws://h/a b', 'ws://h/#x', 'ws:h?token=s3cret', 'x://u:s3cret@h'],
  clients: ['0', '100001', 'many'],
  'connect-rate': ['0', '10001', '1.5'],
  channels: ['0', '10001', 'x'],
  'per-client': ['0', '129', 'x'],
  'channel-prefix': ['a b', 'é', 'x'.repeat(101)],
  auth: ['{', 's3cret', "{'a':1}"],
  token: ['s3cret s3cret', 's3crét'],
  'token-in': ['cookie', 'Header'],
  header: ['s3cret', 'a b: s3cret', 'a:s3cret\u0007'],
  rate: ['0', '1000001', 'fast'],
  messages: ['0', '-1', '1e3'],
  duration: ['10', '-1s', '25h'],
  bytes: ['99', '500001', '1k'],
  publishers: ['-1', '100001', 'x'],
  bus: ['memory', 'redis', 'kafka://u:s3cret@h', 'redis://u:s3cret@h/x'],
  'bus-prefix': ['a b', 'a:b'],
  'bus-secret': ['s3cret', 's3cret with spaces in it', 's3cret-that-is-long-enough,short'],
  grace: ['0', '5', 'x'],
  json: ['yes'],
}

describe('the options of fanfare bench', () => {
  it('have their defaults, with what is left to it filled in', () => {
    expect(read([])).toEqual({
      ...{ url: 'ws://127.0.0.1:6001/ws', clients: 100, connectRate: 200, channels: 10, perClient: 1 },
      ...{
        channelPrefix: 'presence-bench-',
        auth: '{"data":{"name":"bench"}}',
        token: '',
        tokenIn: 'header',
      },
      ...{ headers: {}, rate: 1_000, messages: 10_000, durationMs: 0, bytes: 128, publishers: 20 },
      ...{ bus: 'none', busPrefix: 'fanfare', busSecret: [], graceMs: 3_000, json: false },
    })
  })

  it.each(eachLoadOption())(
    '%s is in the help and in the guide, and its default is as it is written',
    (_, option) => {
      const { flag, value, written, help, kind, fallback } = option
      expect(kind.read(written)).toEqual(fallback)
      expect(loadHelpText()).toContain(`${loadVariableOf(flag)}, default ${written}\n      ${help}`)
      const usage = value === undefined ? `--${flag}` : `--${flag} ${value}`
      expect(rows).toContain(
        `| \`${usage}\` | \`${loadVariableOf(flag)}\` | \`${written}\` | ${help}. Takes ${kind.takes}. |`,
      )
    },
  )

  it.each(named)('a wrong --$flag is one line that names it, and shows no secret', ({ flag, kind }) => {
    const wrong = WRONG[flag] ?? []
    expect(wrong).not.toEqual([])
    for (const text of wrong) {
      for (const [label, message] of [
        [`--${flag}`, fault([`--${flag}=${text}`])],
        [loadVariableOf(flag), fault([], { [loadVariableOf(flag)]: text })],
      ] as const) {
        expect(message).toContain(`${label} takes ${kind.takes}, not "`)
        expect(message).not.toMatch(/s3cr|\n/)
      }
    }
  })

  it('headers may be several', () => {
    const { headers } = read(['--header', 'X-One: 1', '--header=Origin:https://a.example'])
    expect(headers).toEqual({ 'X-One': '1', Origin: 'https://a.example' })
  })

  it('with a bus the channels are public ones, and no client publishes', () => {
    const bus = 'nats://h'
    expect(read(['--bus', bus])).toMatchObject({ bus, channelPrefix: 'bench-', publishers: 0 })
    expect(read(['--bus', bus, '--channel-prefix', 'x-'])).toMatchObject({ channelPrefix: 'x-' })
    expect(fault(['--bus', bus, '--publishers', '1'])).toContain('--publishers takes 0 with --bus')
  })

  it('there are enough publishers for the rate and the channels, as far as there are clients', () => {
    expect(read(['--rate', '10']).publishers).toBe(10)
    expect(read(['--rate', '10', '--per-client', '5']).publishers).toBe(2)
    expect(read(['--rate', '100000']).publishers).toBe(100)
    expect(read(['--publishers', '3']).publishers).toBe(3)
  })

  it('that do not go together are one line', () => {
    expect(fault(['--per-client', '11'])).toMatch(/^--per-client takes at most as many as --channels$/)
    expect(fault(['--clients', '9'])).toMatch(/^--channels takes at most --clients times --per-client/)
    expect(fault(['--publishers', '101'])).toMatch(/^--publishers takes at most as many as --clients$/)
    expect(fault(['--channel-prefix', 'news-'])).toMatch(
      /^--channel-prefix takes one that begins with private-/,
    )
  })

  it('that are none are named, and where to find those that are', () => {
    expect(() => readArguments(['--port', '1'], { help: 'fanfare bench --help', named })).toThrow(
      'there is no option "--port"; fanfare bench --help lists them',
    )
  })
})
