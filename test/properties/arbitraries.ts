import * as fc from 'fast-check'
import {
  type Action,
  type Answer,
  CHANNELS,
  type Content,
  type Place,
  type PolicyChoice,
  type RelayMode,
  type Seat,
  type Setup,
  type Step,
  type Tape,
} from './actions.ts'
import { DIALECTS } from './dialects.ts'
import { PEOPLE } from './stage.ts'

const client = fc.nat(4)
const channel = fc.constantFrom(0, 0, 3, 3, 1, 2, 4)
const yes = fc.constant(true)
const key = fc.constantFrom('k', 'l')
const except = often(4, fc.constant<number[]>([]), fc.array(fc.nat(5), { maxLength: 3 }))

const size = fc.integer({ min: 1, max: 60 })
const content: fc.Arbitrary<Content> = fc.oneof(
  { weight: 40, arbitrary: fc.record({ size }) },
  {
    weight: 10,
    arbitrary: fc.record(
      { size, binary: fc.boolean(), wide: fc.boolean(), poison: fc.boolean() },
      { requiredKeys: ['size'] },
    ),
  },
  { weight: 1, arbitrary: fc.constant({ size: 150_000 }) },
)

const allow = { say: fc.constant('allow' as const), who: fc.nat(PEOPLE.length - 1) }
const expiresInMs = fc.constantFrom(-100, 0, 50, 100, 700, 3_000)
const answer: fc.Arbitrary<Answer> = fc.oneof(
  { weight: 8, arbitrary: fc.record(allow) },
  { weight: 3, arbitrary: fc.record({ ...allow, expiresInMs }) },
  {
    weight: 3,
    arbitrary: fc.record({
      say: fc.constantFrom('yes', 'no', 'deny', 'reject', 'throw', 'rubbish', 'bad-info'),
    }),
  },
)
const relayMode = fc.constantFrom<RelayMode>('now', 'later', 'throw')

/** What can be done, by its verb; the parts that are named last may be absent. */
const ACTIONS: { readonly [Verb in Action['do']]: fc.Arbitrary<Action> } = {
  add: act('add', { dialect: fc.nat(DIALECTS.length - 1), highWater: fc.constantFrom(1, 40) }),
  subscribe: act(
    'subscribe',
    { client, channel, credentials: fc.nat(1), ref: fc.nat(9) },
    'credentials',
    'ref',
  ),
  unsubscribe: act('unsubscribe', { client, channel, ref: fc.nat(9) }, 'ref'),
  renew: act(
    'renew',
    { client, channel: fc.constantFrom(2, 3, 4), credentials: fc.nat(1), ref: fc.nat(9) },
    'credentials',
    'ref',
  ),
  review: act('review', { channel: fc.constantFrom(2, 3, 3, 4, 0) }),
  broadcast: act(
    'broadcast',
    { channels: fc.array(channel, { minLength: 1, maxLength: 2 }), except, key, content },
    'key',
  ),
  publish: act('publish', { channel, except, key, content, event: fc.constant('news') }, 'key', 'event'),
  deliver: act('deliver', { channel, content }),
  malformed: act('malformed', {}),
  send: act('send', { client, content, key, event: fc.constant('news') }, 'key', 'event'),
  sendTo: act('sendTo', { client: fc.nat(8), content }),
  sendToMany: act('sendToMany', { clients: fc.array(client, { maxLength: 4 }), content, key }, 'key'),
  tell: act('tell', {
    client,
    lane: fc.constantFrom('control', 'presence', 'data'),
    size: often(6, fc.nat(40), fc.constant(30_000)),
  }),
  gap: act('gap', { channel }),
  close: act(
    'close',
    {
      client,
      code: fc.constantFrom<4000 | 999 | 'terminated' | 'slow'>(4_000, 999, 'terminated', 'slow'),
      reason: fc.constantFrom('why', 'r'.repeat(200)),
    },
    'code',
    'reason',
  ),
  leave: act('leave', { client }),
  serve: act('serve', { client }),
  says: act('says', { client, size: fc.constantFrom(1, 9, 40_000) }),
  peerCloses: act('peerCloses', { client, code: fc.constantFrom(1_000, 1_006) }),
  stall: act('stall', { client }),
  resume: act('resume', { client }),
  failNextWrite: act('failNextWrite', { client }),
  drain: act('drain', { client, frames: fc.nat(4) }),
  answer: act('answer', { call: fc.nat(9), how: answer }),
  authorizer: act('authorizer', { how: fc.oneof(fc.constant('later' as const), answer) }),
  attach: act('attach', {}),
  detach: act('detach', {}),
  relayAnswer: act('relayAnswer', { call: fc.nat(9), ok: fc.boolean() }),
  relay: act('relay', { open: relayMode, publish: relayMode }),
  closeHub: act('closeHub', {}),
}

