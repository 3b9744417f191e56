import { tmpdir } from 'node:os'
import { afterEach, describe, expect, it } from 'vitest'

import { run } from '../../server/src/command.ts'
import type { Report } from '../../server/src/load/report.ts'
import { type Mischief, type MischievousServer, mischievousServer } from './mischievous-server.ts'

// A load generator that finds nothing is worth something only if it would have found it.

let server: MischievousServer | undefined
afterEach(async () => {
  await server?.close()
  server = undefined
})

const LIGHT = [
  '--clients',
  '4',
  '--channels',
  '2',
  '--rate',
  '1000',
  '--grace',
  '300ms',
  '--connect-rate',
  '1000',
]

async function bench(args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  const said = { out: '', err: '' }
  const code = await run(['bench', ...LIGHT, '--url', server?.url ?? '', ...args], {
    environment: {},
    directory: tmpdir(),
    out: (text) => (said.out += text),
    err: (text) => (said.err += text),
    told: () => new Promise(() => {}),
    bun: false,
    inBun: () => Promise.resolve(undefined),
  })
  return { code, ...said }
}

/** 100 messages, each for two clients, through a server with a mischief. */
async function report(mischief: Mischief, ...args: string[]): Promise<Report & { code: number }> {
  server = await mischievousServer(mischief)
  const { code, out } = await bench(['--messages', '100', '--json', ...args])
  return { code, ...(JSON.parse(out) as Report) }
}

const faithful: Mischief = (frame) => [frame]

