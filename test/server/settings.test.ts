import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { readArguments } from '../../server/src/config/arguments.ts'
import { helpText } from '../../server/src/config/help.ts'
import { type Reading, readSettings } from '../../server/src/config/settings.ts'
import { eachSetting, LATER, type Settings, variableOf } from '../../server/src/config/table.ts'
import { UsageError } from '../../server/src/config/usage.ts'
import { scratchFolder } from './fanfare.ts'

let folder: ReturnType<typeof scratchFolder>
beforeEach(() => {
  folder = scratchFolder()
})
afterEach(() => folder.remove())

interface From {
  readonly args?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly file?: string
}

function read({ args = [], environment = {}, file }: From): Reading {
  const path = join(folder.path, '.env')
  if (file === undefined) rmSync(path, { force: true })
  else writeFileSync(path, file)
  return readSettings({ flags: readArguments(args).flags, environment, directory: folder.path })
}

function fault(from: From): string {
  try {
    read(from)
  } catch (error) {
    if (error instanceof UsageError) return error.message
    throw error
  }
  throw new Error('nothing was wrong')
}

/** Each setting: a value that is not the default, as text and as it is read, and values that are wrong. */
const CASES: { readonly [Name in keyof Settings]: { text: string; value: Settings[Name]; wrong: string[] } } =
  {
    host: { text: '0.0.0.0', value: '0.0.0.0', wrong: ['a b', '-x', 'http://x', 'x:80', '[::1]:80', 'é'] },
    port: { text: '7000', value: 7000, wrong: ['65536', '-1', 'x', '1.5', '0x10', '1 2', '1e3'] },
    path: {
      text: '/live/ws',
      value: '/live/ws',
      wrong: ['ws', '/ws/', '//', '/a b', '/..', '/a/../b', '/ws?x', '/é'],
    },
    allowedOrigins: {
      text: 'https://a.example, http://b.example:8080',
      value: ['https://a.example', 'http://b.example:8080'],
      wrong: ['a.example', 'https://a.example/', 'https://a.example,,', 'null', 'https://u@a.example', ','],
    },
    adapter: { text: 'bun', value: 'bun', wrong: ['deno', 'Ws', 'uws'] },
    protocol: {
      text: 'plain',
      value: 'plain',
      wrong: ['pusher', 'Native', 'velocity'],
    },
    demo: { text: 'true', value: true, wrong: ['yes', 'TRUE', '2'] },
    pingIntervalMs: { text: '1m', value: 60_000, wrong: ['25', '-1s', '1 s', '1d', '25h', 's', '1e3ms'] },
    pongTimeoutMs: { text: '500ms', value: 500, wrong: ['0', '0s', '8', 'x'] },
    writeTimeoutMs: { text: '0', value: 0, wrong: ['10', '.5s', '99999999s'] },
    handshakeTimeoutMs: { text: '1.5s', value: 1_500, wrong: ['0', '0ms', '7'] },
    maxMessageBytes: { text: '1024', value: 1_024, wrong: ['0', '1k', '1073741825', '-5'] },
    maxConnections: { text: '3', value: 3, wrong: ['0', '1000001', 'many'] },
    maxHalfOpen: { text: '64', value: 64, wrong: ['0', '-1', '1.5', 'x'] },
    handshakeRate: { text: '0', value: 0, wrong: ['-1', '1.5', 'x'] },
    handshakeBurst: { text: '7', value: 7, wrong: ['0', '-1', '1.5'] },
    trustedProxies: { text: '1', value: 1, wrong: ['-1', '17', 'x'] },
    rateLimit: { text: '0', value: 0, wrong: ['-1', '1000001', 'fast'] },
    rateBurst: { text: '7', value: 7, wrong: ['0', '1000001', '1.5'] },
    memoryBytes: {
      text: '1.5GiB',
      value: 1_610_612_736,
      wrong: ['256', '15MiB', '1GB', '-1MiB', '99999999GiB'],
    },
    drainMs: { text: '2s', value: 2_000, wrong: ['25h', '2', '-1s'] },
    metricsPort: { text: '9091', value: 9091, wrong: ['65536', '-1', 'x'] },
    bus: {
      text: 'nats://user:secret@a:4222, nats://b',
      value: 'nats://user:secret@a:4222, nats://b',
      wrong: [
        'redis',
        'redis://',
        'redis://u:secret@',
        'redis://u:secret@x/one',
        'redis://u:secret@x?a=b',
        'redis://u:%secret@x',
        'nats://u:secret@x/y',
        'nats://u:secret@a,,b',
        'nats://u:secret@a,redis://b',
        'kafka://u:secret@x',
        'u:secret@x',
        'secret-1',
        'Memory ',
      ],
    },
    busSecret: {
      text: 'an-old-secret-of-ours,and-a-newer-one-too',
      value: ['an-old-secret-of-ours', 'and-a-newer-one-too'],
      wrong: ['short', 'a secret with spaces in it', ',', 'long-enough-as-it-is,short'],
    },
    busPrefix: { text: 'My_app-1', value: 'My_app-1', wrong: ['a b', 'a:b', 'a.b', 'é'] },
    nodeName: { text: 'web-1.eu', value: 'web-1.eu', wrong: ['a b', '<b>'] },
  }

