import { poll } from '@fanfare/client'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { opened } from './support/link.ts'
import { ScriptedFetch } from './support/scripted-fetch.ts'

function scene() {
  const net = new ScriptedFetch()
  const stage = opened(poll({ fetch: net.fetch }), { url: 'wss://server/ws?token=t' })
  const settles = async (act: () => void): Promise<void> => {
    act()
    await stage.clock.settle()
  }
  return { net, settles, ...stage }
}

async function ready() {
  const stage = scene()
  await stage.settles(() => stage.net.last.answers(200, { session: 's', timeout: 30_000 }))
  return stage
}

describe('long polls', () => {
  it('open a session, and ask again and again', async () => {
    const { net, settles, told } = await ready()
    expect(net.requests[0]?.url).toBe('https://server/ws/poll?token=t')
    expect(net.requests[0]?.said).toEqual({})
    expect(net.poll?.url).toBe('https://server/ws/poll?token=t&session=s')
    expect(net.poll?.said).toEqual({ poll: 0 })
    await settles(() => net.poll!.answers(200, { n: 1, messages: ['a', 'b'] }))
    expect(told).toEqual(['a', 'b'])
    expect(net.poll?.said).toEqual({ poll: 1 })
    await settles(() => net.poll!.answers(200, { n: 2, messages: [{ bytes: 'AAE=' }], more: 1 }))
    expect(told.length).toBe(3)
    expect(net.poll?.said).toEqual({ poll: 2 })
  })

  it('send beside it', async () => {
    const { net, settles, link } = await ready()
    await settles(() => link.send('x'))
    expect(net.post?.said).toEqual({ seq: 1, messages: ['x'] })
    expect(net.poll?.pending).toBe(true)
  })

  it('ask again when there was nothing, but not in a frenzy', async () => {
    const { net, settles, clock } = await ready()
    clock.advance(25_000)
    await settles(() => net.poll!.answers(200, {}))
    expect(net.polls.length).toBe(2)
    await settles(() => net.poll!.answers(200, { messages: [] }))
    expect(net.polls.length).toBe(2)
    await settles(() => clock.advance(999))
    expect(net.polls.length).toBe(2)
    await settles(() => clock.advance(1))
    expect(net.polls.length).toBe(3)
  })

  it('hear once what was sent twice', async () => {
    const { net, settles, told, clock } = await ready()
    await settles(() => net.poll!.answers(200, { n: 1, messages: ['a'] }))
    await settles(() => net.poll!.answers(200, { n: 1, messages: ['a'] }))
    await settles(() => clock.advance(1_000))
    expect(net.poll?.said).toEqual({ poll: 1 })
    expect(told).toEqual(['a'])
  })

  it('repeat what was lost', async () => {
    const { net, settles, told, clock } = await ready()
    await settles(() => net.poll!.begins().brings('{"n":1,"mess').drops())
    await settles(() => clock.advance(500))
    await settles(() => net.poll!.answers(502))
    await settles(() => clock.advance(1_000))
    expect(net.polls.map(({ said }) => said)).toEqual([{ poll: 0 }, { poll: 0 }, { poll: 0 }])
    await settles(() => net.poll!.answers(200, { n: 1, messages: ['a'] }))
    expect(told).toEqual(['a'])
  })

  it('are given up after a while', async () => {
    const { net, settles, told, clock } = await ready()
    for (const pause of [500, 1_000, 2_000, 4_000]) {
      await settles(() => net.poll!.drops())
      await settles(() => clock.advance(pause))
    }
    expect([net.polls.length, told, clock.timers]).toEqual([4, [[1006, '']], 0])
  })

  it('end as the server says', async () => {
    const { net, settles, told } = await ready()
    await settles(() =>
      net.poll!.answers(200, { n: 1, messages: ['a'], close: { code: 4200, reason: 'shutdown' } }),
    )
    expect(told).toEqual(['a', [4200, 'shutdown']])
    expect(net.polls.length).toBe(1)
  })

  it('end when the session is gone', async () => {
    const { net, settles, told, link } = await ready()
    await settles(() => link.send('x'))
    await settles(() => net.poll!.answers(404))
    expect(told).toEqual([[1006, '']])
    expect(net.post?.aborted).toBe(true)
  })

  it.each([
    [401, [4010, 'unauthorized']],
    [404, [4000, 'not-found']],
    [503, [4100, 'over-capacity']],
    [200, [1006, '']],
  ])('may be refused: %i', async (status, end) => {
    const { net, settles, told } = scene()
    await settles(() => net.last.answers(status))
    expect(told).toEqual([end])
  })

  it.each(['nonsense', 'null', '{"session":1}'])('open with nothing but a session: %s', async (body) => {
    const { net, settles, told } = scene()
    await settles(() => net.last.begins().brings(body).ends())
    expect(told).toEqual([[1006, '']])
  })

  it('do not take an answer that has no end', async () => {
    const { net, settles } = await ready()
    const { poll: asked } = net
    await settles(() => {
      asked!.begins()
      for (let at = 0; at < 70; at++) asked!.brings('x'.repeat(65_536))
    })
    expect(asked!.aborted).toBe(true)
  })

  it('end at close(), with a goodbye', async () => {
    const { net, settles, link, clock, told } = await ready()
    link.send('x')
    await settles(() => link.close())
    expect(net.poll?.aborted).toBe(true)
    expect(net.post?.said).toEqual({ seq: 1, messages: ['x'], close: { code: 1000, reason: '' } })
    expect(net.post?.init.keepalive).toBe(true)
    await settles(() => net.post!.answers(204))
    expect([clock.timers, told]).toEqual([0, []])
  })

  it('end at once when the peer is gone, or was never there', async () => {
    for (const { net, settles, link, clock } of [await ready(), scene()]) {
      await settles(() => link.close(true))
      expect([net.last.aborted, net.posts.length, clock.timers]).toEqual([true, 0, 0])
    }
  })

  it('survive any answer, and tell of one end at most', async () => {
    const odd = fc.oneof(
      fc.json(),
      fc.string(),
      fc
        .record(
          {
            session: fc.constantFrom<unknown>('s', 1, null),
            n: fc.constantFrom<unknown>(1, 2, 3, -1, 1e308, 'x', null),
            messages: fc.constantFrom<unknown>(['a'], [null, 1, {}], 'x', {}, null),
            close: fc.constantFrom<unknown>({ code: 4200, reason: 'x' }, { code: 'x' }, true, 'x'),
          },
          { requiredKeys: ['session'] },
        )
        .map((answer) => JSON.stringify(answer)),
    )
    const answer = fc.tuple(fc.constantFrom(200, 200, 200, 204, 404, 500, 0), odd)
    await fc.assert(
      fc.asyncProperty(fc.array(answer, { maxLength: 8 }), async (answers) => {
        const { net, settles, clock, told, link } = scene()
        for (const [status, body] of answers) {
          if (!net.last.pending) break
          await settles(() => net.last.begins(status).brings(body).ends())
          await settles(() => clock.advance(4_000))
        }
        expect(told.filter((what) => Array.isArray(what)).length).toBeLessThanOrEqual(1)
        link.close(true)
        expect([clock.timers, net.requests.some(({ pending }) => pending)]).toEqual([0, false])
      }),
      { numRuns: 60 },
    )
  })
})
