import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const source = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

// Tests read the sources, so they need no build. Exact matches: a new entry point needs a line here.
const alias = [
  { find: /^@fanfare\/core$/, replacement: source('core/src/index.ts') },
  { find: /^@fanfare\/core\/adapter$/, replacement: source('core/src/adapter/index.ts') },
  { find: /^@fanfare\/core\/contract$/, replacement: source('core/src/contract/index.ts') },
  { find: /^@fanfare\/core\/testing$/, replacement: source('core/src/testing/index.ts') },
  { find: /^@fanfare\/ws$/, replacement: source('adapters/ws/src/index.ts') },
  { find: /^@fanfare\/ws\/connections$/, replacement: source('adapters/ws/src/connections.ts') },
  { find: /^@fanfare\/fastify$/, replacement: source('adapters/fastify/src/index.ts') },
  { find: /^@fanfare\/bun$/, replacement: source('adapters/bun/src/index.ts') },
  { find: /^@fanfare\/http$/, replacement: source('adapters/http/src/index.ts') },
  { find: /^@fanfare\/http\/node$/, replacement: source('adapters/http/src/node.ts') },
  { find: /^@fanfare\/broadcasting$/, replacement: source('bridges/broadcasting/src/index.ts') },
  { find: /^@fanfare\/broadcasting\/driver$/, replacement: source('bridges/broadcasting/src/bus/index.ts') },
  {
    find: /^@fanfare\/broadcasting\/testing$/,
    replacement: source('bridges/broadcasting/src/testing/index.ts'),
  },
  { find: /^@fanfare\/redis$/, replacement: source('bridges/redis/src/index.ts') },
  { find: /^@fanfare\/nats$/, replacement: source('bridges/nats/src/index.ts') },
  { find: /^@fanfare\/client$/, replacement: source('client/src/index.ts') },
  { find: /^@fanfare\/client\/slim$/, replacement: source('client/src/slim.ts') },
  { find: /^@fanfare\/server$/, replacement: source('server/src/index.ts') },
]

export default defineConfig({
  resolve: { alias },
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    reporters: ['default', './test/reporter.ts'],
  },
})
