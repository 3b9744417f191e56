import { testGateway } from '@fanfare/core/testing'

import { contract } from './client.test-d.ts'

export async function testing(): Promise<void> {
  const { gateway, visit } = testGateway({ contract })
  gateway.on('sum', (_client, { data }) => ({ total: data.length }))
  const ann = await visit()
  const { total } = await ann.call('sum', [1, 2])
  total.toFixed()
  // @ts-expect-error there is no such message
  await ann.call('product', [1, 2])
  // @ts-expect-error its data is a list of numbers
  await ann.call('sum', ['1'])
  const [shipped] = await ann.events('orders.7', 'shipped')
  shipped?.id.toFixed()
  // @ts-expect-error there is no such channel
  await ann.events('invoices.7', 'shipped')
  // @ts-expect-error there is no such event on that channel
  await ann.events('orders.7', 'typing')
  await ann.publish('presence-room.1', 'typing', true)
  // @ts-expect-error its data is a boolean
  await ann.publish('presence-room.1', 'typing', 'yes')
  const [notice] = await ann.direct('notice')
  notice?.text.toUpperCase()
  // @ts-expect-error there is no such message
  await ann.direct('letter')
  ann.answer('colour', ({ of }) => of.toUpperCase())
  // @ts-expect-error the answer is a string
  ann.answer('colour', () => 7)
}

export async function untyped(): Promise<void> {
  const { visit } = testGateway()
  const ann = await visit()
  const answer: unknown = await ann.call('anything', { at: 'all' })
  void answer
  await ann.publish('presence-x', 'event', 1)
}
