import { type Block, nameOf } from './blocks.ts'

// What a block takes for granted that stands elsewhere on its page, or in the reader's own program. It is put before the
// block, on its first line, so that the lines of what the compiler says are those of the page.

/** The contract that the page of the client takes for granted: a file next to each block. */
export const CONTRACT = `
import { defineContract } from '@fanfare/core'
import { z } from 'zod'

export const contract = defineContract({
  events: {
    'orders.{id}': { shipped: z.object({ tracking: z.string() }) },
    'presence-room.{id}': { typing: z.boolean() },
  },
  direct: { notice: z.object({ text: z.string() }) },
  messages: {
    checkout: { data: z.object({ cart: z.number() }), reply: z.object({ total: z.number() }) },
    seen: { data: z.object({ id: z.number() }) },
  },
  questions: { confirm: { data: z.object({ question: z.string() }), reply: z.boolean() } },
  presence: { 'presence-room.{id}': z.object({ name: z.string() }) },
})
`

const CLIENT =
  "import type { FanfareClient } from '@fanfare/client'; import type { contract } from './contract.ts'; declare const client: FanfareClient<typeof contract>;"

const PREAMBLES: Readonly<Record<string, string>> = {
  'client/README.md › Channels': `${CLIENT} declare function show(tracking: string, user?: string): void;`,
  'client/README.md › Channels 2': `${CLIENT} declare function signFor(channel: string): Promise<string>; declare function greet(id: unknown, info: unknown): void;`,
  'client/README.md › Messages': `${CLIENT} declare const signal: AbortSignal, token: string; declare function show(text: string): void; declare function ask(question: string): Promise<boolean>;`,
  'adapters/ws/README.md › On a server you have':
    "import type { Gateway } from '@fanfare/core'; import type { RequestListener } from 'node:http'; declare const gateway: Gateway, app: RequestListener;",
  'adapters/ws/README.md › Compression':
    "import type { Gateway } from '@fanfare/core'; import { attach } from '@fanfare/ws'; import type { Server } from 'node:http'; declare const gateway: Gateway, server: Server; declare function isLocal(address?: string): boolean;",
  'adapters/fastify/README.md › @fanfare/fastify 2':
    "import type { User } from '@fanfare/core'; declare module 'fastify' { interface FastifyRequest { user?: User } }",
}

/** The block with what it takes for granted. */
export function complete(block: Block): Block {
  const preamble = PREAMBLES[nameOf(block)]
  return preamble === undefined ? block : { ...block, code: `${preamble} ${block.code}` }
}

/** The blocks that take something for granted. */
export const COMPLETED = Object.keys(PREAMBLES)
