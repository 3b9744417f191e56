import { describe, expect, it, vi } from 'vitest'

import { codeOf, recorder, stage } from './support/stage.ts'

describe('a call', () => {
  it('resolves to the answer', async () => {
    const scene = stage()
    await scene.open()
    const answer = scene.client.call('sum', [1, 2])
    expect(scene.socket.sent).toEqual([{ op: 'call', method: 'sum', data: [1, 2], id: 1 }])
    scene.socket.grants('call', { data: 3 })
    expect(await answer).toBe(3)
  })

  it('gets its own answer, in whatever order they come', async () => {
    const scene = stage()
    await scene.open()
    const answers = Promise.all([scene.client.call('a'), scene.client.call('b')])
    scene.socket.says({ op: 'ok', id: 2, data: 'B' }).says({ op: 'ok', id: 1, data: 'A' })
    expect(await answers).toEqual(['A', 'B'])
  })

  it("rejects with the server's word", async () => {
    const scene = stage()
    await scene.open()
    const answer = scene.client.call('sum')
    scene.socket.refuses('call', 'rate', { message: 'slowly', after: 1_500 })
    await expect(answer).rejects.toMatchObject({
      code: 'rate',
      by: 'server',
      message: 'slowly',
      afterMs: 1_500,
    })
  })

  it('rejects when there is no answer in time; one that comes later is nobody’s', async () => {
    const scene = stage()
    await scene.open()
    const outcome = codeOf(scene.client.call('sum', 1, { timeoutMs: 500 }))
    scene.clock.advance(499)
    await scene.clock.settle()
    expect(outcome.code).toBeUndefined()
    scene.clock.advance(1)
    await scene.clock.settle()
    expect(outcome.code).toBe('timeout')
    scene.socket.grants('call')
    expect(scene.errors).toEqual([])
  })

  it('takes 10 s by default, and for ever if told so', async () => {
    const scene = stage()
    await scene.open()
    const outcome = codeOf(scene.client.call('sum'))
    const patient = codeOf(scene.client.call('sum', 1, { timeoutMs: 0 }))
    scene.clock.advance(10_000)
    await scene.clock.settle()
    expect([outcome.code, patient.code]).toEqual(['timeout', undefined])
  })

  it('rejects when the caller gives up', async () => {
    const scene = stage()
    await scene.open()
    const abort = new AbortController()
    const outcome = scene.client.call('sum', 1, { signal: abort.signal })
    abort.abort(new Error('enough'))
    await expect(outcome).rejects.toMatchObject({ code: 'aborted', cause: new Error('enough') })
  })

  it('is not even sent when the caller gave up before', async () => {
    const scene = stage()
    await scene.open()
    const outcome = codeOf(scene.client.call('sum', 1, { signal: AbortSignal.abort() }))
    await scene.clock.settle()
    expect(outcome.code).toBe('aborted')
    expect(scene.socket.sent).toEqual([])
  })

  it('leaves no listener on the signal', async () => {
    const scene = stage()
    await scene.open()
    const { signal } = new AbortController()
    const remove = vi.spyOn(signal, 'removeEventListener')
    const answer = scene.client.call('sum', 1, { signal })
    scene.socket.grants('call')
    await answer
    expect(remove).toHaveBeenCalledTimes(1)
  })

  it('rejects when the connection is lost, and is not sent again', async () => {
    const scene = stage({ offline: 'queue' })
    await scene.open()
    const outcome = codeOf(scene.client.call('sum'))
    await scene.reopen()
    expect(outcome.code).toBe('disconnected')
    expect(scene.socket.sent).toEqual([])
  })

  it('rejects for data that is no JSON', async () => {
    const scene = stage()
    await scene.open()
    await expect(scene.client.call('sum', 1n)).rejects.toThrow(TypeError)
    expect(scene.socket.sent).toEqual([])
    expect(scene.clock.timers).toBe(1)
  })

  it('is refused when the connection takes no more', async () => {
    const scene = stage()
    await scene.open()
    scene.socket.bufferedAmount = 2_000_000
    await expect(scene.client.call('sum')).rejects.toMatchObject({ code: 'queue-full' })
    expect(scene.client.notify('sum')).toBe(false)
  })
})

