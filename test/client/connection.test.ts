import { describe, expect, it } from 'vitest'

import { NEXT } from '../../client/src/states.ts'
import { codeOf, stage } from './support/stage.ts'

describe('the states', () => {
  it('are idle, connecting, open, waiting, closed, and nothing leads out of the table', () => {
    expect(NEXT).toEqual({
      idle: { start: 'connecting', stop: 'closed' },
      connecting: { ready: 'open', lost: 'waiting', stop: 'closed' },
      open: { lost: 'waiting', stop: 'closed' },
      waiting: { start: 'connecting', stop: 'closed' },
      closed: { start: 'connecting' },
    })
  })

  it('are passed through, and told', async () => {
    const scene = stage()
    const { client, clock, changes } = scene
    expect(client.state).toBe('idle')
    void client.connect()
    expect(client.state).toBe('connecting')
    scene.socket.welcomes()
    expect(client.state).toBe('open')
    scene.socket.drops()
    expect(client.state).toBe('waiting')
    clock.advance(1_000)
    expect(client.state).toBe('connecting')
    client.close()
    expect(client.state).toBe('closed')
    expect(changes.map(({ from, state }) => `${from} ${state}`)).toEqual([
      'idle connecting',
      'connecting open',
      'open waiting',
      'waiting connecting',
      'connecting closed',
    ])
  })

  it('closed is left again by connect()', async () => {
    const scene = stage()
    await scene.open()
    scene.client.close()
    await scene.open({ client: '1.2' })
    expect(scene.client.state).toBe('open')
    expect(scene.client.id).toBe('1.2')
  })

  it('waiting is left by close(), and no attempt follows', async () => {
    const scene = stage()
    await scene.open()
    scene.socket.drops()
    scene.client.close()
    scene.clock.advance(600_000)
    expect(scene.sockets.length).toBe(1)
  })

  it('idle is left by close() too', () => {
    const { client } = stage()
    client.close()
    expect(client.state).toBe('closed')
  })
})

describe('connect()', () => {
  it('resolves at the welcome, which brings id and user', async () => {
    const scene = stage()
    await scene.open({ client: '7.42', user: 'ada' })
    expect(scene.client.id).toBe('7.42')
    expect(scene.client.user).toBe('ada')
    await expect(scene.client.connect()).resolves.toBeUndefined()
    expect(scene.sockets.length).toBe(1)
  })

  it('goes on through failed attempts', async () => {
    const scene = stage()
    const outcome = codeOf(scene.client.connect())
    scene.socket.drops()
    scene.clock.advance(1_000)
    scene.socket.drops()
    await scene.clock.settle()
    expect(outcome.code).toBeUndefined()
    scene.clock.advance(2_000)
    scene.socket.welcomes()
    await scene.client.connect()
    expect(scene.sockets.length).toBe(3)
  })

  it('rejects when close() ends it', async () => {
    const scene = stage()
    const outcome = codeOf(scene.client.connect())
    scene.client.close()
    await scene.clock.settle()
    expect(outcome.code).toBe('closed')
  })

  it('rejects when the server says never', async () => {
    const scene = stage()
    const outcome = codeOf(scene.client.connect())
    scene.socket.says({ op: 'bye', code: 'unauthorized', retry: false, message: 'who are you?' }).drops(4009)
    await scene.clock.settle()
    expect(outcome.code).toBe('unauthorized')
    expect(scene.errors.map(({ code, by }) => [code, by])).toEqual([['unauthorized', 'server']])
  })

  it('gives an attempt up that takes too long', async () => {
    const scene = stage({ connectTimeoutMs: 3_000 })
    void scene.client.connect()
    scene.socket.opens()
    scene.clock.advance(2_999)
    expect(scene.client.state).toBe('connecting')
    scene.clock.advance(1)
    expect(scene.client.state).toBe('waiting')
    expect(scene.changes.at(-1)?.error?.code).toBe('timeout')
    expect(scene.socket.closedWith).toBe(1000)
  })

  it('gives up after as many attempts as maxAttempts says', async () => {
    const scene = stage({ maxAttempts: 3 })
    const outcome = codeOf(scene.client.connect())
    for (let attempt = 0; attempt < 3; attempt++) {
      scene.socket.drops()
      scene.retry()
    }
    await scene.clock.settle()
    expect(scene.sockets.length).toBe(3)
    expect(outcome.code).toBe('attempts')
    expect(scene.clock.timers).toBe(0)
  })

  it('waits longer after each failure, and begins anew once it was open for a while', async () => {
    const scene = stage({ pingIntervalMs: 0 })
    await scene.open()
    const pauses: (number | undefined)[] = []
    const fail = (times: number): void => {
      for (let time = 0; time < times; time++) {
        scene.socket.drops()
        pauses.push(scene.changes.at(-1)?.retryInMs)
        scene.retry()
      }
    }
    scene.clock.advance(10_000)
    fail(4)
    scene.socket.welcomes()
    scene.clock.advance(9_999)
    fail(1)
    scene.socket.welcomes()
    scene.clock.advance(10_000)
    fail(1)
    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 10_000, 1_000])
  })

  it('counts attempts anew once it was open', async () => {
    const scene = stage({ maxAttempts: 2 })
    await scene.open()
    for (let loss = 0; loss < 5; loss++) {
      scene.socket.drops()
      scene.retry()
      scene.socket.drops()
      scene.retry()
      scene.socket.welcomes()
    }
    expect(scene.client.state).toBe('open')
  })

  it('goes on when the WebSocket class throws', async () => {
    const scene = stage({
      WebSocket: class {
        constructor() {
          throw new Error('mixed content')
        }
      } as never,
    })
    void scene.client.connect()
    scene.clock.advance(0)
    expect(scene.client.state).toBe('waiting')
    expect(scene.changes.at(-1)?.error?.cause).toEqual(new Error('mixed content'))
  })
})

