import type { OutboxPressure } from '../../contract/slow-consumer.ts'
import { native } from '../../protocols/native.ts'
import { BEYOND, catchUp, FRAMES, last, numbers, PADDING, range, ROOMY, Speaker } from './speaker.ts'
import { CHANNEL, type Stage } from './stage.ts'
import type { Tests } from './tests.ts'
import { until } from '../contract-suite/wait.ts'

/** What becomes of what a slow peer does not take. */
export const POLICIES: Tests<Stage> = {
  async 'a slow peer that is waited for loses nothing'({ open, expect }) {
    const { hub, join } = await open({ outbox: ROOMY })
    const slow = await join()
    const speaker = new Speaker(hub)
    slow.peer.stall()
    await speaker.fill(slow)
    await speaker.sayMore(FRAMES - 1)
    await catchUp(slow)
    await last(speaker, slow)
    expect(numbers(slow.peer)).toEqual(range(0, speaker.sent))
    expect(slow.client.drops).toBe(0)
  },

  async 'drop-newest: what does not fit is lost, and counted to the unit'({ open, expect }) {
    const { hub, join } = await open({ outbox: ROOMY })
    const slow = await join()
    const speaker = new Speaker(hub)
    slow.peer.stall()
    const handed = await speaker.fill(slow)
    await speaker.sayMore(FRAMES - 1 + BEYOND)
    expect(slow.client.drops).toBe(BEYOND)
    await catchUp(slow)
    await last(speaker, slow)
    expect(numbers(slow.peer)).toEqual([...range(0, handed + FRAMES), speaker.sent - 1])
  },

  async 'drop-oldest: the newest that fit arrive, in order'({ open, expect }) {
    const { hub, join } = await open({ outbox: ROOMY, slowConsumer: 'drop-oldest' })
    const slow = await join()
    const speaker = new Speaker(hub)
    slow.peer.stall()
    const handed = await speaker.fill(slow)
    await speaker.sayMore(FRAMES - 1 + BEYOND)
    expect(slow.client.drops).toBe(BEYOND)
    const newest = range(speaker.sent - FRAMES, speaker.sent)
    await catchUp(slow)
    await last(speaker, slow)
    expect(numbers(slow.peer)).toEqual([...range(0, handed), ...newest, speaker.sent - 1])
  },

  async 'conflate: of each key the newest value arrives'({ open, expect }) {
    const { hub, join } = await open({ outbox: ROOMY, slowConsumer: 'conflate' })
    const slow = await join()
    const speaker = new Speaker(hub)
    slow.peer.stall()
    const handed = await speaker.fill(slow)
    await speaker.sayMore(BEYOND, (at) => (at % 2 === 0 ? 'even' : 'odd'))
    const newest = [speaker.sent - 2, speaker.sent - 1]
    expect(slow.client.dropCounts.conflated).toBe(slow.client.drops)
    await catchUp(slow)
    await last(speaker, slow)
    const arrived = numbers(slow.peer)
    expect(arrived.slice(0, handed)).toEqual(range(0, handed))
    expect(newest.filter((number) => !arrived.includes(number))).toEqual([])
    expect(arrived.length + slow.client.drops).toBe(speaker.sent)
  },

  async 'disconnect: the slow one is closed as slow, the others go on'({ open, expect }) {
    const { hub, gone, join } = await open({ outbox: ROOMY, slowConsumer: 'disconnect' })
    const [slow, quick] = [await join(), await join()]
    const speaker = new Speaker(hub)
    slow.peer.stall()
    await speaker.fill(slow)
    await speaker.sayMore(FRAMES)
    expect(gone.map(({ client, why, code }) => [client.id, why, code])).toEqual([
      [slow.client.id, 'slow', 4101],
    ])
    expect(hub.channelCount(CHANNEL)).toBe(1)
    await last(speaker, quick)
    expect(numbers(quick.peer)).toEqual(range(0, speaker.sent))
  },

  async 'a function decides message by message, and sees how full it is'({ open, expect }) {
    const seen: OutboxPressure[] = []
    const { hub, join } = await open({
      outbox: ROOMY,
      slowConsumer: (pressure) => (seen.push(pressure) % 2 === 0 ? 'drop-newest' : 'drop-oldest'),
    })
    const slow = await join()
    const speaker = new Speaker(hub)
    slow.peer.stall()
    await speaker.fill(slow)
    await speaker.sayMore(FRAMES - 1 + BEYOND)
    expect(slow.client.drops).toBe(BEYOND)
    expect(seen.length).toBe(BEYOND)
    expect([seen[0]?.client, seen[0]?.channel, seen[0]?.frames, seen[0]?.dropped]).toEqual([
      slow.client.id,
      CHANNEL,
      FRAMES,
      0,
    ])
    expect(seen[0]?.bytes).toBeGreaterThan(FRAMES * PADDING.length)
    await catchUp(slow)
    await last(speaker, slow)
    expect(numbers(slow.peer).length).toBe(speaker.sent - BEYOND)
  },

  async 'a gap is told where the hole is, with its size'({ open, expect }) {
    const { hub, join } = await open({ outbox: ROOMY }, { protocols: { '/': native() } })
    const slow = await join()
    const speaker = new Speaker(hub)
    slow.peer.stall()
    const handed = await speaker.fill(slow)
    await speaker.sayMore(FRAMES - 1 + BEYOND)
    await catchUp(slow)
    await speaker.say()
    const messages = (): { op: string; data?: string }[] =>
      slow.peer.received.map((data) => JSON.parse(String(data)) as { op: string; data?: string })
    const final = String(speaker.sent - 1)
    await until(() => messages().at(-1)?.data?.startsWith(final), 'the last message')
    const story = messages().map(({ op, data, ...rest }) =>
      op === 'msg' ? Number.parseInt(data ?? '', 10) : { op, ...rest },
    )
    expect(story.slice(story.indexOf(0))).toEqual([
      ...range(0, handed + FRAMES),
      { op: 'gap', channel: CHANNEL, count: BEYOND, reason: 'slow' },
      speaker.sent - 1,
    ])
  },

  async 'what one peer does not take holds up nobody else'({ open, expect }) {
    const { hub, join } = await open({ outbox: ROOMY })
    const [slow, quick] = [await join(), await join()]
    const speaker = new Speaker(hub)
    slow.peer.stall()
    await speaker.fill(slow)
    for (let round = 0; round < BEYOND; round++) await last(speaker, quick)
    expect(numbers(quick.peer)).toEqual(range(0, speaker.sent))
    expect(quick.client.drops).toBe(0)
  },
}