describe('without a connection', () => {
  it('messages are refused, unless told otherwise', async () => {
    const { client } = stage()
    await expect(client.call('sum')).rejects.toMatchObject({ code: 'offline' })
    await expect(client.send('1.1', 'hi', 1)).rejects.toMatchObject({ code: 'offline' })
    await expect(client.channel('private-x').publish('hi', 1)).rejects.toMatchObject({ code: 'offline' })
    expect(client.notify('sum')).toBe(false)
  })

  it('or queued, and sent in order', async () => {
    const scene = stage({ offline: 'queue' })
    const answer = scene.client.call('a', 1)
    expect(scene.client.notify('b', 2)).toBe(true)
    void scene.client.send({ user: 'ada' }, 'c', 3).catch(() => {})
    await scene.open()
    expect(scene.socket.sent).toEqual([
      { op: 'call', method: 'a', data: 1, id: 1 },
      { op: 'call', method: 'b', data: 2 },
      { op: 'send', to: { user: 'ada' }, event: 'c', data: 3, id: 2 },
    ])
    scene.socket.says({ op: 'ok', id: 1, data: 'yes' })
    expect(await answer).toBe('yes')
  })

  it('what is queued is what it was, whatever becomes of the object', async () => {
    const scene = stage({ offline: 'queue' })
    const data = { bytes: [1] }
    const channel = scene.client.channel('private-room')
    void channel.subscribe().catch(() => {})
    void channel.publish('event', data).catch(() => {})
    void scene.client.call('method', data).catch(() => {})
    scene.client.notify('notice', data)
    data.bytes[0] = 2
    await scene.open()
    scene.socket.grants('sub')
    await scene.clock.settle()
    const sent = scene.socket.sent.filter((frame) => 'data' in frame)
    expect(sent.map((frame) => (frame as { data?: unknown }).data)).toEqual(
      [1, 1, 1].map((byte) => ({ bytes: [byte] })),
    )
  })

  it('what is queued survives another loss, but what was sent does not', async () => {
    const scene = stage({ offline: 'queue' })
    await scene.open()
    const sent = codeOf(scene.client.call('sent'))
    scene.socket.drops()
    const queued = codeOf(scene.client.call('queued'))
    scene.retry()
    scene.socket.drops()
    scene.retry()
    scene.socket.welcomes()
    await scene.clock.settle()
    expect([sent.code, queued.code]).toEqual(['disconnected', undefined])
    expect(scene.socket.sent.map(({ method }) => method)).toEqual(['queued'])
  })

  it('so many messages are queued, and no more', async () => {
    const { client } = stage({ offline: 'queue', queue: { messages: 2 } })
    expect([client.notify('a'), client.notify('b'), client.notify('c')]).toEqual([true, true, false])
    await expect(client.call('d')).rejects.toMatchObject({ code: 'queue-full' })
  })

  it('so many bytes, as UTF-8', () => {
    const bytes = new TextEncoder().encode('{"op":"call","method":"a","data":"€𝄞é"}').length
    const exact = stage({ offline: 'queue', queue: { bytes } }).client
    expect([exact.notify('a', '€𝄞é'), exact.notify('a', '')]).toEqual([true, false])
    const short = stage({ offline: 'queue', queue: { bytes: bytes - 1 } }).client
    expect(short.notify('a', '€𝄞é')).toBe(false)
  })

  it('what timed out or was aborted in the queue is never sent, and makes room', async () => {
    const scene = stage({ offline: 'queue', queue: { messages: 2 } })
    const abort = new AbortController()
    const outcomes = [
      codeOf(scene.client.call('a', 1, { timeoutMs: 100 })),
      codeOf(scene.client.call('b', 2, { signal: abort.signal })),
    ]
    scene.clock.advance(100)
    abort.abort()
    await scene.clock.settle()
    expect(outcomes.map(({ code }) => code)).toEqual(['timeout', 'aborted'])
    expect([scene.client.notify('c'), scene.client.notify('d')]).toEqual([true, true])
    await scene.open()
    expect(scene.socket.sent.map(({ method }) => method)).toEqual(['c', 'd'])
  })

  it('close() rejects what waits', async () => {
    const scene = stage({ offline: 'queue' })
    const outcome = codeOf(scene.client.call('a'))
    void scene.client.connect().catch(() => {})
    scene.client.close()
    await scene.clock.settle()
    expect(outcome.code).toBe('closed')
    expect(scene.clock.timers).toBe(0)
  })

  it('what is published waits for the channel too', async () => {
    const scene = stage({ offline: 'queue' })
    const room = scene.client.channel('private-room')
    void room.subscribe()
    void room.publish('x', 1).catch(() => {})
    scene.client.notify('y')
    await scene.open()
    expect(scene.socket.sent.map(({ op }) => op)).toEqual(['sub', 'call'])
    scene.socket.grants('sub')
    expect(scene.socket.sent.map(({ op }) => op)).toEqual(['sub', 'call', 'pub'])
  })
})

