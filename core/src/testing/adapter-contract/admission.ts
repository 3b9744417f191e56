import type { GatewayOptions } from '../../gateway/options.ts'
import type { Handshake } from '../../contract/conn.ts'
import { ClientError } from '../../ground/errors.ts'
import { plain } from '../../hub/plain.ts'
import type { Expect } from '../contract-suite/runner.ts'
import type { Scene, Stage } from './stage.ts'
import type { Knock, KnockAnswer } from './stand.ts'
import type { Tests } from './tests.ts'
import { until } from '../contract-suite/wait.ts'

const PAGE = 'https://app.example.com'
const ELSEWHERE = 'https://elsewhere.example.com'
const NOBODY: GatewayOptions['authenticate'] = () => undefined

/** Asks a stand that can be asked: the tests of this part need one. */
async function ask({ stand }: Scene, knock: Knock = {}): Promise<KnockAnswer> {
  if (!stand.ask) throw new Error('the stand has no ask')
  return stand.ask(knock)
}

/** Whoever was let in by {@link ask} goes by itself. */
async function empty({ hub }: Scene): Promise<void> {
  await until(() => hub.count() === 0, 'those who only asked to go')
}

function from(origin: string): Knock {
  return { headers: { origin, host: 'app.example.com' } }
}

/** It was refused for now: by a status with a time to come back, or in the transport's own words. */
function refusedForNow(expect: Expect, answer: KnockAnswer, status: number, closeCode: number): void {
  if (answer.closeCode === undefined) {
    expect(answer.status).toBe(status)
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
  } else expect(answer.closeCode).toBe(closeCode)
}

const PAGES: Tests<Stage> = {
  async 'an unknown path is refused with 404'({ open, expect }) {
    const scene = await open({}, { protocols: { '/': plain(), '/rooms/*': plain() } })
    for (const path of ['/unknown', '/room', '/rooms']) {
      expect([path, (await ask(scene, { path })).status]).toEqual([path, 404])
    }
    for (const path of ['/', '/rooms/7']) {
      expect([path, (await ask(scene, { path })).status]).toEqual([path, 'connected'])
    }
    await empty(scene)
  },

  async 'a page of another origin is refused with 403'({ open, expect }) {
    const scene = await open({}, { allowedOrigins: 'same-origin' })
    for (const origin of [ELSEWHERE, 'null', `${PAGE}:81`]) {
      expect([origin, (await ask(scene, from(origin))).status]).toEqual([origin, 403])
    }
    expect(scene.hub.count()).toBe(0)
  },

  async 'a page of the same origin is let in, and so is a program without one'({ open, expect }) {
    const scene = await open({}, { allowedOrigins: 'same-origin' })
    expect((await ask(scene, from(PAGE))).status).toBe('connected')
    expect((await ask(scene)).status).toBe('connected')
    await empty(scene)
  },

  async 'of a list of origins those in it are let in'({ open, expect }) {
    const scene = await open({}, { allowedOrigins: [ELSEWHERE] })
    expect((await ask(scene, from(ELSEWHERE))).status).toBe('connected')
    expect((await ask(scene, from(PAGE))).status).toBe(403)
    await empty(scene)
  },

  async 'a handshake without an origin is refused with 403 where one is required'({ open, expect }) {
    const scene = await open({}, { allowedOrigins: [PAGE], requireOrigin: true })
    expect((await ask(scene)).status).toBe(403)
    expect((await ask(scene, from(PAGE))).status).toBe('connected')
    await empty(scene)
  },
}

