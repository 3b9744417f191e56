import { afterEach, describe, expect, it, vi } from 'vitest'

import { FanfareClient } from '@fanfare/client'
import { ScriptedSocket, scriptedSockets } from './support/scripted-socket.ts'
import { codeOf, recorder, stage } from './support/stage.ts'

const deaf = (socket: ScriptedSocket): boolean =>
  socket.onmessage === null && socket.onclose === null && socket.onopen === null

describe('close()', () => {
  it('leaves no timer, no listener and no promise behind', async () => {
    const scene = stage({ offline: 'queue' })
    await scene.open()
    const room = scene.client.channel('presence-room', { getAuth: () => 'auth' })
    const events = room.events()
    const outcomes = [
      codeOf(scene.client.call('a')),
      codeOf(room.subscribe()),
      codeOf(room.publish('x', 1)),
      codeOf(scene.client.send('1.2', 'x', 1)),
    ]
    const next = events.next()
    await scene.clock.settle()
    expect(scene.clock.timers).toBeGreaterThan(0)
    expect(scene.sleepers).toBe(1)
    scene.client.close()
    await scene.clock.settle()
    expect(outcomes.map(({ code }) => code)).toEqual(['closed', 'closed', 'closed', 'closed'])
    expect(await next).toEqual({ done: true, value: undefined })
    expect(scene.clock.timers).toBe(0)
    expect(scene.sleepers).toBe(0)
    expect(deaf(scene.socket)).toBe(true)
    expect(scene.socket.closedWith).toBe(1000)
    expect(scene.errors).toEqual([])
  })

  it.each(['connecting', 'waiting'])('while %s likewise', async (state) => {
    const scene = stage()
    void scene.client.connect().catch(() => {})
    if (state === 'waiting') scene.socket.drops()
    expect(scene.client.state).toBe(state)
    scene.client.close()
    expect([scene.clock.timers, scene.sleepers, deaf(scene.socket)]).toEqual([0, 0, true])
  })

  it('twice is the same as once', async () => {
    const scene = stage()
    await scene.open()
    scene.client.close()
    scene.client.close()
    expect(scene.changes.filter(({ state }) => state === 'closed').length).toBe(1)
  })

  it('from within a listener is safe', async () => {
    const scene = stage()
    await scene.open()
    const channel = scene.client.channel('orders')
    const heard = recorder()
    channel.on('x', () => scene.client.close())
    channel.on('y', heard)
    await scene.clock.settle()
    const say = scene.socket.onmessage!
    scene.socket.grants('sub')
    scene.socket.says({ op: 'msg', channel: 'orders', event: 'x', data: 1 })
    say({ data: '{"op":"msg","channel":"orders","event":"y","data":1}' })
    expect(heard.calls).toEqual([])
    expect([scene.clock.timers, scene.client.state]).toEqual([0, 'closed'])
  })

  it.each(['connecting', 'open', 'waiting'])('from within a listener for %s is safe', async (when) => {
    const scene = stage()
    scene.client.on('state', ({ state }) => {
      if (state === when) scene.client.close()
    })
    void scene.client.connect().catch(() => {})
    if (scene.client.state !== 'closed') scene.socket.welcomes()
    if (scene.client.state !== 'closed') scene.socket.drops()
    scene.clock.advance(60_000)
    await scene.clock.settle()
    expect([scene.client.state, scene.clock.timers, scene.sleepers]).toEqual(['closed', 0, 0])
  })

  it('by the server for good leaves nothing behind either', async () => {
    const scene = stage()
    await scene.open()
    void codeOf(scene.client.channel('x').subscribe())
    scene.socket.drops(4009)
    await scene.clock.settle()
    expect([scene.clock.timers, scene.sleepers]).toEqual([0, 0])
  })
})

describe("the host's own page and timers", () => {
  afterEach(() => vi.unstubAllGlobals())

  function target() {
    const listeners = new Map<string, (event?: object) => void>()
    return {
      listeners,
      addEventListener: (type: string, listener: (event?: object) => void) =>
        void listeners.set(type, listener),
      removeEventListener: (type: string) => void listeners.delete(type),
    }
  }

  it('are used, and left as they were', () => {
    const { WebSocket, sockets } = scriptedSockets()
    const page = { ...target(), visibilityState: 'visible' }
    const window = target()
    vi.stubGlobal('document', page)
    vi.stubGlobal('addEventListener', window.addEventListener)
    vi.stubGlobal('removeEventListener', window.removeEventListener)
    vi.stubGlobal('WebSocket', WebSocket)
    vi.stubGlobal('location', { protocol: 'https:', host: 'shop.example' })
    const client = new FanfareClient('/ws')
    void client.connect().catch(() => {})
    expect(sockets[0]!.url).toBe('wss://shop.example/ws')
    sockets[0]!.welcomes()
    expect([[...page.listeners.keys()], [...window.listeners.keys()]]).toEqual([
      ['visibilitychange'],
      ['online', 'pagehide', 'pageshow'],
    ])
    page.visibilityState = 'hidden'
    page.listeners.get('visibilitychange')!()
    expect(sockets[0]!.sent).toEqual([])
    page.visibilityState = 'visible'
    page.listeners.get('visibilitychange')!()
    expect(sockets[0]!.sent).toEqual([{ op: 'ping' }])
    // A page that ends is no page that is put away.
    window.listeners.get('pagehide')!({ persisted: false })
    expect(client.state).toBe('open')
    window.listeners.get('pagehide')!({ persisted: true })
    expect(client.state).toBe('waiting')
    client.close()
    expect([page.listeners.size, window.listeners.size]).toEqual([0, 0])
  })
})
