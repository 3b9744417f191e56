import type { IncomingMessage } from 'node:http'

import { describe, expect, it } from 'vitest'

import { WsHandshake } from '../../../adapters/ws/src/handshake.ts'
import { SharedTexts } from '../../../adapters/ws/src/shared-texts.ts'

const MOST = 256

/** Notes what it is given. */
class Noting extends SharedTexts {
  readonly shared: string[] = []

  override share(text: string): string {
    this.shared.push(text)
    return super.share(text)
  }
}

function handshake(headers: IncomingMessage['headers'], texts: SharedTexts): WsHandshake {
  return new WsHandshake({ url: '/', headers, socket: {} } as IncomingMessage, '/', texts)
}

describe('headers that connections have in common', () => {
  it('are there for each of them, all but the key, of which no two have the same', () => {
    const texts = new Noting()
    const keys = ['one', 'another']
    const all = keys.map((key) => handshake({ host: 'here', 'sec-websocket-key': key }, texts))
    expect(new Set(texts.shared).size).toBe(1)
    expect(all.map(({ header }) => header('host'))).toEqual(['here', 'here'])
    expect(all.map(({ header }) => header('sec-websocket-key'))).toEqual([undefined, undefined])
  })

  it.each(['cookie', 'authorization', 'sec-websocket-protocol', 'x-forwarded-for', 'x-anything', 'accept-'])(
    'are not remembered with %s among them',
    (name) => {
      const texts = new Noting()
      expect(handshake({ host: 'here', [name]: 'secret' }, texts).header(name)).toBe('secret')
      expect(texts.shared).toEqual([])
    },
  )
})

it('gives back the same text, however many and however long they are', () => {
  const texts = new SharedTexts()
  const long = 'x'.repeat(100_000)
  expect(texts.share(long)).toBe(long)
  for (let at = 0; at < 3 * MOST; at++) expect(texts.share(`text ${String(at)}`)).toBe(`text ${String(at)}`)
})
