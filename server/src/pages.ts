import { readdirSync, readFileSync } from 'node:fs'

import { type Answer, file } from './answer.ts'

const FOLDER = new URL('../page/', import.meta.url)
/** The built client, which the page takes as it is: it needs no bundler. */
const CLIENT = new URL('.', import.meta.resolve('@fanfare/client'))

const TYPES = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
} as const

/** Nothing but the page's own files, and no connection but to the server it came from. No inline script, no inline style. */
const HEADERS = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; '),
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}

/** The files of the page. A request is looked up here and nowhere else, so there is no path to climb out of. */
const FILES = [
  'index.html',
  'base.css',
  'layout.css',
  'room.css',
  'chat.css',
  'wire.css',
  'icon.svg',
  'app.js',
  'chat.js',
  'cluster.js',
  'composer.js',
  'dom.js',
  'door.js',
  'fields.js',
  'follower.js',
  'identity.js',
  'line.js',
  'logged.js',
  'members.js',
  'roster.js',
  'round-trips.js',
  'state.js',
  'status.js',
  'syntax.js',
  'wire.js',
] as const

/**
 * The page, file by file: request path to answer. Read once.
 *
 * @param socketPath - where the page is to connect; in an alphabet that needs no escaping in HTML
 * @param cluster - whether there may be other servers
 */
export function pages(socketPath: string, cluster: boolean): ReadonlyMap<string, Answer> {
  const filled = { path: socketPath, cluster: cluster ? 'yes' : 'no' }
  return new Map([
    ...FILES.map((name) => [name === 'index.html' ? '/' : `/${name}`, page(name, filled)] as const),
    ...clientFiles().map((name) => [`/client/${name}`, script(new URL(name, CLIENT))] as const),
  ])
}

function page(name: (typeof FILES)[number], filled: Readonly<Record<string, string>>): Answer {
  const body = readFileSync(new URL(name, FOLDER))
  const type = TYPES[name.split('.').at(-1) as keyof typeof TYPES]
  if (name !== 'index.html') return file(type, body, HEADERS)
  const text = body.toString().replace(/{{(\w+)}}/g, (_, blank: string) => filled[blank] ?? '')
  return file(type, Buffer.from(text), HEADERS)
}

function clientFiles(): string[] {
  return readdirSync(CLIENT).filter((name) => name.endsWith('.js'))
}

function script(at: URL): Answer {
  return file(TYPES.js, readFileSync(at), HEADERS)
}
