import { sse } from '@fanfare/client'
import { describe, expect, it } from 'vitest'

import { opened } from './support/link.ts'
import { eventOf, ScriptedFetch, SESSION } from './support/scripted-fetch.ts'

function scene(options: object = {}, url?: string) {
  const net = new ScriptedFetch()
  return { net, ...opened(sse({ fetch: net.fetch, ...options }), url === undefined ? {} : { url }) }
}

async function ready() {
  const stage = scene()
  const stream = stage.net.last
  stream.begins().brings(SESSION + eventOf('hello'))
  await stage.clock.settle()
  const say = async (...messages: string[]): Promise<void> => {
    for (const message of messages) stage.link.send(message)
    await stage.clock.settle()
  }
  const settles = async (act: () => void): Promise<void> => {
    act()
    await stage.clock.settle()
  }
  return { ...stage, stream, say, settles }
}

describe('where it asks', () => {
  it.each([
    ['ws://server', 'http://server/sse'],
    ['wss://server/live/', 'https://server/live/sse'],
    ['WS://server/live?token=a%20b&x=?', 'http://server/live/sse?token=a%20b&x=?'],
  ])('%s: %s', (url, asked) => {
    expect(scene({}, url).net.last.url).toBe(asked)
  })

  it('or at a URL of its own, with the same query', () => {
    expect(scene({ url: '/stream?a=1' }, 'ws://server/ws?token=t').net.last.url).toBe('/stream?a=1&token=t')
  })

  it('with cookies for other origins only if told so', () => {
    expect(scene().net.last.init).toMatchObject({
      method: 'GET',
      credentials: 'same-origin',
      cache: 'no-store',
    })
    expect(scene({ credentials: true }).net.last.init.credentials).toBe('include')
  })
})

describe('what comes down', () => {
  it('is told message by message', async () => {
    const { stream, clock, told } = await ready()
    stream.brings('event: json\ndata: "a\\rb"\n\n').brings('event: binary\ndata: AAE=\n\n')
    stream.brings(':\n\nevent: unknown\ndata: x\n\nevent: json\ndata: {\n\n').brings(eventOf('bye'))
    await clock.settle()
    expect(told).toEqual(['hello', 'a\rb', undefined, undefined, 'bye'])
  })

  it('before there is a session is not heard', async () => {
    const { net, clock, told } = scene()
    net.last.begins().brings(`${eventOf('early')}event: session\ndata: nonsense\n\n${eventOf('early')}`)
    await clock.settle()
    expect(told).toEqual([])
  })

  it('ends with the words of the server', async () => {
    const { stream, clock, told } = await ready()
    stream.brings(`event: close\ndata: {"code":4200,"reason":"shutdown"}\n\n${eventOf('late')}`)
    await clock.settle()
    stream.brings(eventOf('later'))
    await clock.settle()
    expect(told).toEqual(['hello', [4200, 'shutdown']])
    expect(stream.aborted).toBe(true)
  })

  it.each(['{}', 'null', '[]', '{"code":"x","reason":7}', '{'])('or with none: %s', async (data) => {
    const { stream, clock, told } = await ready()
    stream.brings(`event: close\ndata: ${data}\n\n`)
    await clock.settle()
    expect(told.at(-1)).toEqual([1006, ''])
  })

  it('ends when the stream does, or is cut', async () => {
    for (const end of ['ends', 'drops'] as const) {
      const { stream, clock, told } = await ready()
      stream[end]()
      await clock.settle()
      expect(told).toEqual(['hello', [1006, '']])
    }
  })

  it('that never ends a line is not waited for', async () => {
    const { stream, clock, told } = await ready()
    stream.brings('x'.repeat(5_000_000))
    await clock.settle()
    expect(told.at(-1)).toEqual([1009, 'more than 4194304 characters'])
    expect(stream.aborted).toBe(true)
  })
})

describe('a refusal', () => {
  it.each([
    [401, [4010, 'unauthorized']],
    [403, [4009, 'forbidden']],
    [404, [4000, 'not-found']],
    [429, [4100, 'over-capacity']],
    [503, [4100, 'over-capacity']],
    [500, [1006, '']],
    [204, [1006, '']],
  ])('%i', async (status, end) => {
    const { net, clock, told } = scene()
    net.last.begins(status)
    await clock.settle()
    expect(told).toEqual([end])
    expect(net.last.aborted).toBe(true)
  })

  it('that is temporary comes as an event', async () => {
    const { net, clock, told } = scene()
    net.last
      .begins()
      .brings('retry: 1000\nevent: close\ndata: {"code":4100,"reason":"over-capacity"}\n\n')
      .ends()
    await clock.settle()
    expect(told).toEqual([[4100, 'over-capacity']])
  })

  it('or no answer at all', async () => {
    const { net, clock, told } = scene()
    net.last.drops()
    await clock.settle()
    expect(told).toEqual([[1006, '']])
  })

  it('nor does a fetch that throws hurt', async () => {
    const { clock, told } = opened(
      sse({
        fetch: () => {
          throw new Error('no')
        },
      }),
    )
    await clock.settle()
    expect(told).toEqual([[1006, '']])
  })
})