describe('what the server says of coming back', () => {
  it.each([
    [4000, 'closed'],
    [4009, 'closed'],
    [4099, 'closed'],
    [4100, 'waiting'],
    [4200, 'waiting'],
    [1000, 'closed'],
    [1001, 'waiting'],
    [1006, 'waiting'],
    [1009, 'waiting'],
  ])('close code %i: %s', async (code, state) => {
    const scene = stage()
    await scene.open()
    scene.socket.drops(code)
    expect(scene.client.state).toBe(state)
  })

  it('an ordinary end is one, and says so', async () => {
    const scene = stage()
    await scene.open()
    scene.socket.drops(1000)
    expect(scene.clock.timers).toBe(0)
    expect(scene.errors.map(({ code, by }) => [code, by])).toEqual([['closed', 'server']])
    const worded = stage()
    await worded.open()
    worded.socket.drops(1000, 'moved')
    expect(worded.errors[0]?.code).toBe('moved')
  })

  it('but not before the welcome: then it was a proxy that ended it', async () => {
    const scene = stage()
    void scene.client.connect()
    scene.socket.opens().drops(1000)
    expect(scene.client.state).toBe('waiting')
  })

  it('not yet: waits longer than for an accident', async () => {
    const scene = stage()
    scene.luck = 0
    await scene.open()
    scene.socket.drops(4100)
    expect(scene.changes.at(-1)?.retryInMs).toBe(2_000)
    scene.clock.advance(1_999)
    expect(scene.sockets.length).toBe(1)
    scene.clock.advance(1)
    expect(scene.sockets.length).toBe(2)
  })

  it('soon: at a moment of its own within a second', async () => {
    const scene = stage()
    scene.luck = 0.9
    await scene.open()
    scene.socket.drops(4200)
    expect(scene.changes.at(-1)?.retryInMs).toBe(900)
  })

  it('a server that always says soon is not besieged', async () => {
    const scene = stage()
    scene.luck = 0.99
    void scene.client.connect()
    for (let at = 0; at < 600; at++) {
      if (scene.client.state === 'connecting') scene.socket.welcomes().drops(4200)
      scene.clock.advance(100)
    }
    expect(scene.sockets.length).toBeLessThan(15)
  })

  it('a goodbye without a close is taken as one after a while', async () => {
    const scene = stage()
    await scene.open()
    scene.socket.says({ op: 'bye', code: 'shutdown', retry: true })
    expect(scene.client.state).toBe('open')
    scene.clock.advance(3_000)
    expect(scene.client.state).toBe('waiting')
    expect(scene.changes.at(-1)?.error?.code).toBe('shutdown')
  })

  it('a goodbye that says never is obeyed whatever the code', async () => {
    const scene = stage()
    await scene.open()
    scene.socket.says({ op: 'bye', code: 'terminated', retry: false }).drops(1006)
    expect(scene.client.state).toBe('closed')
    expect(scene.errors[0]?.code).toBe('terminated')
  })

  it('an expired token is shown again only if there may be another', async () => {
    const fixed = stage({ token: 'old' })
    await fixed.open()
    fixed.socket.says({ op: 'bye', code: 'expired', retry: false }).drops(4010)
    expect(fixed.client.state).toBe('closed')
    const asked = stage({ getToken: () => 'new' })
    await asked.open()
    asked.socket.says({ op: 'bye', code: 'expired', retry: false }).drops(4010)
    expect(asked.client.state).toBe('waiting')
  })

  it.each([
    [{}, 'closed'],
    [{ getToken: () => 'new' }, 'waiting'],
  ])('the code for that is enough, whatever the word: %j', async (options, state) => {
    const scene = stage(options)
    const connected = codeOf(scene.client.connect())
    await scene.clock.settle()
    scene.socket.drops(4010, 'unauthorized')
    await scene.clock.settle()
    expect(scene.client.state).toBe(state)
    expect(connected.code).toBe(state === 'closed' ? 'unauthorized' : undefined)
  })

  it('another version of the protocol is the end', async () => {
    const scene = stage()
    const outcome = codeOf(scene.client.connect())
    scene.socket.welcomes({ v: 2 })
    await scene.clock.settle()
    expect(outcome.code).toBe('bad-version')
    expect(scene.client.state).toBe('closed')
  })
})