/** How often what is done: of everything something, or more of what belongs together. */
type Mix = Partial<Record<Step['do'] | 'update', number>>

const EVERYTHING: Mix = {
  ...Object.fromEntries(Object.keys(ACTIONS).map((verb) => [verb, 2])),
  ...{ broadcast: 12, subscribe: 12, unsubscribe: 5, stall: 8, drain: 5, answer: 6, authorizer: 4, says: 4 },
  ...{ attach: 1, detach: 1, closeHub: 0.2, trap: 12, turn: 12, promises: 6, settle: 5, advance: 4 },
}
const TRAPS: Mix = {
  ...{ trap: 40, broadcast: 30, subscribe: 16, unsubscribe: 8, stall: 4, drain: 6, turn: 20, authorizer: 4 },
  ...{
    answer: 6,
    send: 4,
    promises: 4,
    add: 2,
    peerCloses: 1,
    close: 1,
    says: 3,
    serve: 2,
    failNextWrite: 3,
  },
}
const SLOW: Mix = {
  ...{ broadcast: 40, update: 20, publish: 6, send: 10, tell: 6, stall: 8, drain: 16, resume: 2, turn: 16 },
  ...{ subscribe: 8, unsubscribe: 8, authorizer: 4, peerCloses: 2, close: 1, add: 1, settle: 2, promises: 4 },
  ...{ advance: 2, gap: 2, failNextWrite: 1, trap: 8 },
}
const JOINS: Mix = {
  ...{ renew: 10, review: 6 },
  ...{ subscribe: 40, unsubscribe: 14, answer: 30, authorizer: 8, advance: 8, promises: 12, trap: 8 },
  ...{
    broadcast: 8,
    peerCloses: 4,
    close: 3,
    add: 4,
    turn: 4,
    stall: 4,
    drain: 2,
    resume: 2,
    failNextWrite: 1,
  },
}
const RELAY: Mix = {
  ...{
    attach: 10,
    detach: 3,
    relayAnswer: 30,
    relay: 8,
    subscribe: 24,
    unsubscribe: 12,
    publish: 8,
    broadcast: 12,
  },
  ...{
    authorizer: 5,
    answer: 6,
    advance: 8,
    peerCloses: 3,
    add: 2,
    stall: 3,
    drain: 3,
    gap: 1,
    trap: 4,
    settle: 3,
  },
}

const place = fc.constantFrom<Place>(
  ...(['authorizer', 'policy', 'policy', 'write', 'write', 'handler', 'handler', 'connect'] as const),
  ...([
    'subscribe',
    'unsubscribe',
    'disconnect',
    'presence',
    'presence',
    'occupied',
    'vacated',
    'drop',
    'drop',
  ] as const),
)

/** A relay is attached where no promise is about to go on, see the player: not in a trap. */
const trapped = fc.array(mixed(ACTIONS, { ...EVERYTHING, attach: 0, peerCloses: 6, close: 6 }), {
  minLength: 1,
  maxLength: 4,
})

const STEPS: { readonly [Verb in keyof Mix]-?: fc.Arbitrary<Step> } = {
  ...ACTIONS,
  /** A broadcast that may be conflated. */
  update: act('broadcast', { channels: fc.constantFrom([0], [3]), except: fc.constant([]), key, content }),
  trap: fc.record({
    do: fc.constant('trap'),
    at: place,
    what: often(6, trapped, fc.constantFrom('throw', 'reject')),
  }),
  turn: fc.record({ do: fc.constant('turn') }),
  promises: fc.record({ do: fc.constant('promises') }),
  settle: fc.record({ do: fc.constant('settle') }),
  advance: fc.record({ do: fc.constant('advance'), ticks: fc.constantFrom(1, 3, 7, 21) }),
}

