import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { type Running, serve } from '@fanfare/server'

import { guestOf, nameOf } from '../../server/src/demo/guest.ts'
import { Pace } from '../../server/src/demo/pace.ts'
import { isRoom, remarkOf } from '../../server/src/demo/remark.ts'
import { until } from '../support/until.ts'
import { wsPeer } from '../support/ws-peer.ts'

type Frame = Readonly<Record<string, unknown>>

let server: Running
beforeEach(async () => {
  server = await serve({ port: 0, demo: true })
})
afterEach(() => server.close())

const KEY_A = 'a'.repeat(22)
const KEY_B = 'b'.repeat(22)

/** A client that asks and waits for the answer. */
async function visitor(): Promise<{
  readonly frames: Frame[]
  ask(frame: Frame): Promise<Frame>
  join(name: unknown, key?: unknown, room?: string): Promise<Frame>
  say(text: unknown, room?: unknown): Promise<Frame>
  leave(): void
}> {
  const peer = await wsPeer(`ws://127.0.0.1:${String(server.port)}/ws`)
  const frames: Frame[] = []
  peer.ws.on('message', (data: Buffer) => frames.push(JSON.parse(data.toString()) as Frame))
  let last = 0
  const ask = async (frame: Frame): Promise<Frame> => {
    const id = ++last
    peer.send(JSON.stringify({ ...frame, id }))
    let answer: Frame | undefined
    await until(
      () => (answer = frames.find((each) => each['id'] === id)),
      `the answer to ${JSON.stringify(frame)}`,
    )
    return answer!
  }
  return {
    frames,
    ask,
    join: (name, key, room = 'lobby') =>
      ask({ op: 'sub', channel: `presence-${room}`, auth: { data: { name, key } } }),
    say: (text, room = 'lobby') => ask({ op: 'call', method: 'chat', data: { room, text } }),
    leave: () => peer.close(1000, ''),
  }
}

const members = (frame: Frame): string[] =>
  (frame['members'] as { info: { name: string } }[]).map(({ info }) => info.name)

describe('a room of the demo', () => {
  it('lets in whoever gives a name, and tells who is there', async () => {
    const ada = await visitor()
    const ben = await visitor()
    expect(members(await ada.join('Ada', KEY_A))).toEqual(['Ada'])
    expect(members(await ben.join('  Ben\t Bold ', KEY_B))).toEqual(['Ada', 'Ben Bold'])
    await until(() => ada.frames.some(({ op }) => op === 'join'), 'the join of Ben')
    ben.leave()
    await until(() => ada.frames.some(({ op }) => op === 'leave'), 'the leave of Ben')
  })

  it('two tabs with the same key and name are one member, with another name they are two', async () => {
    const [one, two, three] = [await visitor(), await visitor(), await visitor()]
    await one.join('Ada', KEY_A)
    expect(members(await two.join('Ada', KEY_A))).toEqual(['Ada'])
    expect(members(await three.join('Ida', KEY_A))).toEqual(['Ada', 'Ida'])
    two.leave()
    three.leave()
    await until(() => one.frames.some(({ op }) => op === 'leave'), 'the leave of Ida')
    expect(one.frames.filter(({ op }) => op === 'leave')).toMatchObject([
      { member: { info: { name: 'Ida' } } },
    ])
  })

  it('the same name with another key, or without one, is somebody else, and no key is ever shown', async () => {
    const [one, two, three] = [await visitor(), await visitor(), await visitor()]
    await one.join('Ada', KEY_A)
    await two.join('Ada', KEY_B)
    expect(members(await three.join('Ada'))).toEqual(['Ada', 'Ada', 'Ada'])
    expect(JSON.stringify([one.frames, two.frames, three.frames])).not.toMatch(/aaaaaa|bbbbbb/)
  })

  it.each([
    ['no name', {}],
    ['an empty name', { name: ' ' }],
    ['a long name', { name: 'x'.repeat(41) }],
    ['an invisible name', { name: '\u200b\u200d' }],
    ['a name that turns the text around', { name: 'a\u202eb' }],
    ['a name with a control character', { name: 'a\u0007b' }],
    ['a name that is no string', { name: 7 }],
    ['a short key', { name: 'Ada', key: 'short' }],
    ['a key that is no string', { name: 'Ada', key: [KEY_A] }],
    ['no object', null],
    ['a list', ['Ada']],
  ])('%s is turned away', async (_what, data) => {
    const ada = await visitor()
    expect(await ada.ask({ op: 'sub', channel: 'presence-lobby', auth: { data } })).toMatchObject({
      op: 'err',
      code: 'unauthorized',
    })
  })

  it('is a presence channel with a plain name, and nothing else is open', async () => {
    const ada = await visitor()
    const auth = { data: { name: 'Ada' } }
    for (const channel of [
      'private-lobby',
      'presence-Lobby',
      'presence-',
      'presence--a',
      `presence-${'a'.repeat(41)}`,
    ]) {
      expect(await ada.ask({ op: 'sub', channel, auth })).toMatchObject({ op: 'err', code: 'unauthorized' })
    }
  })
})

