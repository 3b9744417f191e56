import { ClientError } from '@fanfare/core'
import { describe, expect, it } from 'vitest'

import { deferred, type Deferred, testGateway } from '../fakes/test-gateway.ts'

const call = (id: number | undefined, method: string, data: unknown = null): object => ({
  op: 'call',
  id,
  method,
  data,
})

describe('messages of one client', () => {
  /** A gateway whose handler `work` waits until the test lets it go on. */
  function slowly(): ReturnType<typeof testGateway> & {
    jobs: Map<unknown, Deferred<unknown>>
    log: unknown[]
  } {
    const kit = testGateway()
    const jobs = new Map<unknown, Deferred<unknown>>()
    const log: unknown[] = []
    kit.gateway.on('work', (_client, { data }) => {
      log.push(data)
      const job = deferred<unknown>()
      jobs.set(data, job)
      return job.promise
    })
    kit.gateway.on('quick', (_client, { data }) => log.push(data))
    return { ...kit, jobs, log }
  }

  it('are handled in order, each when the one before is done', async () => {
    const { visit, jobs, log } = slowly()
    const ann = await visit()
    expect(
      await ann.ask(call(1, 'work', 'a'), call(2, 'quick', 'b'), call(3, 'work', 'c'), { op: 'ping', id: 4 }),
    ).toEqual([{ op: 'pong', id: 4 }])
    expect(log).toEqual(['a'])
    jobs.get('a')?.resolve('A')
    expect(await ann.heard()).toEqual([
      { op: 'ok', id: 1, data: 'A' },
      { op: 'ok', id: 2, data: 2 },
    ])
    expect(log).toEqual(['a', 'b', 'c'])
    jobs.get('c')?.reject(new ClientError('limit', 'no'))
    expect(await ann.heard()).toEqual([{ op: 'err', id: 3, code: 'limit', message: 'no' }])
  })

  it('do not wait for those of another', async () => {
    const { visit, jobs, log } = slowly()
    const [ann, ben] = [await visit(), await visit()]
    await ann.ask(call(1, 'work', 'ann'))
    await ben.ask(call(1, 'work', 'ben'))
    expect(log).toEqual(['ann', 'ben'])
    jobs.get('ben')?.resolve('first')
    expect(await ben.heard()).toEqual([{ op: 'ok', id: 1, data: 'first' }])
    expect(await ann.heard()).toEqual([])
    jobs.get('ann')?.resolve('second')
    expect(await ann.heard()).toEqual([{ op: 'ok', id: 1, data: 'second' }])
  })

  it('stay in order when a handler itself makes the client say something', async () => {
    const { gateway, visit } = testGateway()
    const ann = await visit()
    const log: string[] = []
    gateway.on('first', () => {
      log.push('first begins')
      ann.conn.says(call(undefined, 'second'))
      log.push('first ends')
    })
    gateway.on('second', () => void log.push('second'))
    await ann.ask(call(undefined, 'first'))
    expect(log).toEqual(['first begins', 'first ends', 'second'])
  })
})
