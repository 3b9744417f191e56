import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as core from '@fanfare/core'
import { ClientError, FanfareError } from '@fanfare/core'
import { testHub } from '@fanfare/core/testing'
import { describe, expect, it } from 'vitest'

// What the guides say of the code, where it can be looked up: tables of words.

const root = fileURLToPath(new URL('../../', import.meta.url))

/** The rows of the table below a heading, as lists of cells without marks. */
function table(guide: string, heading: string): string[][] {
  const page = readFileSync(join(root, 'docs/guides', `${guide}.md`), 'utf8')
  const section = page.split(new RegExp(`^## ${heading}$`, 'm'))[1]?.split(/^## /m)[0] ?? ''
  const rows = section.split('\n').filter((line) => line.startsWith('|'))
  return rows.slice(2).map((row) =>
    row
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.replaceAll('`', '').trim()),
  )
}

describe('docs/guides/errors.md', () => {
  it('has every class of error, with its code', () => {
    const classes = Object.entries(core).filter(([, value]) => isErrorClass(value))
    const made: Record<string, FanfareError> = {
      OptionError: new core.OptionError('option', 'a number', 'text'),
      ChannelNameError: new core.ChannelNameError('empty'),
      UnauthorizedError: new core.UnauthorizedError('private-a'),
      LimitError: new core.LimitError('maxChannelsPerClient', 128),
      CancelledError: new core.CancelledError('gone'),
      HubClosedError: new core.HubClosedError(),
    }
    const rows = table('errors', 'Errors that are thrown').map(([name = '', code]) => [name, code])
    expect(new Set(rows.map(([name]) => name))).toEqual(new Set(classes.map(([name]) => name)))
    for (const [name, error] of Object.entries(made)) expect(rows).toContainEqual([name, error.code])
  })

  it('has every place where something can fail', () => {
    const places: Record<core.ErrorEvent['where'], true> = {
      origin: true,
      authenticate: true,
      authorizer: true,
      middleware: true,
      handler: true,
      listener: true,
      policy: true,
      protocol: true,
      relay: true,
      conn: true,
    }
    const rows = table('errors', 'Errors that nobody caused by calling').map(([where]) => where)
    expect(new Set(rows)).toEqual(new Set(Object.keys(places)))
  })
})

describe('docs/guides/slow-consumers.md', () => {
  it('has every policy', () => {
    const words = table('slow-consumers', 'Policies').map(([word]) => word)
    const policies: Record<core.OverflowAction, true> = {
      'drop-newest': true,
      'drop-oldest': true,
      disconnect: true,
      conflate: true,
    }
    expect(new Set(words)).toEqual(new Set(Object.keys(policies)))
  })

  it('has every reason for a drop', () => {
    const reasons = table('slow-consumers', 'You are told').map(([reason]) => reason)
    expect(new Set(reasons)).toEqual(new Set(Object.keys(testHub().hub.stats().dropped)))
  })
})

function isErrorClass(value: unknown): boolean {
  if (typeof value !== 'function') return false
  return value === FanfareError || value === ClientError || value.prototype instanceof FanfareError
}