describe('a question of the server', () => {
  it('is answered by its handler', async () => {
    const scene = stage()
    scene.client.answer('colour', (data) => ({ [String(data)]: 'blue' }))
    await scene.open()
    scene.socket.says({ op: 'ask', id: 'q1', method: 'colour', data: 'sky' })
    await scene.clock.settle()
    expect(scene.socket.sent).toEqual([{ op: 'answer', id: 'q1', data: { sky: 'blue' } }])
  })

  it('that nobody answers, or that fails, is answered with a word', async () => {
    const scene = stage()
    await scene.open()
    const off = scene.client.answer('fails', () => {
      throw new Error('private detail')
    })
    scene.socket.says({ op: 'ask', id: 1, method: 'unknown' }).says({ op: 'ask', id: 2, method: 'fails' })
    await scene.clock.settle()
    off()
    scene.socket.says({ op: 'ask', id: 3, method: 'fails' })
    expect(scene.socket.sent).toEqual([
      { op: 'answer', id: 1, error: 'unknown' },
      { op: 'answer', id: 2, error: 'internal' },
      { op: 'answer', id: 3, error: 'unknown' },
    ])
    expect(scene.reported).toEqual([new Error('private detail')])
  })

  it('with an answer that is no JSON has failed', async () => {
    const scene = stage()
    await scene.open()
    scene.client.answer('big', () => 1n)
    scene.socket.says({ op: 'ask', id: 1, method: 'big' })
    await scene.clock.settle()
    expect(scene.socket.sent).toEqual([{ op: 'answer', id: 1, error: 'internal' }])
  })

  it('of an earlier connection is not answered on the next', async () => {
    const scene = stage()
    await scene.open()
    let give = (): void => {}
    scene.client.answer('slow', () => new Promise<void>((resolve) => (give = resolve)))
    scene.socket.says({ op: 'ask', id: 1, method: 'slow' })
    await scene.clock.settle()
    await scene.reopen()
    give()
    await scene.clock.settle()
    expect(scene.socket.sent).toEqual([])
  })

  it('is refused when too many are asked at once', async () => {
    const scene = stage()
    await scene.open()
    scene.client.answer('slow', () => new Promise(() => {}))
    for (let id = 0; id < 70; id++) scene.socket.says({ op: 'ask', id, method: 'slow' })
    expect(scene.socket.sent.map(({ error }) => error)).toEqual(Array.from({ length: 6 }, () => 'limit'))
  })
})

describe('other requests', () => {
  it('authenticate() logs in on the open connection', async () => {
    const scene = stage()
    await scene.open()
    const user = scene.client.authenticate('token')
    expect(scene.socket.sent).toEqual([{ op: 'auth', token: 'token', id: 1 }])
    scene.socket.grants('auth', { user: 'ada' })
    expect(await user).toBe('ada')
    expect(scene.client.user).toBe('ada')
  })

  it('an error without a request is an error of its channel, or of the client', async () => {
    const scene = stage()
    await scene.open()
    const errors = recorder()
    scene.client.channel('orders').when('error', errors)
    scene.socket
      .says({ op: 'err', code: 'forbidden', channel: 'orders' })
      .says({ op: 'err', code: 'bad-frame' })
    expect(errors.calls[0]![0]).toMatchObject({ code: 'forbidden' })
    expect(scene.errors.map(({ code }) => code)).toEqual(['bad-frame'])
  })

  it('a ping is answered with a pong', async () => {
    const scene = stage()
    await scene.open()
    scene.socket.says({ op: 'ping' })
    expect(scene.socket.sent).toEqual([{ op: 'pong' }])
  })
})
