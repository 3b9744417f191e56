import type { ContractDeclaration } from '@fanfare/core/testing'

const WHOLE_REQUESTS = {
  reason: 'what comes is whole requests: a malformed one is answered 400, and ends no session',
  tests: ['bytes that the transport does not allow end that connection, and no other'],
}
const UNFINISHED = [
  'a message that is not whole within messageTimeoutMs ends that connection, and no other',
  'unfinished messages are on the budget: when it is spent, who has most goes, as rate',
]
const PINGS = [
  'who sends more than maxControlFrames pings in a second is closed as rate; the others are served',
]
const BODIES = [
  {
    reason: 'what may be unfinished is the body of a request, which has limits of its own',
    tests: UNFINISHED,
  },
  { reason: 'the transport has no pings', tests: PINGS },
]
const WEB_SOCKET: ContractDeclaration = { can: ['ask', 'freeze', 'sendRaw', 'begin', 'ping'] }
const STREAM: ContractDeclaration = { can: ['ask', 'freeze'], skip: [WHOLE_REQUESTS, ...BODIES] }
const POLLS: ContractDeclaration = {
  can: ['ask', 'freeze'],
  skip: [
    WHOLE_REQUESTS,
    ...BODIES,
    {
      reason: 'who polls no more is found by the session timeout alone',
      tests: ['a slow peer that vanishes leaves nothing behind'],
    },
  ],
}

/** What runs under the contract, by the name that its tests give it: what its stand can do, and what does not hold there. */
export const ADAPTERS: Readonly<Record<string, ContractDeclaration>> = {
  'in memory': {
    can: ['ask'],
    skip: [
      {
        reason: 'there is nothing between the two ends that could die',
        tests: ['a peer that goes silent is found, and nobody else is taken for it'],
      },
      {
        reason: 'messages are handed over whole: there are no frames',
        tests: [...WHOLE_REQUESTS.tests, ...UNFINISHED],
      },
      { reason: 'nothing is between the two ends that would have pings', tests: PINGS },
    ],
  },
  ws: WEB_SOCKET,
  'ws, compressed': {
    ...WEB_SOCKET,
    skip: [{ reason: 'as without compression', tests: ['slow consumers', 'evictions'] }],
  },
  bun: {
    ...WEB_SOCKET,
    skip: [
      {
        reason: 'Bun cuts a connection whose message is too large, without a close frame',
        tests: ['who sends a message larger than maxMessageBytes is told 1009'],
      },
      {
        reason:
          'what Bun keeps of unfinished messages is not seen; the adapter watches how the process grows',
        tests: UNFINISHED,
      },
    ],
  },
  fastify: WEB_SOCKET,
  'server-sent events': STREAM,
  'server-sent events on bun': STREAM,
  'server-sent events, Fastify': STREAM,
  'server-sent events, Hono': STREAM,
  'long polls': POLLS,
  'long polls, Fastify': POLLS,
  'long polls, Hono': POLLS,
  net: {
    can: ['ask', 'freeze', 'sendRaw', 'begin'],
    skip: [
      { reason: 'its frames have no pings', tests: PINGS },
      {
        reason: 'a bare TCP connection says nothing before it is open: no path, no headers, no token',
        tests: [
          'an unknown path is refused with 404',
          'a page of another origin is refused with 403',
          'a page of the same origin is let in, and so is a program without one',
          'of a list of origins those in it are let in',
          'a handshake without an origin is refused with 403 where one is required',
          'whoever authenticate does not know is refused with 401',
          'authenticate that throws refuses: as it says with 403, else with 401',
          'the handshake reaches authenticate: path, query, header, address',
          'of its handshake what it brought is kept, and no cookie or token',
        ],
      },
    ],
  },
}

/** The columns of the table in README.md, each with what stands for it. */
export const COLUMNS: Readonly<Record<string, readonly string[]>> = {
  memory: ['in memory'],
  ws: ['ws'],
  Bun: ['bun'],
  Fastify: ['fastify'],
  SSE: [
    'server-sent events',
    'server-sent events on bun',
    'server-sent events, Fastify',
    'server-sent events, Hono',
  ],
  'long polls': ['long polls', 'long polls, Fastify', 'long polls, Hono'],
}
