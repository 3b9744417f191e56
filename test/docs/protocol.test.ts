import { readFileSync } from 'node:fs'
import type { Broadcast, MemberText, Unicast } from '@fanfare/core'
import { closeCode, Gateway, native, Payload, plain } from '@fanfare/core'
import { describe, expect, it } from 'vitest'

import { MAX_WAITING_COMMANDS } from '../../core/src/gateway/inbox.ts'
import { MAX_JSON_DEPTH } from '../../core/src/ground/json-scan.ts'
import { BROADCASTS, rosterOf, UNICASTS, WHYS } from '../contracts/protocol-samples.ts'

const file = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const page = file('docs/protocol.md')
const protocol = native()

type Frame = Record<string, unknown>

/** The JSON examples of one kind, each parsed. A block has one frame, or one on each line. */
function examples(kind: string): Frame[] {
  const blocks = [...page.matchAll(new RegExp(`^\`\`\`json ${kind}\n(.*?)^\`\`\``, 'gms'))]
  return blocks.flatMap(([, text = '']) => {
    try {
      return [JSON.parse(text) as Frame]
    } catch {
      return text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Frame)
    }
  })
}

/** The rows of the table below a heading, as lists of cells without marks and links. */
function table(heading: string): string[][] {
  const section = page.split(new RegExp(`^## ${heading}$`, 'm'))[1]?.split(/^#{2,3} /m)[0] ?? ''
  const rows = section.split('\n').filter((line) => line.startsWith('|'))
  const cells = rows.map((row) =>
    row
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.replace(/[`[]|\]\(.*?\)/g, '').trim()),
  )
  return cells.slice(2)
}

function opsIn(path: string, pattern: RegExp): string[] {
  return [...new Set([...file(path).matchAll(pattern)].map(([, op = '']) => op))]
}

const clientOps = opsIn('core/src/protocols/native-decode.ts', /^ {2}\[\s*'(\w+)',/gm)
const serverOps = [
  ...opsIn('core/src/protocols/native-encode.ts', /\bframe\(\s*'(\w+)'/g),
  ...opsIn('core/src/protocols/native.ts', /\{"op":"(\w+)"/g),
]

describe('docs/protocol.md', () => {
  it('says of each JSON example whose it is', () => {
    const fences = page.match(/^```\w.*$/gm) ?? []
    expect(fences.length).toBeGreaterThan(20)
    for (const fence of fences) expect(['```json client', '```json server', '```json plain']).toContain(fence)
  })

  it('has an example and a row for each op that a client may send, and for no other', () => {
    expect(clientOps).toContain('sub')
    expect(examples('client').map(({ op }) => op)).toEqual(expect.arrayContaining(clientOps))
    expect(new Set(table('From the client').map(([op]) => op))).toEqual(new Set(clientOps))
  })

  it('has an example and a row for each op of the server, and for no other', () => {
    expect(serverOps).toContain('msg')
    expect(examples('server').map(({ op }) => op)).toEqual(expect.arrayContaining(serverOps))
    expect(new Set(table('From the server').map(([op]) => op))).toEqual(new Set(serverOps))
  })

  it('shows frames of a client that are understood', () => {
    for (const frame of examples('client')) {
      const commands = protocol.decode(JSON.stringify(frame), undefined)
      expect(commands.filter((command) => command.do === 'reject')).toEqual([])
    }
  })

  it('names the members of each frame of the server, and which of them may be missing', () => {
    const written = [
      ...UNICASTS.flatMap((event) => protocol.unicast(event, undefined)),
      ...BROADCASTS.flatMap((event) => protocol.broadcast(event) ?? []),
      ...WHYS.flatMap((why) =>
        [undefined, 'detail'].flatMap((detail) => protocol.bye(why, undefined, detail).frames),
      ),
    ].map((frame) => JSON.parse(frame as string) as Frame)
    for (const [op, members = ''] of table('From the server')) {
      const frames = written.filter((frame) => frame['op'] === op)
      const names = new Set(frames.flatMap((frame) => Object.keys(frame)).filter((name) => name !== 'op'))
      const always = (name: string): boolean => frames.every((frame) => name in frame)
      const expected = [...names].map((name) => (always(name) ? name : `${name}?`))
      expect([op, new Set(members.split(', ').filter(Boolean))]).toEqual([op, new Set(expected)])
    }
  })
})

