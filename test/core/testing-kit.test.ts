import { type Batch, type Frame, Gateway, native } from '@fanfare/core'
import { dial, DialRefused, ManualClock, MemoryConn, testHub, testPlatform } from '@fanfare/core/testing'
import { describe, expect, it } from 'vitest'

function batchOf(...texts: string[]): Batch {
  const frames = texts.map((data): Frame => ({ data, bytes: data.length, lane: 'data' }))
  return { frames, bytes: texts.join('').length, readers: 1 }
}

/** A connection whose session writes down what it is told. */
function watched(highWater?: number) {
  const conn = new MemoryConn(highWater)
  const told: string[] = []
  conn.attach({
    receive: (data) => void told.push(`receive ${String(data)}`),
    writable: () => void told.push('writable'),
    closed: (code, reason) => void told.push(`closed ${String(code)} ${reason ?? ''}`),
    leave: () => void told.push('leave'),
  })
  return { conn, told }
}

describe('a connection in memory', () => {
  it('gives the peer at once what is written, and has room for more', () => {
    const { conn, told } = watched()
    expect(conn.write(batchOf('a', 'b'))).toBe(true)
    expect([conn.received, conn.bufferedBytes, told]).toEqual([['a', 'b'], 0, []])
    expect(conn.batches).toHaveLength(1)
  })

  it('holds everything while it is stalled, says that there is no room, and when there is again', () => {
    const { conn, told } = watched()
    conn.stall()
    expect(conn.write(batchOf('abc'))).toBe(false)
    expect(conn.write(batchOf('de'))).toBe(false)
    expect([conn.received, conn.bufferedBytes, told]).toEqual([[], 5, []])
    conn.resume()
    expect([conn.received, conn.bufferedBytes, told]).toEqual([['abc', 'de'], 0, ['writable']])
    expect(conn.write(batchOf('f'))).toBe(true)
    conn.resume()
    expect(told).toEqual(['writable'])
  })

  it('drains by frames, and tells of room when all is drained', () => {
    const { conn, told } = watched()
    conn.stall()
    conn.write(batchOf('a', 'b', 'c'))
    conn.drain(2)
    expect([conn.received, conn.bufferedBytes, told]).toEqual([['a', 'b'], 1, []])
    conn.drain(5)
    expect([conn.received, told]).toEqual([['a', 'b', 'c'], ['writable']])
    expect(conn.write(batchOf('d'))).toBe(false)
  })

  it('may have room for more while something waits', () => {
    const { conn, told } = watched(4)
    conn.stall()
    expect(conn.write(batchOf('abc'))).toBe(true)
    expect(conn.write(batchOf('d'))).toBe(false)
    conn.resume()
    expect(told).toEqual(['writable'])
  })

  it('tells nobody of room who was not told that there is none', () => {
    const { conn, told } = watched(10)
    conn.stall()
    conn.write(batchOf('abc'))
    conn.resume()
    expect(told).toEqual([])
  })

  it('breaks at the next write when it is told to', () => {
    const { conn, told } = watched()
    conn.failNextWrite()
    expect(conn.write(batchOf('lost'))).toBe(false)
    expect([conn.received, conn.open, told]).toEqual([[], false, ['closed 1006 the next write was to fail']])
    expect(conn.write(batchOf('lost too'))).toBe(true)
    expect(conn.batches).toEqual([])
  })

  it('closes when everything has been taken', () => {
    const { conn, told } = watched()
    conn.stall()
    conn.write(batchOf('last words'))
    conn.close(4200, 'shutdown')
    conn.close(1000, 'a second time')
    expect([conn.open, conn.closedWith, told]).toEqual([false, { code: 4200, reason: 'shutdown' }, []])
    conn.resume()
    expect([conn.received, told]).toEqual([['last words'], ['closed 4200 shutdown']])
  })

  it('is cut at once: what waited is gone', () => {
    const { conn, told } = watched()
    conn.stall()
    conn.write(batchOf('lost'))
    conn.terminate()
    conn.terminate()
    expect([conn.terminated, conn.bufferedBytes, told]).toEqual([true, 0, ['closed 1006 terminated']])
    conn.resume()
    expect([conn.received, told.length]).toEqual([[], 1])
  })

  it('may be closed by the peer, once', () => {
    const { conn, told } = watched()
    conn.peerCloses(1001, 'bye')
    conn.peerCloses()
    conn.says('too late')
    expect([conn.open, conn.closedWith, told]).toEqual([false, undefined, ['closed 1001 bye']])
  })

  it('lets the peer say text, bytes, and anything as JSON', () => {
    const { conn, told } = watched()
    conn.says('text')
    conn.says(new Uint8Array([1, 2]))
    conn.says({ op: 'x' })
    conn.says(null)
    expect(told).toEqual(['receive text', 'receive 1,2', 'receive {"op":"x"}', 'receive null'])
  })

  it('keeps a readable record: raw, parsed, and what is new', () => {
    const { conn } = watched()
    const bytes = new Uint8Array([7])
    conn.write({ frames: [{ data: bytes, bytes: 1, lane: 'data' }], bytes: 1, readers: 1 })
    conn.write(batchOf('{"a":1}', 'text'))
    expect(conn.received).toEqual([bytes, '{"a":1}', 'text'])
    expect(conn.messages).toEqual([bytes, { a: 1 }, 'text'])
    expect(conn.take()).toEqual([bytes, { a: 1 }, 'text'])
    expect(conn.take()).toEqual([])
    conn.write(batchOf('2'))
    expect(conn.take()).toEqual([2])
  })

  it('takes a batch of any size', () => {
    const { conn } = watched()
    const frames = Array.from({ length: 150_000 }, (): Frame => ({ data: 'x', bytes: 1, lane: 'data' }))
    conn.write({ frames, bytes: frames.length, readers: 1 })
    expect(conn.received).toHaveLength(150_000)
  })

  it('reports an end that came before it was attached', () => {
    const conn = new MemoryConn()
    conn.peerCloses(1001, 'bye')
    const { hub } = testHub()
    const client = hub.add(conn)
    expect(client.connected).toBe(true)
    conn.attach(client.session)
    expect([client.connected, hub.count()]).toEqual([false, 0])
  })
})

