// npm run example -- chat|notifications|dashboard
import { existsSync } from 'node:fs'
import process from 'node:process'

const [name = ''] = process.argv.slice(2)
const file = new URL(`./${name}/server.mjs`, import.meta.url)
if (!/^[a-z]+$/.test(name) || !existsSync(file)) {
  console.error('which one? npm run example -- chat, notifications or dashboard')
  process.exit(2)
}
const { start } = await import(file.href)
const { url } = await start(Number(process.env.PORT ?? 6001))
console.log(`listening on ${url}`)