describe('the examples of docs/protocol.md', () => {
  const id = '3120.7709465127360012'
  const room = 'presence-room.7'
  const ann: MemberText = { id: 'ann', info: '{"name":"Ann"}' }
  const ben: MemberText = { id: 'ben', info: '{"name":"Ben"}' }
  const typing = {
    channel: 'private-room',
    event: 'typing',
    data: new Payload('null'),
    from: { client: '1.2' },
  }
  const told: Unicast[] = [
    { on: 'open', client: id, heartbeatMs: 25_000 },
    { on: 'subscribed', ref: 1, channel: 'orders', again: false },
    { on: 'subscribed', ref: 2, channel: room, again: false, me: ben, roster: rosterOf(ann, ben) },
    { on: 'reply', ref: 5, data: Payload.of({ delivered: 3 }) },
    { on: 'members', ref: 6, channel: room, roster: rosterOf({ id: 'ann' }, { id: 7 }) },
    { on: 'pong', ref: 7 },
    { on: 'unsubscribed', channel: 'private-room', why: 'expired' },
    { on: 'unsubscribed', channel: 'orders' },
    { on: 'ping' },
    { on: 'expiring', channel: 'private-room', inMs: 30_000 },
    { on: 'ask', ref: 1, method: 'confirm', data: new Payload('null') },
    { on: 'authed', ref: 8, user: 'ann' },
    {
      on: 'failed',
      ref: 4,
      what: 'publish',
      channel: 'private-room',
      why: 'not-subscribed',
      detail: 'subscribe to the channel first',
    },
  ]
  const spread: Broadcast[] = [
    { on: 'message', channel: 'orders', event: 'shipped', data: Payload.of({ order: 7 }) },
    { on: 'message', ...typing },
    { on: 'message', event: 'reminder', data: Payload.of('tea') },
    { on: 'join', channel: room, member: ann },
    { on: 'leave', channel: room, member: ann },
    { on: 'roster', channel: room, roster: rosterOf({ id: 'ann' }) },
    { on: 'gap', channel: 'orders', count: 3, reason: 'slow' },
    { on: 'gap', count: 1, reason: 'slow' },
  ]

  it('are what the server writes', () => {
    const frames = [
      ...told.flatMap((event) => protocol.unicast(event, undefined)),
      ...spread.map((event) => protocol.broadcast(event) ?? ''),
      ...protocol.bye('shutdown', undefined).frames,
      ...protocol.bye('bad-version', undefined, 'this server speaks version 1').frames,
    ].map((frame) => JSON.parse(frame as string) as Frame)
    for (const example of examples('server')) expect(frames).toContainEqual(example)
    for (const frame of frames) expect(examples('server')).toContainEqual(frame)
  })

  it('are what plain writes', () => {
    const ada: MemberText = { id: 'u42', info: '{"name":"Ada"}' }
    const events: Broadcast[] = [
      { on: 'roster', channel: room, roster: rosterOf() },
      { on: 'roster', channel: room, roster: rosterOf(ada) },
      { on: 'join', channel: room, member: ada },
      { on: 'leave', channel: room, member: ada },
    ]
    const frames = events.map((event) => JSON.parse(plain().broadcast(event) as string) as Frame)
    expect(examples('plain').map((frame) => ({ ...frame, channel: room }))).toEqual(frames)
  })
})

describe('the codes in docs/protocol.md', () => {
  const comesBack = (code: number): string => {
    if (code === 1000 || (code >= 4000 && code < 4100)) return 'no'
    return code >= 4200 && code < 4300 ? 'soon' : 'later'
  }

  it('are the close codes of the hub, all of them, with the rule of their range', () => {
    const rows = table('Close codes').map(([word, code, back]) => [word, Number(code), back])
    const expected = WHYS.map((why) => [why, closeCode(why), comesBack(closeCode(why))])
    expect(new Set(rows)).toEqual(new Set(expected))
  })

  it('agree with what bye says about coming back', () => {
    for (const why of WHYS) {
      const [frame] = protocol.bye(why, undefined).frames
      if (frame === undefined) continue
      const { retry } = JSON.parse(frame as string) as { retry: boolean }
      expect([why, retry]).toEqual([why, comesBack(closeCode(why)) !== 'no'])
    }
  })

  it('name every word for an answer', () => {
    const ends = ['closed', 'no-app', 'over-capacity', 'idle', 'slow', 'gap', 'terminated']
    const words = table('Errors').map(([word]) => word)
    expect(new Set([...words, ...ends])).toEqual(new Set(WHYS))
  })
})

describe('the limits in docs/protocol.md', () => {
  it('are those of the code', () => {
    const { maxMessageBytes, maxConnections, heartbeat } = new Gateway().limits
    const limits = table('Limits').map((row) => row.join(' '))
    const said = (what: RegExp): string =>
      limits.find((row) => what.test(row)) ?? `nothing about ${String(what)}`
    expect(said(/maxMessageBytes/)).toContain(`${String(maxMessageBytes / 1024)} KiB`)
    expect(said(/maxConnections/).replace(/(\d) (\d)/, '$1$2')).toContain(String(maxConnections))
    expect(said(/nesting/)).toContain(String(MAX_JSON_DEPTH))
    expect(said(/wait while one/)).toContain(String(MAX_WAITING_COMMANDS))
    expect(page).toContain(`nothing comes in for ${String(heartbeat.timeoutMs / 1000)} s`)
  })
})
