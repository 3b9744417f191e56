import { bus } from '../config/bus-kinds.ts'
import type { Kind } from '../config/kinds.ts'

const hidden = (): string => '…'

/** Where a server takes WebSocket clients. The value is the URL as it came. */
export const socketUrl: Kind<string> = {
  takes: 'a URL of WebSocket clients, such as ws://127.0.0.1:6001/ws or wss://app.example.com/ws',
  read: (text) => {
    if (!/^wss?:\/\//i.test(text) || /\s/.test(text) || !URL.canParse(text)) return undefined
    return new URL(text).hash === '' ? text : undefined
  },
  // A query, or what stands before an @, may be a token.
  shown: (text) => (/[?@]/.test(text) ? (/^[a-z]{1,8}:\/\//i.exec(text)?.[0] ?? '') + '…' : text),
}

const HEADER = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e]*)$/

/** Headers of the handshake, a line for each. */
export const headers: Kind<Readonly<Record<string, string>>> = {
  takes: 'none, or name:value',
  read: (text) => {
    const found: Record<string, string> = {}
    for (const line of text === 'none' ? [] : text.split('\n')) {
      const [, name, value] = HEADER.exec(line) ?? []
      if (name === undefined || value === undefined) return undefined
      found[name] = value.trim()
    }
    return found
  },
  shown: (text) => {
    const colon = text.indexOf(':')
    return colon === -1 ? hidden() : `${text.slice(0, colon)}:…`
  },
}

/** JSON; the value is its text, which is what is sent. */
export const json: Kind<string> = {
  takes: 'JSON',
  read: (text) => {
    try {
      JSON.parse(text)
      return text
    } catch {
      return undefined
    }
  },
  shown: hidden,
}

/** A secret; the value is empty when there is none. */
export const token: Kind<string> = {
  takes: 'none, or 1 to 8000 visible ASCII characters',
  read: (text) => (text === 'none' ? '' : /^[\x21-\x7e]{1,8000}$/.test(text) ? text : undefined),
  shown: hidden,
}

/** How names of channels begin. */
export const channelPrefix: Kind<string> = {
  takes: 'auto, or 1 to 100 letters, digits and _ - = @ , . ; : /',
  read: (text) => (/^[\w\-=@,.;:/]{1,100}$/.test(text) ? text : undefined),
}

/** The bus that messages are published on, or none. */
export const publishingBus: Kind<string> = {
  takes: bus.takes.replace('memory', 'none'),
  read: (text) => (text === 'none' ? text : text === 'memory' ? undefined : bus.read(text)),
  ...(bus.shown ? { shown: bus.shown } : {}),
}