describe('a manual clock', () => {
  it('stands still until it is moved', () => {
    const clock = new ManualClock(1_000)
    expect([clock.now(), clock.monotonic()]).toEqual([1_000, 0])
    clock.advance(250)
    expect([clock.now(), clock.monotonic()]).toEqual([1_250, 250])
  })

  it('calls timers in the order of their times, each at its time', () => {
    const clock = new ManualClock()
    const log: string[] = []
    const note = (name: string) => () => void log.push(`${name}@${String(clock.now())}`)
    clock.after(30, note('c'))
    clock.after(10, note('a'))
    clock.after(10, note('b'))
    clock.after(31, note('too late'))
    clock.advance(30)
    expect(log).toEqual(['a@10', 'b@10', 'c@30'])
    expect([clock.now(), clock.timers]).toEqual([30, 1])
  })

  it('calls timers that are set on the way, if their time comes', () => {
    const clock = new ManualClock()
    const log: number[] = []
    clock.after(10, () => {
      log.push(clock.now())
      clock.after(10, () => void log.push(clock.now()))
      clock.after(-5, () => void log.push(clock.now()))
      clock.after(1_000, () => void log.push(clock.now()))
    })
    clock.advance(100)
    expect(log).toEqual([10, 10, 20])
  })

  it('does not call what was cancelled', () => {
    const clock = new ManualClock()
    let called = false
    const cancel = clock.after(10, () => (called = true))
    expect(clock.timers).toBe(1)
    cancel()
    cancel()
    clock.advance(100)
    expect([called, clock.timers]).toEqual([false, 0])
  })

  it('ends a turn when it is told to: what is asked for meanwhile belongs to the next', () => {
    const clock = new ManualClock()
    const log: string[] = []
    clock.turn(() => {
      log.push('first')
      clock.turn(() => void log.push('second'))
    })
    expect(log).toEqual([])
    clock.turn()
    expect(log).toEqual(['first'])
    clock.turn()
    expect(log).toEqual(['first', 'second'])
    clock.turn()
    expect(log).toHaveLength(2)
  })

  it('ends the turn before time passes, and after each timer', () => {
    const clock = new ManualClock()
    const log: string[] = []
    clock.turn(() => void log.push(`turn@${String(clock.now())}`))
    for (const ms of [10, 20]) {
      clock.after(ms, () => clock.turn(() => void log.push(`turn@${String(clock.now())}`)))
    }
    clock.advance(50)
    expect(log).toEqual(['turn@0', 'turn@10', 'turn@20'])
  })

  it('settles: turns end and promises go on until there is nothing left to do, and no time passes', async () => {
    const clock = new ManualClock()
    const log: string[] = []
    const chain = async (): Promise<void> => {
      for (let n = 0; n < 60; n++) await Promise.resolve()
      log.push('after sixty awaits')
      clock.turn(() => {
        log.push('a turn')
        void Promise.resolve().then(() => log.push('a promise'))
      })
    }
    void chain()
    clock.after(1, () => log.push('a timer'))
    await clock.settle()
    expect(log).toEqual(['after sixty awaits', 'a turn', 'a promise'])
    expect(clock.now()).toBe(0)
  })

  it('says so when something never comes to rest', async () => {
    const clock = new ManualClock()
    const again = (): void => clock.turn(again)
    again()
    await expect(clock.settle()).rejects.toThrow('for ever')
  })
})

