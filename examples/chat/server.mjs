// A chat room: who is there, and what they say. The room is a presence channel, so nobody can be in it unseen.
import { ClientError, Gateway } from '@fanfare/core'

import { servePage } from '../page.mjs'

const ROOM = 'presence-chat.lobby'

/** @param {number} port */
export function start(port) {
  const gateway = new Gateway({
    // The page brings the name that a person chose. A real application would ask its own login.
    authorize: ({ channel, client, credentials }) => {
      const name = String(credentials ?? '').trim()
      if (channel !== ROOM || name === '' || name.length > 40) return false
      client.metadata.set('name', name)
      return { allowed: true, member: { id: client.id, info: { name } } }
    },
  })

  gateway.on('say', (client, message) => {
    const text = String(message.data ?? '').trim()
    if (!client.channels.includes(ROOM)) throw new ClientError('not-subscribed', 'come in first')
    if (text === '' || text.length > 500) throw new ClientError('invalid', 'say something, in 500 characters')
    // The name is the one that the server knows, whatever the message says.
    gateway.to(ROOM).send('said', { name: client.metadata.get('name'), text, at: Date.now() })
    return { delivered: gateway.hub.channelCount(ROOM) }
  })

  gateway.on('typing', (client) => {
    if (!client.channels.includes(ROOM)) return
    gateway
      .to(ROOM)
      .except(client.id)
      .send('typing', { name: client.metadata.get('name') })
  })

  return servePage(gateway, new URL('index.html', import.meta.url), port)
}
