import type { Member } from '@fanfare/core/contract'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { Roster } from '../../client/src/presence.ts'
import { recorder, stage } from './support/stage.ts'

const ada = { id: 'ada', info: { name: 'Ada' } }
const bob = { id: 'bob' }
const cleo = { id: 3 }

async function room() {
  const scene = stage()
  await scene.open()
  const channel = scene.client.channel('presence-room')
  const joined = recorder()
  const left = recorder()
  channel.when('joined', joined)
  channel.when('left', left)
  await scene.clock.settle()
  const says = (frame: object): void => void scene.socket.says({ channel: 'presence-room', ...frame })
  return { scene, channel, joined, left, says }
}

type Step = { readonly op: string; readonly member: Member } | { readonly members: readonly Member[] }

/** Does a step in both; returns whether what the roster told of it can be right. */
function kept(ledger: Set<string | number>, roster: Roster, step: Step): boolean {
  if ('members' in step) {
    const { joined, left } = roster.replace(step.members)
    const gone = left.every(({ id }) => ledger.delete(id))
    const fresh = joined.every(({ id }) => !ledger.has(id))
    for (const { id } of joined) ledger.add(id)
    return gone && fresh
  }
  const { op, member } = step
  if (op === 'leave') return (roster.leave(member) !== undefined) === ledger.delete(member.id)
  const isNew = !ledger.has(member.id)
  ledger.add(member.id)
  return roster.join(member) === isNew
}

describe('the roster', () => {
  it('begins with those who are there, which are no news', async () => {
    const { scene, channel, joined } = await room()
    const subscribed = recorder()
    channel.when('subscribed', subscribed)
    scene.socket.grants('sub', { me: ada, members: [ada, bob] })
    expect(channel.members).toEqual([ada, bob])
    expect(channel.me).toEqual(ada)
    expect(joined.calls).toEqual([])
    expect(subscribed.calls).toEqual([[{ members: [ada, bob], me: ada }]])
  })

  it('follows those who come and go', async () => {
    const { scene, channel, joined, left, says } = await room()
    scene.socket.grants('sub', { me: ada, members: [ada] })
    says({ op: 'join', member: cleo })
    says({ op: 'join', member: bob })
    says({ op: 'leave', member: { id: 3 } })
    expect(channel.members).toEqual([ada, bob])
    expect(joined.calls).toEqual([[cleo], [bob]])
    expect(left.calls).toEqual([[cleo]])
  })

  it('tells the last known info of those who leave, and ignores who was not there', async () => {
    const { scene, left, says } = await room()
    scene.socket.grants('sub', { members: [ada] })
    says({ op: 'leave', member: { id: 'ada' } })
    says({ op: 'leave', member: { id: 'ada' } })
    expect(left.calls).toEqual([[ada]])
  })

  it('is the same list until it changes', async () => {
    const { scene, channel, says } = await room()
    scene.socket.grants('sub', { members: [ada] })
    const before = channel.members
    expect(channel.members).toBe(before)
    says({ op: 'join', member: bob })
    expect(channel.members).not.toBe(before)
    expect(before).toEqual([ada])
  })

  it('replaced by the server tells the difference', async () => {
    const { scene, channel, joined, left, says } = await room()
    scene.socket.grants('sub', { members: [ada, bob] })
    says({ op: 'members', members: [cleo, ada] })
    expect(channel.members).toEqual([cleo, ada])
    expect([joined.calls, left.calls]).toEqual([[[cleo]], [[bob]]])
  })

  it('stays while there is no connection, and then tells what changed', async () => {
    const { scene, channel, joined, left } = await room()
    scene.socket.grants('sub', { members: [ada, bob] })
    await scene.reopen()
    expect(channel.members).toEqual([ada, bob])
    scene.socket.grants('sub', { members: [ada, cleo] })
    expect([joined.calls, left.calls]).toEqual([[[cleo]], [[bob]]])
  })

  it('is empty after unsubscribing', async () => {
    const { scene, channel, left } = await room()
    scene.socket.grants('sub', { me: ada, members: [ada] })
    channel.unsubscribe()
    await scene.clock.settle()
    expect(channel.members).toEqual([])
    expect(channel.me).toBeUndefined()
    expect(left.calls).toEqual([])
  })

  it('can be asked for', async () => {
    const { scene, channel, joined } = await room()
    scene.socket.grants('sub', { members: [ada] })
    const who = channel.who()
    scene.socket.grants('who', { members: [ada, bob] })
    scene.socket.says({ op: 'join', channel: 'presence-room', member: cleo })
    expect(await who).toEqual([ada, bob, cleo])
    expect(joined.calls).toEqual([[bob], [cleo]])
  })

  it('is asked for when a subscription that is old news to the server brings none', async () => {
    const { scene, channel, joined } = await room()
    scene.clock.advance(10_000)
    expect(scene.socket.all('sub').length).toBe(1)
    scene.clock.advance(2_000)
    expect(scene.socket.all('sub').length).toBe(2)
    scene.socket.grants('sub').grants('who', { members: [ada, bob] })
    expect(channel.members).toEqual([ada, bob])
    expect(joined.calls).toEqual([])
  })

  it('takes ids that are names of built-in things', async () => {
    const { scene, channel } = await room()
    const members = ['__proto__', 'constructor', 'toString'].map((id) => ({ id }))
    scene.socket.grants('sub', { members })
    expect(channel.members).toEqual(members)
    expect(Object.prototype).not.toHaveProperty('id')
  })

  it('is always what was there plus who joined minus who left', () => {
    const member = fc.record({ id: fc.oneof(fc.nat(5), fc.constantFrom('a', 'b', '1')) })
    const step = fc.oneof(
      fc.record({ op: fc.constantFrom('join', 'leave'), member }),
      fc.record({ op: fc.constant('members'), members: fc.array(member, { maxLength: 5 }) }),
    )
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const roster = new Roster()
        roster.replace([])
        const ledger = new Set<string | number>()
        for (const each of steps) {
          expect(kept(ledger, roster, each)).toBe(true)
          expect(new Set(roster.list.map(({ id }) => id))).toEqual(ledger)
        }
      }),
    )
  })
})
