import { FanfareClient } from '@fanfare/client'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

import { parseFrame, type ServerFrame } from '../../client/src/frames.ts'
import { codeOf, stage } from './support/stage.ts'

const OPS = [
  'welcome',
  'ok',
  'err',
  'msg',
  'join',
  'leave',
  'members',
  'gap',
  'unsub',
  'expiring',
  'ask',
  'ping',
  'pong',
  'bye',
  'sub',
  'constructor',
  '__proto__',
]
const FIELDS = [
  'id',
  'v',
  'client',
  'heartbeat',
  'user',
  'channel',
  'me',
  'members',
  'data',
  'code',
  'message',
].concat(['after', 'event', 'from', 'member', 'count', 'reason', 'in', 'method', 'retry', '__proto__'])

const plausible = fc.oneof(
  fc.constantFrom('orders', 'presence-room', 'x', 'unauthorized', 'expired', 'timeout', '__proto__', ''),
  fc.constantFrom(0, 1, 2, 3, -1, 1e308, 0.5, true, false, null),
  fc.record({ id: fc.oneof(fc.string(), fc.integer(), fc.constant(null)), info: fc.jsonValue() }),
  fc.array(fc.record({ id: fc.oneof(fc.constantFrom('__proto__', 'a', 1), fc.jsonValue()) }), {
    maxLength: 4,
  }),
)
const frame = fc
  .tuple(
    fc.constantFrom(...OPS),
    fc.dictionary(fc.constantFrom(...FIELDS), fc.oneof({ weight: 4, arbitrary: plausible }, fc.jsonValue())),
  )
  .map(([op, fields]) => JSON.stringify({ ...fields, op }))
const message = fc.oneof(
  { weight: 6, arbitrary: frame },
  fc.string({ unit: 'binary' }),
  fc.json(),
  fc.uint8Array(),
  fc.uint8Array().map(({ buffer }) => buffer),
  fc.anything(),
)

/** What is not as a frame's type says. */
function faultOf(frame: ServerFrame | undefined): string | undefined {
  if (!frame) return undefined
  if (!OPS.includes(frame.op)) return 'op'
  if (frame.op === 'msg' && typeof frame.event !== 'string') return 'event'
  if (frame.op === 'members' && !frame.members.every(({ id }) => ['string', 'number'].includes(typeof id)))
    return 'members'
  if (frame.op === 'gap' && !(frame.count >= 0)) return 'count'
  if (frame.op === 'ok' && typeof frame.id !== 'number') return 'id'
  return undefined
}

describe('whatever the server sends', () => {
  const rejections: unknown[] = []
  const note = (reason: unknown): void => void rejections.push(reason)
  beforeAll(() => void process.on('unhandledRejection', note))
  afterAll(() => void process.off('unhandledRejection', note))

  it('is a frame whose fields are what they should be, or nothing', () => {
    fc.assert(
      fc.property(message, (data) => {
        expect(faultOf(parseFrame(data))).toBeUndefined()
      }),
      { numRuns: 2_000 },
    )
  })

  it('never throws, settles every request by the end, and leaves nothing behind', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(message, { maxLength: 40 }), async (messages) => {
        const scene = stage({ getToken: () => 'token' })
        void scene.client.connect().catch(() => {})
        await scene.clock.settle()
        const room = scene.client.channel('presence-room', { getAuth: () => 'auth' })
        const loop = codeOf(
          (async () => {
            for await (const _event of room) void _event
            return 'ended'
          })(),
        )
        scene.socket.says(messages[0]).welcomes()
        const outcomes = [
          codeOf(scene.client.call('a')),
          codeOf(room.subscribe()),
          codeOf(room.publish('x', 1)),
          codeOf(room.who()),
          codeOf(scene.client.authenticate('token')),
          loop,
        ]
        scene.client.answer('x', (data) => data)
        for (const data of messages) scene.socket.onmessage?.({ data })
        await scene.clock.settle()
        scene.client.close()
        await scene.clock.settle()
        for (const { code, value } of outcomes.slice(0, 5))
          expect(code ?? (value === undefined ? 'none' : value)).toBeDefined()
        expect(loop.code ?? loop.value).toBeDefined()
        expect(scene.clock.timers).toBe(0)
        expect(Object.prototype).not.toHaveProperty('info')
      }),
      { numRuns: 300 },
    )
    expect(rejections).toEqual([])
  })

  it('deeper than any stack is no frame, or a message like another', async () => {
    const scene = stage()
    await scene.open()
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`
    expect(() => scene.socket.says(`{"op":"msg","event":"x","data":${deep}}`)).not.toThrow()
    expect(scene.client.state).toBe('open')
  })

  it('a server that grants and ends a subscription over and over does not make the client run hot', async () => {
    const scene = stage()
    await scene.open()
    scene.client.channel('private-x', { getAuth: () => 'auth' }).on('x', () => {})
    for (let ms = 0; ms < 60_000; ms += 100) {
      await scene.clock.settle()
      if (scene.socket.last('sub')) scene.socket.grants('sub')
      scene.socket.says({ op: 'unsub', channel: 'private-x', code: 'expired' })
      scene.clock.advance(100)
    }
    expect(scene.socket.all('sub').length).toBeLessThan(200)
  })

  it('a wait that no timer can hold is cut to an hour', async () => {
    const scene = stage({ pingIntervalMs: 0 })
    await scene.open()
    scene.client.channel('x').on('x', () => {})
    await scene.clock.settle()
    scene.socket.refuses('sub', 'rate', { after: 1e300 })
    scene.clock.advance(3_599_999)
    expect(scene.socket.all('sub').length).toBe(1)
    scene.clock.advance(1)
    expect(scene.socket.all('sub').length).toBe(2)
  })
})

describe('a client', () => {
  it('has no state outside of it: two do not know of each other', async () => {
    const [one, two] = [stage(), stage()]
    await one.open()
    expect(two.client.state).toBe('idle')
    expect(two.client).toBeInstanceOf(FanfareClient)
  })
})
