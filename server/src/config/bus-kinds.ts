import type { Kind } from './kinds.ts'

/** Which bus. The value is the text as it came, credentials included. */
export const bus: Kind<string> = {
  takes:
    'memory, redis://host:6379 (rediss:// with TLS) or nats://host:4222 (tls:// with TLS), more of NATS after commas',
  read: (text) => (text === 'memory' || isRedis(text) || isNats(text) ? text : undefined),
  // Anything but a word or a scheme may be a password.
  shown: (text) => {
    if (/^[a-z]{0,16}$/i.test(text)) return text
    return `${/^[a-z][a-z0-9+.-]{0,15}:\/\//i.exec(text)?.[0] ?? ''}…`
  },
}

/** What names on the bus begin with. */
export const busPrefix: Kind<string> = {
  takes: '1 to 64 letters, digits, _ or -',
  read: (text) => (/^[A-Za-z0-9_-]{1,64}$/.test(text) ? text : undefined),
}

/** With what events on the bus are signed: the first signs, all are taken. The values are never shown. */
export const busSecret: Kind<readonly string[]> = {
  takes:
    '1 to 8 secrets of at least 16 characters without spaces, with commas between them; none for no signatures',
  read: (text) => {
    if (text === 'none') return []
    const secrets = text.split(',')
    return secrets.length <= 8 && secrets.every((one) => /^\S{16,1000}$/.test(one)) ? secrets : undefined
  },
  shown: () => '…',
}

/** What a server is called. */
export const nodeName: Kind<string> = {
  takes: '1 to 40 letters, digits, . _ or -',
  read: (text) => (/^[A-Za-z0-9._-]{1,40}$/.test(text) ? text : undefined),
}

function isRedis(text: string): boolean {
  if (!/^rediss?:\/\//i.test(text) || !URL.canParse(text)) return false
  const { hostname, pathname, search, hash, username, password } = new URL(text)
  return hostname !== '' && /^\/?\d{0,6}$/.test(pathname) && !search && !hash && decodes(username + password)
}

function decodes(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}

const NATS = /^(?:(?:nats|tls):\/\/)?(?:[^@/\s]*@)?([^@/?#\s]+)\/?$/i

function isNats(text: string): boolean {
  if (!/^(nats|tls):\/\//i.test(text)) return false
  return text.split(',').every((one) => {
    const host = NATS.exec(one.trim())?.[1]
    return host !== undefined && URL.canParse(`http://${host}`)
  })
}