describe('the settings', () => {
  it('have their defaults when nothing is said', () => {
    const { settings, remarks } = read({})
    expect(settings).toEqual({
      host: '127.0.0.1',
      port: 6001,
      path: '/ws',
      allowedOrigins: 'same-origin',
      protocol: 'native',
      adapter: 'ws',
      demo: false,
      pingIntervalMs: 25_000,
      pongTimeoutMs: 8_000,
      writeTimeoutMs: 10_000,
      handshakeTimeoutMs: 7_000,
      maxMessageBytes: 524_288,
      maxConnections: 10_000,
      maxHalfOpen: 512,
      handshakeRate: 200,
      handshakeBurst: 1_000,
      trustedProxies: 0,
      rateLimit: 100,
      rateBurst: 200,
      memoryBytes: 0,
      drainMs: 0,
      metricsPort: 0,
      bus: 'memory',
      busPrefix: 'fanfare',
      busSecret: [],
      nodeName: 'port',
    })
    expect(remarks).toEqual([])
  })

  for (const [name, { flag, kind, fallback, written }] of eachSetting()) {
    const { text, value, wrong } = CASES[name]
    const variable = variableOf(flag)

    it(`--${flag} wins over ${variable}, that over .env, that over the default`, () => {
      expect(kind.read(written), 'the default as it is written').toEqual(fallback)
      const file = `${variable}="${text}"\n`
      expect(read({ file }).settings[name]).toEqual(value)
      expect(
        read({ environment: { [variable]: text }, file: `${variable}=${written}\n` }).settings[name],
      ).toEqual(value)
      const args = [`--${flag}=${text}`]
      expect(read({ args, environment: { [variable]: written } }).settings[name]).toEqual(value)
      expect(
        read({ args: [`--${flag}=${written}`], environment: { [variable]: text }, file }).settings[name],
      ).toEqual(fallback)
    })

    it(`a wrong --${flag} or ${variable} is one line that names it`, () => {
      for (const bad of wrong) {
        for (const [label, from] of [
          [`--${flag}`, { args: [`--${flag}=${bad}`] }],
          [variable, { environment: { [variable]: bad } }],
          [`${variable} (in .env)`, { file: `${variable}="${bad}"\n` }],
        ] as const) {
          const message = fault(from)
          const shown = kind.shown?.(bad) ?? bad
          expect(message).toBe(`${label} takes ${kind.takes}, not ${JSON.stringify(shown)}`)
          expect(name === 'bus' && /secret|@/.test(message)).toBe(false)
          expect(message).not.toContain('\n')
        }
      }
    })

    it(`--${flag} and ${variable} are in the help`, () => {
      expect(helpText()).toContain(`--${flag}`)
      expect(helpText()).toContain(`${variable}, default ${written}`)
    })
  }

  it('names for the bus have a length', () => {
    for (const [flag, most] of [
      ['bus-prefix', 64],
      ['node-name', 40],
    ] as const) {
      read({ args: [`--${flag}`, 'x'.repeat(most)] })
      expect(fault({ args: [`--${flag}`, 'x'.repeat(most + 1)] })).toContain(`1 to ${String(most)} letters`)
      expect(fault({ args: [`--${flag}=`] })).toContain(`1 to ${String(most)} letters`)
    }
  })

  it('the bus is Redis or NATS, with and without TLS', () => {
    for (const bus of [
      'redis://h',
      'rediss://u:p%40@h:1/0',
      'REDIS://[::1]:6379/',
      'nats://h',
      'tls://token@h:4222,b',
    ])
      expect(read({ args: ['--bus', bus] }).settings.bus).toBe(bus)
  })

  it('an empty variable counts as not set', () => {
    expect(read({ environment: { FANFARE_PORT: '' }, file: 'FANFARE_PORT=7000\n' }).settings.port).toBe(7000)
    expect(read({ file: 'FANFARE_HOST=\n' }).settings.host).toBe('127.0.0.1')
  })

  it('an address of version 6 may stand in brackets', () => {
    expect(read({ args: ['--host', '[::1]'] }).settings.host).toBe('::1')
    expect(read({ args: ['--host', '::'] }).settings.host).toBe('::')
  })

  it('0 is never, where never makes sense', () => {
    expect(read({ environment: { FANFARE_PING_INTERVAL: '0' } }).settings.pingIntervalMs).toBe(0)
  })

  it('the last of several equal flags counts', () => {
    expect(read({ args: ['--port', '1', '--port', '2'] }).settings.port).toBe(2)
  })

  it('the demo speaks native only', () => {
    expect(fault({ args: ['--demo', '--protocol', 'plain'] })).toMatch(/--demo .*--protocol native/)
  })

  it('a long or many-lined wrong value stays one short line', () => {
    const message = fault({ environment: { FANFARE_PORT: `1\n${'9'.repeat(500)}` } })
    expect(message).not.toContain('\n')
    expect(message.length).toBeLessThan(200)
  })

  it('.env that cannot be read is said', () => {
    mkdirSync(join(folder.path, '.env'))
    const sources = { flags: new Map<string, string>(), environment: {}, directory: folder.path }
    expect(() => readSettings(sources)).toThrow(new UsageError('.env cannot be read (EISDIR)'))
  })

  it('a comment, quotes and export in .env are understood', () => {
    const file = "# mine\nexport FANFARE_PORT=7000 # the usual\nFANFARE_PATH='/live'\r\nOTHER=1\n"
    expect(read({ file }).settings).toMatchObject({ port: 7000, path: '/live' })
  })
})

