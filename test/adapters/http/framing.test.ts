import { plain } from '@fanfare/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import type { StreamEvent } from '../../support/event-stream.ts'
import { httpStage } from '../../support/http-stage.ts'

/** What could be taken for something of the format, and ordinary text around it. */
const piece = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom('\r', '\n', '\r\n', '\n\n', '\u2028', '\u2029', '\u0085', '\ufeff', '\0'),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom(' ', ':', 'data: x', 'event: close', 'id: 99', 'retry: 1', 'data'),
  },
  { weight: 2, arbitrary: fc.string({ unit: 'grapheme', maxLength: 5 }) },
)
const text = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(''))
const message = fc.oneof(
  { weight: 4, arbitrary: text },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 40 }) },
)

const stageOf = (): ReturnType<typeof httpStage> =>
  httpStage({ heartbeat: { intervalMs: 0 }, protocols: { '/': plain() } })

/** What a client makes of an event. */
function received({ event, data }: StreamEvent): unknown {
  if (event === 'message') return data
  if (event === 'json') return JSON.parse(data)
  if (event === 'binary') return Uint8Array.from(Buffer.from(data, 'base64'))
  return { event, data }
}

describe('messages in a stream', () => {
  it('arrive as they were sent, and are never taken for anything else', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 6 }), async (messages) => {
        const stage = stageOf()
        const listener = await stage.listen()
        const { retry } = listener.said
        await listener.heard()
        for (const sent of messages) stage.hub.clients()[0]?.send(sent)
        const events = await listener.heard()
        expect(events.map(received)).toEqual(messages)
        expect(events.map(({ id }) => Number(id))).toEqual(messages.map((_, at) => at + 2))
        expect(listener.said).toMatchObject({ comments: 0, retry })
        expect(listener.end).toBeUndefined()
        await listener.cancel()
      }),
      { numRuns: 200 },
    )
  })

  it('do not pose as an end', async () => {
    const stage = stageOf()
    const listener = await stage.listen()
    await listener.heard()
    const forged = 'x\n\nevent: close\ndata: {"code":4000,"reason":"forged"}\n\n'
    stage.hub.clients()[0]?.send(forged)
    stage.hub.clients()[0]?.send(forged.replaceAll('\n', '\r'))
    stage.hub.clients()[0]?.send(forged.replaceAll('\n', '\r\n'))
    const events = await listener.heard()
    expect(events.map(({ event }) => event)).toEqual(['message', 'json', 'json'])
  })
})

describe('the reason of an end', () => {
  it('arrives as it was given, and is never taken for anything else', async () => {
    const reasons = text.filter((reason) => Buffer.byteLength(reason) <= 123)
    await fc.assert(
      fc.asyncProperty(reasons, async (reason) => {
        const stage = stageOf()
        const listener = await stage.listen()
        await listener.heard()
        stage.hub.clients()[0]?.close(4321, reason)
        const events = await listener.heard()
        expect(events.map(({ event }) => event)).toEqual(['close'])
        expect(JSON.parse(events[0]?.data ?? '')).toEqual({ code: 4321, reason })
        expect(listener.end).toBe('closed')
      }),
      { numRuns: 100 },
    )
  })
})

describe('messages in the answer to a poll', () => {
  it('arrive as they were sent', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(message, { minLength: 1, maxLength: 6 }), async (messages) => {
        const stage = httpStage({ protocols: { '/': plain() }, mount: { pollTimeMs: 0 } })
        const poller = await stage.poller()
        for (const sent of messages) stage.hub.clients()[0]?.send(sent)
        await stage.rest()
        const { answer } = await poller.poll()
        const items = answer?.messages.map((item) =>
          typeof item === 'string'
            ? item
            : Uint8Array.from(Buffer.from((item as { bytes: string }).bytes, 'base64')),
        )
        expect(items).toEqual(messages)
      }),
      { numRuns: 100 },
    )
  })
})