const word = fc.constantFrom('drop-newest', 'drop-oldest', 'conflate', 'disconnect')
const words = fc.array(often(6, word, fc.constant('rubbish')), { minLength: 1, maxLength: 4 })
const policy: fc.Arbitrary<PolicyChoice> = often(3, word, words)
const few = fc.integer({ min: 1, max: 3 })

const setup: fc.Arbitrary<Setup> = fc.record({
  frames: fc.integer({ min: 1, max: 6 }),
  bytes: fc.constantFrom(60, 150, 400, 400_000),
  policy,
  guardedPolicy: policy,
  writeTimeoutMs: fc.constantFrom(0, 300, 1_200),
  authorization: often(
    12,
    fc.record({ timeoutMs: fc.constantFrom(300, 1_000), concurrent: few, pendingPerClient: few }),
    fc.constant('none'),
  ),
  maxChannelsPerClient: fc.constantFrom(5, 5, 3, 2),
  listening: often(9, yes, fc.boolean()),
  errors: fc.constantFrom('heard', 'listener throws', 'unheard'),
  ending: fc.constantFrom('clients leave', 'hub closes'),
})

const seat = {
  dialect: fc.nat(DIALECTS.length - 1),
  highWater: fc.constantFrom(1, 1, 40),
  channels: fc.shuffledSubarray([...CHANNELS.keys()], { minLength: 1 }),
  stalled: fc.boolean(),
}
const slowSeat = {
  ...seat,
  channels: fc.constantFrom([0, 3], [3, 0, 4], [0]),
  stalled: often(3, yes, fc.boolean()),
}

export const tape: fc.Arbitrary<Tape> = fc.oneof(
  { weight: 3, arbitrary: tapeOf(EVERYTHING, fc.record(seat)) },
  { weight: 5, arbitrary: tapeOf(SLOW, fc.record(slowSeat)) },
  { weight: 3, arbitrary: tapeOf(JOINS, fc.record(seat)) },
  { weight: 3, arbitrary: tapeOf(TRAPS, fc.record(slowSeat)) },
  { weight: 2, arbitrary: tapeOf(RELAY, fc.record(seat)) },
)

function tapeOf(mix: Mix, seated: fc.Arbitrary<Seat>): fc.Arbitrary<Tape> {
  return fc.record({
    setup,
    seats: fc.array(seated, { minLength: 1, maxLength: 5, size: 'max' }),
    steps: fc.array(mixed(STEPS, mix), { minLength: 1, maxLength: 110, size: 'max' }),
  })
}

function mixed<T>(arbitraries: Record<string, fc.Arbitrary<T>>, mix: Mix): fc.Arbitrary<T> {
  const parts = Object.entries(mix).flatMap(([verb, weight]) => {
    const arbitrary = arbitraries[verb]
    return arbitrary && weight > 0 ? [{ weight: Math.ceil(weight * 5), arbitrary }] : []
  })
  return fc.oneof(...parts)
}

/** The first so many times as often as the second. */
function often<T, U>(weight: number, first: fc.Arbitrary<T>, second: fc.Arbitrary<U>): fc.Arbitrary<T | U> {
  return fc.oneof({ weight, arbitrary: first }, { weight: 1, arbitrary: second })
}

type Of<Verb extends Action['do']> = Extract<Action, { do: Verb }>
type PartsOf<Verb extends Action['do']> = {
  [Key in Exclude<keyof Of<Verb>, 'do'>]-?: fc.Arbitrary<Exclude<Of<Verb>[Key], undefined>>
}

function act<Verb extends Action['do']>(
  verb: Verb,
  parts: PartsOf<Verb>,
  ...optional: (keyof PartsOf<Verb>)[]
): fc.Arbitrary<Action> {
  const required = Object.keys(parts).filter((name) => !(optional as string[]).includes(name))
  const model = { do: fc.constant(verb), ...parts } as Record<string, fc.Arbitrary<unknown>>
  return fc.record(model, { requiredKeys: ['do', ...required] }) as unknown as fc.Arbitrary<Action>
}