describe('chat', () => {
  it('reaches everybody in the room, under the name that the server knows', async () => {
    const ada = await visitor()
    const ben = await visitor()
    const { me } = await ada.join('Ada', KEY_A)
    await ben.join('Ben', KEY_B)
    const text = '  <b>Hello</b>\r\n"there" \u{1f3ba} '
    const answer = await ada.ask({
      op: 'call',
      method: 'chat',
      data: { room: 'lobby', text, from: { name: 'Eve' } },
    })
    const { at } = answer['data'] as { at: number }
    for (const { frames } of [ada, ben]) {
      await until(() => frames.some(({ op }) => op === 'msg'), 'the message')
      expect(frames.find(({ op }) => op === 'msg')).toEqual({
        op: 'msg',
        channel: 'presence-lobby',
        event: 'chat',
        data: {
          text: '<b>Hello</b>\n"there" \u{1f3ba}',
          at,
          from: { id: (me as { id: string }).id, name: 'Ada' },
        },
      })
    }
  })

  it('somebody without a key has an id too', async () => {
    const ada = await visitor()
    const { me } = await ada.join('Ada')
    await ada.say('Hello')
    expect(ada.frames.find(({ op }) => op === 'msg')).toMatchObject({
      data: { from: { id: (me as { id: string }).id } },
    })
  })

  it('is for those in the room only', async () => {
    const ada = await visitor()
    expect(await ada.say('Hello')).toMatchObject({ op: 'err', code: 'not-subscribed' })
    await ada.join('Ada')
    expect(await ada.say('Hello', 'attic')).toMatchObject({ op: 'err', code: 'not-subscribed' })
    await ada.ask({ op: 'unsub', channel: 'presence-lobby' })
    expect(await ada.say('Hello')).toMatchObject({ op: 'err', code: 'not-subscribed' })
  })

  it('cannot be published past the server', async () => {
    const ada = await visitor()
    await ada.join('Ada', KEY_A)
    const data = { room: 'lobby', text: 'Hello', from: { id: 'x', name: 'Eve' } }
    await ada.ask({ op: 'pub', channel: 'presence-lobby', event: 'chat', data })
    expect(ada.frames.find(({ op }) => op === 'msg')).toMatchObject({ data: { from: { name: 'Ada' } } })
  })

  it.each([
    ['nothing', undefined, 'bad-frame'],
    ['a list', ['lobby', 'x'], 'bad-frame'],
    ['no room', { text: 'x' }, 'bad-frame'],
    ['a wrong room', { room: '../x', text: 'x' }, 'bad-frame'],
    ['no text', { room: 'lobby' }, 'bad-frame'],
    ['a text that is no string', { room: 'lobby', text: { toString: 'x' } }, 'bad-frame'],
    ['an empty text', { room: 'lobby', text: ' \n\t ' }, 'bad-frame'],
    ['a control character', { room: 'lobby', text: 'a\u0000b' }, 'bad-frame'],
    ['a long text', { room: 'lobby', text: 'x'.repeat(501) }, 'too-large'],
    ['a very long text', { room: 'lobby', text: 'x'.repeat(100_000) }, 'too-large'],
  ])('%s is refused', async (_what, data, code) => {
    const ada = await visitor()
    await ada.join('Ada')
    expect(await ada.ask({ op: 'call', method: 'chat', data })).toMatchObject({ op: 'err', code })
  })

  it('has a pace', async () => {
    const ada = await visitor()
    await ada.join('Ada')
    const answers = await Promise.all(Array.from({ length: 20 }, () => ada.say('Hello')))
    expect(answers.filter(({ op }) => op === 'ok').length).toBeGreaterThanOrEqual(8)
    expect(answers.at(-1)).toMatchObject({ op: 'err', code: 'rate' })
  })
})

describe('its rules', () => {
  it('a name has 1 to 40 code points, in one normal form', () => {
    expect(nameOf('\u{1f3ba}'.repeat(40))).toBe('\u{1f3ba}'.repeat(40))
    expect(nameOf('\u{1f3ba}'.repeat(41))).toBeUndefined()
    expect(nameOf('Zoe\u0308')).toBe('Zo\u00eb')
    expect(nameOf('x'.repeat(1_000_000))).toBeUndefined()
  })

  it('credentials from elsewhere do not reach the prototype', () => {
    expect(guestOf(JSON.parse('{"__proto__":{"data":{"name":"Ada"}}}'))).toBeUndefined()
    expect(guestOf('Ada')).toBeUndefined()
    expect(guestOf(undefined)).toBeUndefined()
  })

  it('a remark has 1 to 500 code points', () => {
    const text = '\u{1f3ba}'.repeat(500)
    expect(remarkOf({ room: 'a', text })).toEqual({ room: 'a', text })
    expect(() => remarkOf({ room: 'a', text: `${text}x` })).toThrow('500')
  })

  it('rooms have plain names', () => {
    expect(['presence-a', 'presence-a-1', `presence-${'a'.repeat(40)}`].every(isRoom)).toBe(true)
    expect(['a', 'private-a', 'presence-a-', 'presence-a b', 'presence-ä'].some(isRoom)).toBe(false)
  })

  it('the pace allows eight at once, then two a second', () => {
    const pace = new Pace(1_000)
    const taken = (now: number): number =>
      Array.from({ length: 20 }, () => pace.take(now)).filter(Boolean).length
    expect(taken(1_000)).toBe(8)
    expect(taken(1_499)).toBe(0)
    expect(taken(1_500)).toBe(1)
    expect(taken(2_600)).toBe(2)
    expect(taken(100_000)).toBe(8)
  })
})