describe('the drain', () => {
  it('is at most 15 s: whoever ends a server does not wait for ever', () => {
    expect(read({ args: ['--drain', '15s'] }).settings.drainMs).toBe(15_000)
    expect(fault({ args: ['--drain', '16s'] })).toBe('--drain takes at most 15s')
  })
})

describe('what belongs to later versions', () => {
  for (const { flags, variables, what } of LATER) {
    it(`${what}: is answered, and no value is repeated`, () => {
      for (const flag of flags) {
        const message = fault({ args: [`--${flag}`, 'secret'] })
        expect(message).toBe(`--${flag} cannot be set: this version has no ${what} yet`)
      }
      for (const variable of variables) {
        expect(fault({ environment: { [variable]: 'secret' } })).toBe(
          `${variable} cannot be set: this version has no ${what} yet`,
        )
        expect(fault({ file: `${variable}=secret` })).toContain(variable)
        expect(read({ environment: { [variable]: '' } }).remarks).toEqual([])
      }
    })
  }

  it('variables of fanfare bench are no business of the server', () => {
    expect(
      read({ environment: { FANFARE_BENCH_RATE: '1' }, file: 'FANFARE_BENCH_TOKEN=x\n' }).remarks,
    ).toEqual([])
  })

  it('a variable of ours that nobody knows is remarked upon', () => {
    const { remarks } = read({ environment: { FANFARE_PROT: '1', FANFAREX: '1' }, file: 'FANFARE_NOPE=1\n' })
    expect(remarks).toEqual([
      'FANFARE_NOPE is no setting of this server, and is ignored',
      'FANFARE_PROT is no setting of this server, and is ignored',
    ])
  })
})

describe('the command line', () => {
  it('is taken apart', () => {
    const { words, flags, help, version } = readArguments(['serve', '--demo', '--port=0', '--host', '::1'])
    expect(words).toEqual(['serve'])
    expect([...flags]).toEqual([
      ['demo', 'true'],
      ['port', '0'],
      ['host', '::1'],
    ])
    expect([help, version]).toEqual([false, false])
    expect(readArguments(['-h']).help).toBe(true)
    expect(readArguments(['serve', '--version']).version).toBe(true)
  })

  it('an option that is none, and one without its value, are named', () => {
    expect(() => readArguments(['serve', '--prot', '1'])).toThrow('there is no option "--prot"')
    expect(() => readArguments(['serve', '-x'])).toThrow('there is no option "-x"')
    expect(() => readArguments(['serve', '--port'])).toThrow('--port needs a value')
    expect(() => readArguments(['serve', '--constructor'])).toThrow('there is no option "--constructor"')
    expect(() => readArguments(['serve', '--__proto__=1'])).toThrow('there is no option')
  })
})