describe('the token', () => {
  it('goes into the query', async () => {
    const scene = stage({ token: 'a b&c' })
    await scene.open()
    expect(scene.socket.url).toBe('ws://server/ws?token=a%20b%26c')
  })

  it('is asked for anew at each attempt', async () => {
    let asked = 0
    const scene = stage({ getToken: () => Promise.resolve(`t${String(++asked)}`) })
    await scene.open()
    scene.socket.drops()
    scene.retry()
    await scene.clock.settle()
    expect(scene.sockets.map(({ url }) => url)).toEqual([
      'ws://server/ws?token=t1',
      'ws://server/ws?token=t2',
    ])
  })

  it('may be none', async () => {
    const scene = stage({ getToken: () => undefined })
    await scene.open()
    expect(scene.socket.url).toBe('ws://server/ws')
  })

  it('that cannot be had fails the attempt, says so, and is asked for again', async () => {
    let asked = 0
    const scene = stage({
      getToken: () => {
        if (++asked === 1) throw new Error('no network')
        return 'here'
      },
    })
    void scene.client.connect()
    await scene.clock.settle()
    expect(scene.client.state).toBe('waiting')
    expect(scene.errors.map(({ code, cause }) => [code, cause])).toEqual([['token', new Error('no network')]])
    scene.clock.advance(1_000)
    await scene.clock.settle()
    expect(scene.socket.url).toBe('ws://server/ws?token=here')
  })

  it('that comes too late opens nothing', async () => {
    let give = (_token: string): void => {}
    const scene = stage({ getToken: () => new Promise<string>((resolve) => (give = resolve)) })
    void scene.client.connect()
    await scene.clock.settle()
    scene.client.close()
    give('late')
    await scene.clock.settle()
    expect(scene.sockets.length).toBe(0)
  })

  it('may be shown in the first message instead', async () => {
    const scene = stage({ token: 'secret', tokenIn: 'first-message' })
    const ready = scene.client.connect()
    expect(scene.socket.url).toBe('ws://server/ws')
    scene.socket.welcomes()
    expect(scene.socket.sent).toEqual([{ op: 'auth', token: 'secret', id: 0 }])
    expect(scene.client.state).toBe('connecting')
    scene.socket.grants('auth', { user: 'ada' })
    await ready
    expect(scene.client.user).toBe('ada')
  })

  it('refused there is the end, unless the server was only busy', async () => {
    const scene = stage({ token: 'secret', tokenIn: 'first-message' })
    void scene.client.connect()
    scene.socket.welcomes().refuses('auth', 'timeout')
    expect(scene.client.state).toBe('waiting')
    scene.retry()
    scene.socket.welcomes().refuses('auth', 'unauthorized')
    expect(scene.client.state).toBe('closed')
    expect(scene.errors[0]?.code).toBe('unauthorized')
  })
})

describe('when the network or the page comes back', () => {
  it('a waiting client tries soon', async () => {
    const scene = stage()
    await scene.open()
    for (let attempt = 0; attempt < 6; attempt++) {
      scene.socket.drops()
      if (attempt < 5) scene.retry()
    }
    const before = scene.sockets.length
    scene.wake()
    scene.clock.advance(500)
    expect(scene.sockets.length).toBe(before + 1)
  })

  it('a page that is put away leaves at once, and is back when somebody goes back to it', async () => {
    const scene = stage()
    await scene.open()
    scene.wake('away')
    expect([scene.socket.closedWith !== undefined, scene.client.state]).toEqual([true, 'waiting'])
    scene.wake('page')
    scene.clock.advance(1_000)
    expect(scene.sockets.length).toBe(2)
  })

  it('and one that is put away while it waits goes on waiting', async () => {
    const scene = stage()
    await scene.open()
    scene.socket.drops(4100)
    scene.wake('away')
    scene.clock.advance(1_000)
    expect([scene.sockets.length, scene.client.state]).toEqual([1, 'waiting'])
  })

  it('but not one that was told to come later', async () => {
    const scene = stage()
    await scene.open()
    scene.socket.drops(4100)
    scene.wake()
    scene.clock.advance(1_000)
    expect(scene.sockets.length).toBe(1)
  })
})
