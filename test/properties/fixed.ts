import type { Setup, Step, Tape } from './actions.ts'

/** Runs that tapes at random hardly ever are, each by what it is about. */

const SETUP: Setup = {
  frames: 2,
  bytes: 400_000,
  policy: 'drop-newest',
  guardedPolicy: 'drop-newest',
  writeTimeoutMs: 0,
  authorization: { timeoutMs: 1_000, concurrent: 3, pendingPerClient: 3 },
  maxChannelsPerClient: 5,
  listening: true,
  errors: 'heard',
  ending: 'clients leave',
}

const [PUBLIC, PRIVATE, PRESENCE] = [0, 2, 3]
const settle: Step = { do: 'settle' }
const say = (): Step[] => [
  { do: 'broadcast', channels: [PUBLIC], except: [], content: { size: 5 } },
  { do: 'turn' },
]
const subscribe = (client: number, channel: number): Step => ({ do: 'subscribe', client, channel })
const unsubscribe = (client: number, channel: number): Step => ({ do: 'unsubscribe', client, channel })
const allow = (call: number, who: number): Step => ({ do: 'answer', call, how: { say: 'allow', who } })
const deny = (call: number): Step => ({ do: 'answer', call, how: { say: 'no' } })
const grantUntil = (call: number, expiresInMs: number): Step => ({
  do: 'answer',
  call,
  how: { say: 'allow', who: 0, expiresInMs },
})
const advance = (ticks: number): Step => ({ do: 'advance', ticks })

const seat = (channels: readonly number[], stalled = false): Tape['seats'][number] => ({
  // It is told everything.
  dialect: 1,
  highWater: 1,
  channels,
  stalled,
})

/** A grant is asked about, the client leaves and comes back, and then there is an answer. */
const cameBack: readonly Step[] = [
  { do: 'renew', client: 0, channel: PRIVATE },
  settle,
  unsubscribe(0, PRIVATE),
  subscribe(0, PRIVATE),
  settle,
  allow(1, 0),
  settle,
]

export const FIXED: Readonly<Record<string, Tape>> = {
  'a no about an earlier stay': {
    setup: SETUP,
    seats: [seat([PRIVATE])],
    steps: [...cameBack, deny(0), settle, advance(21)],
  },
  'a yes about an earlier stay, for some time': {
    setup: SETUP,
    seats: [seat([PRIVATE])],
    steps: [...cameBack, grantUntil(0, 700), settle, advance(21)],
  },
  'a roster that stands for changes of an earlier stay': {
    setup: SETUP,
    seats: [seat([PUBLIC, PRESENCE], true), seat([PUBLIC])],
    steps: [
      ...say(),
      subscribe(1, PRESENCE),
      settle,
      allow(0, 1),
      settle,
      unsubscribe(0, PRESENCE),
      ...say(),
      ...say(),
      subscribe(0, PRESENCE),
      settle,
      allow(1, 0),
      settle,
      { do: 'resume', client: 0 },
      settle,
    ],
  },
  'more answers than may wait': {
    setup: SETUP,
    seats: [seat([PUBLIC], true)],
    steps: [
      ...say(),
      ...Array.from({ length: 3 }, (): Step => ({ do: 'tell', client: 0, lane: 'control', size: 30_000 })),
      settle,
      advance(21),
    ],
  },
}
