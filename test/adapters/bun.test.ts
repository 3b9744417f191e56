import { bunTests } from '../support/bun-tests.ts'

await bunTests('test/adapters/bun/contract.bun.ts')
await bunTests('test/adapters/bun/server.bun.ts')
await bunTests('test/adapters/bun/http.bun.ts')
await bunTests('test/adapters/bun/hosts.bun.ts')
