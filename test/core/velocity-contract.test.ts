import { velocity } from '@fanfare/core'

import { protocolContract } from '../contracts/protocol.contract.ts'

for (const key of ['type', 'event'] as const) {
  const speech = [
    { [key]: 'subscribe', data: { channel: 'private-user.123', auth: 'tok' } },
    { [key]: 'unsubscribe', data: { channel: 'orders' } },
    { [key]: 'authenticate', data: { token: 'tok' } },
    { [key]: 'client-event', data: { channel: 'private-a', event: 'typing', data: [1, { a: '}' }] } },
    { [key]: 'notification', data: { title: 'hi' }, target: '1.2' },
    { [key]: 'chat_message', data: { text: 'hello', room: 'general' } },
    { [key]: 'ping' },
    { [key]: 'pong', data: {} },
  ].map((message) => JSON.stringify(message))
  // Always the same time: what a pure function gives cannot depend on when it is asked.
  const protocol = velocity({ key, now: () => 0 })
  protocolContract(protocol.name, { protocol, json: true, wraps: true, speech })
}