describe('a hub for tests', () => {
  it('numbers its clients, and is like any other hub', async () => {
    const { hub, clock, connect, reported } = testHub({ maxChannelsPerClient: 1 })
    const { client, conn } = connect({ auth: 'me', protocol: native() })
    expect([client.id, connect().client.id, client.auth, client.protocol]).toEqual([
      '1.1',
      '1.2',
      'me',
      'native',
    ])
    await hub.subscribe(client, 'orders')
    await expect(hub.subscribe(client, 'b')).rejects.toThrow('maxChannelsPerClient')
    hub.broadcast('orders', '1')
    clock.turn()
    expect(conn.messages.at(-1)).toMatchObject({ op: 'msg', channel: 'orders', data: 1 })
    expect(reported).toEqual([])
  })

  it('collects the errors that nobody listens for', async () => {
    const { hub, connect, reported } = testHub({ authorizer: async () => Promise.reject(new Error('no')) })
    await expect(hub.subscribe(connect().client, 'private-a')).rejects.toThrow('not allowed')
    expect(reported).toEqual([new Error('no')])
  })

  it('lets every part of the platform be replaced', () => {
    const reported: unknown[] = []
    const { hub, connect } = testHub({
      clientId: () => '7.7',
      platform: { reportError: (error) => reported.push(error) },
    })
    hub.on('connect', () => {
      throw new Error('broken')
    })
    expect(connect().client.id).toBe('7.7')
    expect(reported).toEqual([new Error('broken')])
  })

  it('connects clients with as much room as a test wants', () => {
    const { clock, connect } = testHub()
    const { client, conn } = connect({ highWater: 10 })
    conn.stall()
    for (let n = 0; n < 3; n++) {
      client.send('12345')
      clock.turn()
    }
    expect([conn.bufferedBytes, client.queued.frames]).toEqual([10, 1])
  })
})

describe('a platform for tests', () => {
  it('has bytes that are the same in every run, and are not all the same', () => {
    const bytes = (): number[] => [...testPlatform(new ManualClock()).randomBytes(64)]
    expect(bytes()).toEqual(bytes())
    expect(new Set(bytes()).size).toBeGreaterThan(10)
  })

  it('decodes UTF-8, and writes U+FFFD for what is none', () => {
    const { decodeUtf8 } = testPlatform(new ManualClock())
    expect(decodeUtf8(new TextEncoder().encode('gr\u00fc\u00dfe \u{1f600}'))).toBe(
      'gr\u00fc\u00dfe \u{1f600}',
    )
    expect(decodeUtf8(new Uint8Array([0xff, 0xfe]))).toContain('\u{fffd}')
  })
})

describe('dialling a gateway', () => {
  it('is connecting as an adapter would', async () => {
    const { hub, clock } = testHub()
    const gateway = new Gateway({ hub })
    const conn = await dial(gateway)
    await clock.settle()
    expect(conn.take()).toEqual([expect.objectContaining({ op: 'welcome', client: '1.1' })])
    conn.says({ op: 'ping', id: 1 })
    await clock.settle()
    expect(conn.take()).toEqual([{ op: 'pong', id: 1 }])
    conn.peerCloses()
    expect(hub.count()).toBe(0)
  })

  it('rejects with the refusal', async () => {
    const { hub } = testHub()
    const outcome = dial(new Gateway({ hub }), { path: '/nowhere' })
    await expect(outcome).rejects.toThrow(DialRefused)
    await expect(outcome).rejects.toThrow('refused with 404 (not-found)')
    await expect(outcome).rejects.toMatchObject({ refusal: { status: 404, why: 'not-found' } })
  })

  it('shows the gateway what the test says of the handshake', async () => {
    const { hub } = testHub()
    const seen: unknown[] = []
    const gateway = {
      admit: async (handshake: Parameters<Gateway['admit']>[0]) => {
        const { path, remoteAddress, subprotocols, transport } = handshake
        seen.push(path, remoteAddress, subprotocols, transport)
        seen.push(handshake.query('token'), handshake.query('constructor'))
        seen.push(handshake.header('User-Agent'), handshake.header('toString'))
        return new Gateway({ hub }).admit({ ...handshake, path: '/' })
      },
    }
    const headers = { 'user-agent': 'test' }
    await dial(gateway, {
      path: '/x',
      query: { token: 't' },
      headers,
      remoteAddress: '::1',
      subprotocols: ['a'],
    })
    expect(seen).toEqual(['/x', '::1', ['a'], 'memory', 't', undefined, 'test', undefined])
  })
})
