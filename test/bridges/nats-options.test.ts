import { OptionError } from '@fanfare/core/contract'
import { nats, type NatsOptions } from '@fanfare/nats'
import type { NatsConnection } from '@nats-io/transport-node'
import { describe, expect, it } from 'vitest'

import { serversOf } from '../../bridges/nats/src/servers.ts'

const wrong = (options: unknown): OptionError => {
  try {
    nats(options as NatsOptions)
  } catch (error) {
    if (error instanceof OptionError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

/** Looks like a connection, and does nothing. */
const connection = new Proxy({}, { get: () => () => {} }) as NatsConnection

describe('wrong options', () => {
  it.each<[string, unknown, string]>([
    ['an unknown one', { server: 'nats://127.0.0.1' }, 'nats'],
    ['no servers', { servers: [] }, 'servers'],
    ['servers that are no text', { servers: [4222] }, 'servers'],
    ['an empty address', { servers: '' }, 'servers'],
    ['an empty address, short', '', 'servers'],
    ['a WebSocket', { servers: 'wss://127.0.0.1' }, 'servers'],
    ['a path', { servers: 'nats://127.0.0.1/live' }, 'servers'],
    ['options that are none', { options: 'name' }, 'options'],
    ['servers in options', { options: { servers: 'nats://127.0.0.1' } }, 'options.servers'],
    ['a port in options', { options: { port: 4222 } }, 'options.port'],
    ['a connection that is none', { connection: {} }, 'connection'],
    ['a promise of a connection', { connection: Promise.resolve(connection) }, 'connection'],
    ['servers beside a connection', { connection, servers: 'nats://127.0.0.1' }, 'servers'],
    ['options beside a connection', { connection, options: {} }, 'options'],
  ])('%s', (_, options, option) => {
    expect(wrong(options).option).toBe(option)
  })

  it('shows no credentials', () => {
    for (const options of [
      { servers: 'nats://trumpet:secret@' },
      { servers: ['ws://secret@127.0.0.1'] },
      { servers: 'nats://trumpet:sec@ret@127.0.0.1:nats' },
      { options: ['secret'] },
      { options: { port: 'secret' } },
      { connection: { pass: 'secret' } },
    ]) {
      expect(wrong(options).message).not.toContain('sec')
    }
  })
})

describe('addresses', () => {
  it.each([
    [undefined, { hosts: ['127.0.0.1:4222'], credentials: {}, tls: false }],
    ['nats.example.com', { hosts: ['nats.example.com'], credentials: {}, tls: false }],
    ['nats://[::1]:4222/', { hosts: ['[::1]:4222'], credentials: {}, tls: false }],
    ['tls://token@a:1', { hosts: ['a:1'], credentials: { token: 'token' }, tls: true }],
    [
      ['nats://a:1', 'u:p%40s:s@b:2'],
      { hosts: ['a:1', 'b:2'], credentials: { user: 'u', pass: 'p@s:s' }, tls: false },
    ],
  ])('%j', (servers, expected) => {
    expect(serversOf(servers)).toEqual(expected)
  })
})