describe('what goes up', () => {
  it('goes by POST, in order, what is said in one turn together', async () => {
    const { net, say } = await ready()
    await say('a', 'b')
    expect(net.post?.url).toBe('http://server/ws/sse?session=s%201')
    expect(net.post?.init).toMatchObject({ method: 'POST', keepalive: false })
    expect(net.post?.said).toEqual({ seq: 1, messages: ['a', 'b'] })
  })

  it('waits while a POST is under way', async () => {
    const { net, say, link, settles } = await ready()
    await say('a')
    await say('b')
    await say('cc')
    expect(net.posts.length).toBe(1)
    expect(link.bufferedBytes).toBe(4)
    await settles(() => net.post!.answers(204))
    expect(net.post?.said).toEqual({ seq: 2, messages: ['b', 'cc'] })
    expect(link.bufferedBytes).toBe(3)
    await settles(() => net.post!.answers(204))
    expect(link.bufferedBytes).toBe(0)
    expect(net.posts.length).toBe(2)
  })

  it('goes in several when it is much, a long message alone', async () => {
    const { net, say, settles } = await ready()
    await say('x'.repeat(100_000), 'y'.repeat(40_000), 'z'.repeat(40_000))
    const sizes: number[] = []
    for (let n = 0; n < 3; n++) {
      sizes.push((net.post!.said!['messages'] as string[]).join('').length)
      await settles(() => net.post!.answers(204))
    }
    expect(sizes).toEqual([100_000, 40_000, 40_000])
    expect(net.posts.length).toBe(3)
  })

  it.each(['drops', 502, 409])('is repeated as it was when the answer is lost: %s', async (how) => {
    const { net, say, clock, settles } = await ready()
    const lose = (): void => (how === 'drops' ? net.post!.drops() : net.post!.answers(Number(how)))
    await say('a')
    await settles(lose)
    await say('b')
    expect(net.posts.length).toBe(1)
    await settles(() => clock.advance(500))
    expect(net.post?.said).toEqual({ seq: 1, messages: ['a'] })
    await settles(() => net.post!.answers(204))
    expect(net.post?.said).toEqual({ seq: 2, messages: ['b'] })
  })

  it('but not for ever', async () => {
    const { net, say, clock, settles, told, stream } = await ready()
    await say('a')
    for (const pause of [500, 1_000, 2_000]) {
      await settles(() => net.post!.drops())
      await settles(() => clock.advance(pause))
    }
    expect(net.posts.length).toBe(4)
    await settles(() => net.post!.drops())
    expect(told).toEqual(['hello', [1006, '']])
    expect([stream.aborted, clock.timers]).toEqual([true, 0])
  })

  it.each([
    [404, [1006, '']],
    [400, [1006, '']],
    [401, [4010, 'unauthorized']],
    [413, [1009, 'too-large']],
  ])('and not after %i', async (status, end) => {
    const { net, say, settles, told, stream } = await ready()
    await say('a')
    await settles(() => net.post!.answers(status))
    expect(told).toEqual(['hello', end])
    expect(stream.aborted).toBe(true)
  })
})

describe('close()', () => {
  it('says goodbye, and then lets go of the stream', async () => {
    const { net, link, clock, stream, told, settles } = await ready()
    await settles(() => link.close())
    expect(net.post?.said).toEqual({ seq: 1, messages: [], close: { code: 1000, reason: '' } })
    expect(net.post?.init.keepalive).toBe(true)
    expect(stream.aborted).toBe(false)
    await settles(() => net.post!.answers(204))
    expect([stream.aborted, clock.timers, net.posts.length]).toEqual([true, 0, 1])
    expect(told).toEqual(['hello'])
  })

  it('says first what is still to be said', async () => {
    const { net, link, settles, say, stream, clock } = await ready()
    await say('a')
    link.send('b')
    await settles(() => link.close())
    link.send('not any more')
    expect(net.posts.length).toBe(1)
    await settles(() => net.post!.answers(204))
    expect(net.post?.said).toEqual({ seq: 2, messages: ['b'], close: { code: 1000, reason: '' } })
    await settles(() => net.post!.answers(404))
    expect([stream.aborted, clock.timers]).toEqual([true, 0])
  })

  it('repeats at once what waits to be repeated, and once only', async () => {
    const { net, link, settles, say, stream, clock } = await ready()
    await say('a')
    await settles(() => net.post!.drops())
    await settles(() => link.close())
    expect(net.post?.said).toEqual({ seq: 1, messages: ['a'] })
    await settles(() => net.post!.drops())
    expect([net.posts.length, stream.aborted, clock.timers]).toEqual([2, true, 0])
  })

  it('does not wait for ever', async () => {
    const { net, link, settles, stream, clock } = await ready()
    await settles(() => link.close())
    await settles(() => clock.advance(3_000))
    expect([stream.aborted, net.post?.aborted, clock.timers]).toEqual([true, true, 0])
  })

  it('with a peer that is gone says nothing', async () => {
    const { net, link, settles, stream, clock, say, told } = await ready()
    await say('a')
    await settles(() => link.close(true))
    expect([net.posts.length, net.post?.aborted, stream.aborted, clock.timers]).toEqual([1, true, true, 0])
    stream.brings(eventOf('late'))
    await clock.settle()
    expect(told).toEqual(['hello'])
  })

  it.each(['before the answer', 'before the session'])('%s calls the request off', async (when) => {
    const { net, link, clock, told } = scene()
    if (when === 'before the session') net.last.begins()
    await clock.settle()
    link.close()
    link.close()
    await clock.settle()
    expect([net.requests.length, net.last.aborted, clock.timers, told]).toEqual([1, true, 0, []])
  })
})