const PEOPLE: Tests<Stage> = {
  async 'whoever authenticate does not know is refused with 401'({ open, expect }) {
    const scene = await open({}, { authenticate: ({ token }) => token === 'ann' && { id: token } })
    expect((await ask(scene, { query: { token: 'ben' } })).status).toBe(401)
    expect((await ask(scene)).status).toBe(401)
    expect((await ask(scene, { query: { token: 'ann' } })).status).toBe('connected')
    await empty(scene)
  },

  async 'authenticate that throws refuses: as it says with 403, else with 401'({ open, expect }) {
    const scene = await open(
      {},
      {
        authenticate: ({ token }) => {
          throw token === 'ann' ? new ClientError('forbidden', 'not you') : new Error('out of order')
        },
      },
    )
    const errors: unknown[] = []
    scene.hub.on('error', ({ where }) => errors.push(where))
    expect((await ask(scene, { query: { token: 'ann' } })).status).toBe(403)
    expect(errors).toEqual([])
    expect((await ask(scene, { query: { token: 'ben' } })).status).toBe(401)
    expect(errors).toEqual(['authenticate'])
    expect(scene.hub.count()).toBe(0)
  },

  async 'the handshake reaches authenticate: path, query, header, address'({ open, expect }) {
    const seen: Handshake[] = []
    const protocols = { '/': plain(), '/rooms/*': plain() }
    const authenticate: GatewayOptions['authenticate'] = ({ handshake }) => {
      seen.push(handshake)
      return { id: 'ann' }
    }
    const scene = await open({}, { protocols, authenticate })
    await ask(scene, {
      path: '/rooms/7',
      query: { name: 'Ann & Ben', empty: '' },
      headers: { 'x-kind': 'robot' },
    })
    const [handshake] = seen
    expect(seen.length).toBe(1)
    expect(handshake?.path).toBe('/rooms/7')
    expect(['name', 'empty', 'none'].map((name) => handshake?.query(name))).toEqual([
      'Ann & Ben',
      '',
      undefined,
    ])
    expect(['x-kind', 'x-none', 'constructor'].map((name) => handshake?.header(name))).toEqual([
      'robot',
      undefined,
      undefined,
    ])
    expect(String(handshake?.remoteAddress)).not.toBe('undefined')
    await empty(scene)
  },
}

/** Of the request an adapter holds nothing on; what the gateway keeps of it is what it was told. */
const KEPT: Tests<Stage> = {
  async 'of its handshake what it brought is kept, and no cookie or token'({ open, expect }) {
    const seen: unknown[] = []
    const names = ['x-kind', 'user-agent', 'cookie', 'authorization']
    const scene = await open({}, { protocols: { '/': plain(), '/rooms/*': plain() } })
    scene.gateway.onConnect(({ handshake }) => {
      const queries = ['name', 'token', 'none'].map((name) => handshake.query(name))
      seen.push(
        handshake.path,
        names.map((name) => handshake.header(name)),
        queries,
      )
    })
    await ask(scene, {
      path: '/rooms/7',
      query: { name: 'Ann & Ben', token: 'secret' },
      headers: {
        'x-kind': 'robot',
        'user-agent': 'test/1',
        cookie: 'a=secret',
        authorization: 'Bearer secret',
      },
    })
    expect(seen).toEqual([
      '/rooms/7',
      ['robot', 'test/1', undefined, undefined],
      ['Ann & Ben', undefined, undefined],
    ])
    await empty(scene)
  },
}

const ROOM_FOR: Tests<Stage> = {
  async 'beyond maxConnections it is 503, until somebody goes'({ open, expect }) {
    const scene = await open({}, { maxConnections: 1 })
    const first = await scene.enter()
    refusedForNow(expect, await ask(scene), 503, 4100)
    expect(scene.hub.clients().map(({ id }) => id)).toEqual([first.client.id])
    first.peer.close(1000, '')
    await empty(scene)
    expect((await ask(scene)).status).toBe('connected')
    await empty(scene)
  },

  async 'too many handshakes are refused with 429'({ open, expect }) {
    const scene = await open({}, { rateLimit: { handshakes: { rate: 1, burst: 2 } } })
    expect((await ask(scene)).status).toBe('connected')
    expect((await ask(scene)).status).toBe('connected')
    refusedForNow(expect, await ask(scene), 429, 4102)
    scene.clock.advance(1_000)
    expect((await ask(scene)).status).toBe('connected')
    await empty(scene)
  },

  async 'a refusal takes no place of a client'({ open, expect }) {
    const scene = await open({}, { authenticate: NOBODY, maxConnections: 2 })
    for (let at = 0; at < 5; at++) expect((await ask(scene)).status).not.toBe('connected')
    expect([scene.hub.count(), scene.gateway.conns.length]).toEqual([0, 0])
  },

  async 'a node that drains refuses with 503'({ open, expect }) {
    const scene = await open({})
    await scene.gateway.drain({ within: 0 })
    refusedForNow(expect, await ask(scene), 503, 4200)
    expect(scene.gateway.conns.length).toBe(0)
  },
}

/** Who comes in. */
export const ADMISSION: Tests<Stage> = { ...PAGES, ...PEOPLE, ...KEPT, ...ROOM_FOR }
