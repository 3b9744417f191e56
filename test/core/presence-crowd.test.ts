import { type Batch, type Grant, native, plain, type Protocol, velocity } from '@fanfare/core'
import { testHub } from '@fanfare/core/testing'
import { describe, expect, it } from 'vitest'

// Long lists of members are not written anew for each newcomer: they share one text, that only grows until somebody leaves.

const ROOM = 'presence-room'
/** Enough for lists far beyond the size from which they are shared. */
const CROWD = 150

const member = (number: number): Grant['member'] => ({
  id: number,
  info: { name: `Zoë ${String(number)} 🎉` },
})

function crowded(protocol: Protocol) {
  const kit = testHub({ authorizer: ({ auth }) => ({ allowed: true, member: auth as Grant['member'] }) })
  const join = async (number: number) => {
    const one = kit.connect({ auth: member(number), protocol })
    await kit.hub.subscribe(one.client, ROOM)
    return { ...one, number }
  }
  return { ...kit, join }
}

/** The members that a frame of any of the protocols lists. */
function listed(data: unknown): unknown[] | undefined {
  const { members, data: inner } = JSON.parse(String(data)) as {
    members?: unknown[]
    data?: { members?: unknown[] }
  }
  return members ?? inner?.members
}

/** Sizes as an adapter finds them that writes bytes. */
function expectSound({ frames }: Batch): void {
  for (const { data, bytes, spliced } of frames) {
    expect(Buffer.byteLength(data)).toBe(bytes)
    if (!spliced) continue
    const { head, shared, tail } = spliced
    expect(head + shared.text + tail).toBe(data)
    expect(shared.pieces.slice(0, shared.count).join('')).toBe(shared.text)
    expect(Buffer.byteLength(shared.text)).toBe(shared.bytes)
  }
}

describe.each([
  ['native', native()],
  ['velocity', velocity({ key: 'type' })],
  ['plain', plain()],
])('in a crowd that speaks %s', (_name, protocol) => {
  /** Whether newcomers stand in their own list. */
  const self = protocol.traits.presence.selfInRoster ? 1 : 0

  it('each is told of exactly those who were there before, also when it is written later', async () => {
    const { clock, join } = crowded(protocol)
    const crowd = []
    for (let number = 0; number < CROWD; number++) crowd.push(await join(number))
    clock.turn()
    const rosters = crowd.map(({ conn }) => conn.received.map(listed).find((members) => members) ?? [])
    expect(rosters).toEqual(
      crowd.map((_, count) => Array.from({ length: count + self }, (__, at) => member(at))),
    )
    for (const { conn } of crowd) conn.batches.forEach(expectSound)
    const last = crowd
      .at(-1)!
      .conn.batches.flatMap(({ frames }) => frames)
      .find(({ spliced }) => spliced)
    expect(last?.spliced?.shared.count).toBe(CROWD - 1 + self)
  })

  it('who has left stands in no list after that, and in those that were made before', async () => {
    const { hub, clock, join } = crowded(protocol)
    const crowd = []
    for (let number = 0; number < CROWD; number++) crowd.push(await join(number))
    const before = await join(1_000)
    hub.unsubscribe(crowd[3]!.client, ROOM)
    const after = await join(1_001)
    clock.turn()
    const idsIn = ({ conn }: typeof before): unknown =>
      conn.received
        .map(listed)
        .find((members) => members)
        ?.map((one) => (one as { id: number }).id)
    const all = Array.from({ length: CROWD }, (_, at) => at)
    expect(idsIn(before)).toEqual([...all, 1_000].slice(0, CROWD + self))
    expect(idsIn(after)).toEqual(
      [...all.filter((number) => number !== 3), 1_000, 1_001].slice(0, CROWD + self),
    )
  })
})

it('those who join one after the other share the text of the list', async () => {
  const { clock, join } = crowded(native())
  for (let number = 0; number < CROWD; number++) await join(number)
  const [one, other] = [await join(500), await join(501)]
  clock.turn()
  const sharedOf = ({ conn }: typeof one) =>
    conn.batches.flatMap(({ frames }) => frames).find(({ spliced }) => spliced)?.spliced?.shared
  expect(sharedOf(one)?.pieces).toBe(sharedOf(other)?.pieces)
  expect([sharedOf(one)?.count, sharedOf(other)?.count]).toEqual([CROWD + 1, CROWD + 2])
})