describe('fanfare bench, with a server of which it is known what it does', () => {
  it('finds nothing when there is nothing', async () => {
    const { code, ok, deliveries, messages } = await report(faithful)
    expect({ code, ok }).toEqual({ code: 0, ok: true })
    expect(messages).toEqual({ sent: 100, published: 100, refused: 0, unknown: 0 })
    expect(deliveries).toEqual({
      ...{ expected: 200, received: 200, lost: 0, announced: 0, cut: 0, reordered: 0, duplicated: 0 },
      ...{ strange: 0, foreign: 0 },
    })
  })

  it('finds what is dropped', async () => {
    const { code, ok, deliveries } = await report((frame, nth) => (nth % 10 === 4 ? [] : [frame]))
    expect({ code, ok }).toEqual({ code: 1, ok: false })
    expect(deliveries).toMatchObject({ expected: 200, received: 180, lost: 20, announced: 0, cut: 0 })
  })

  it('finds that the last one is dropped', async () => {
    const { code, deliveries } = await report((frame, nth) => (nth === 49 ? [] : [frame]))
    expect(code).toBe(1)
    expect(deliveries).toMatchObject({ expected: 200, received: 196, lost: 4 })
  })

  it('finds what is duplicated', async () => {
    const { code, deliveries } = await report((frame, nth) => (nth === 7 ? [frame, frame] : [frame]))
    expect(code).toBe(1)
    expect(deliveries).toMatchObject({ received: 200, lost: 0, duplicated: 4, reordered: 0 })
  })

  it('finds what is out of order', async () => {
    // One publisher in one channel, so that neighbours are of one stream.
    const held: string[] = []
    const swap: Mischief = (frame, nth) => {
      if (nth === 5) return held.push(frame) ? [] : []
      return nth === 6 ? [frame, ...held.splice(0, 1)] : [frame]
    }
    const few = ['--clients', '1', '--channels', '1', '--publishers', '1']
    const { code, deliveries } = await report(swap, ...few)
    expect(code).toBe(1)
    expect(deliveries).toMatchObject({ received: 100, lost: 0, duplicated: 0, reordered: 1 })
  })

  it('finds what is delivered to another channel', async () => {
    const astray: Mischief = (frame, nth, channel) =>
      nth === 3
        ? [frame.replace(channel, channel.endsWith('0') ? 'presence-bench-1' : 'presence-bench-0')]
        : [frame]
    const { code, deliveries } = await report(astray)
    expect(code).toBe(1)
    expect(deliveries).toMatchObject({ lost: 4, strange: 4 })
  })

  it('lets pass what is announced as missing, and only that', async () => {
    const gap = (channel: string, count: number): string =>
      JSON.stringify({ op: 'gap', channel, count, reason: 'slow' })
    const honest: Mischief = (frame, nth, channel) =>
      nth === 20 || nth === 21 ? [] : nth === 22 ? [gap(channel, 2), frame] : [frame]
    const right = await report(honest)
    expect(right).toMatchObject({ code: 0, deliveries: { announced: 8, lost: 0 } })
    expect(right.gaps).toEqual({ slow: 4, bus: 0, counted: 8 })
    await server?.close()
    const halfHonest: Mischief = (frame, nth, channel) =>
      nth === 20 || nth === 21 ? [] : nth === 22 ? [gap(channel, 1), frame] : [frame]
    expect(await report(halfHonest)).toMatchObject({ code: 1, deliveries: { announced: 4, lost: 4 } })
  })

  it('ignores the messages of others', async () => {
    const { code, deliveries } = await report((frame, nth, channel) =>
      nth === 0
        ? [JSON.stringify({ op: 'msg', channel, event: 'chat', data: { text: 'Hello' } }), frame]
        : [frame],
    )
    expect(code).toBe(0)
    expect(deliveries).toMatchObject({ foreign: 4, strange: 0, received: 200 })
  })

  it('does not expect what was refused, and fails when all was', async () => {
    server = await mischievousServer(faithful, ({ op, id }) =>
      op === 'pub' && Number(id) % 5 === 0 ? 'rate' : undefined,
    )
    const some = await bench(['--messages', '100', '--json'])
    expect(some.code).toBe(0)
    expect(JSON.parse(some.out)).toMatchObject({
      messages: { sent: 100, published: 80, refused: 20 },
      deliveries: { expected: 160, received: 160 },
      reasons: [{ reason: 'publish: rate', count: 20 }],
    })
    await server.close()
    server = await mischievousServer(faithful, ({ op }) => (op === 'pub' ? 'forbidden' : undefined))
    const all = await bench(['--messages', '10'])
    expect(all.code).toBe(1)
    expect(all.out).toMatch(
      /10 times publish: forbidden\n.*--channel-prefix.*\n\nwrong: nothing was published\n$/,
    )
  })

  it('says in one line that nobody is let in, or that nobody is there', async () => {
    server = await mischievousServer(faithful, ({ op }) => (op === 'sub' ? 'unauthorized' : undefined))
    const refused = await bench([])
    expect(refused).toMatchObject({ code: 1, out: '' })
    expect(refused.err).toMatch(
      /^fanfare: no client is in a channel of ws:\S+: subscribe: unauthorized .*--auth.*\n$/,
    )
    await server.close()
    const alone = await bench([])
    expect(alone).toMatchObject({ code: 1, out: '' })
    expect(alone.err).toMatch(/^fanfare: no client is in a channel of ws:\S+: connect: .*ECONNREFUSED.*\n$/)
  })

  it('says who it is, in the place that it is told', async () => {
    server = await mischievousServer(faithful)
    const base = ['--messages', '10', '--token', 'secret-{n}', '--auth', '"guest {n}"']
    for (const place of ['header', 'query', 'first-message']) {
      const { code, out } = await bench([...base, '--token-in', place])
      expect(code).toBe(0)
      expect(out).not.toContain('secret')
    }
    const [header, query, neither] = [0, 4, 8].map((from) => server?.handshakes.slice(from, from + 4) ?? [])
    expect(header?.map(({ authorization }) => authorization).sort()).toEqual(
      [0, 1, 2, 3].map((n) => `Bearer secret-${String(n)}`),
    )
    expect(query?.map(({ url }) => url)).toContain('/ws?token=secret-3')
    expect(neither).toContainEqual({ url: '/ws', authorization: undefined })
    expect(server.said).toContainEqual({ op: 'hello', v: 1, token: 'secret-2' })
    expect(server.said).toContainEqual(expect.objectContaining({ op: 'sub', auth: 'guest 3' }))
  })
})
