// How healthy clients load a server that speaks one of the protocols: what they say, and what they are owed for it.

/** Clients in a room. */
const ROOM = 10

/**
 * @typedef {object} Dialect
 * @property {(socket: import('ws').WebSocket, index: number) => Promise<void>} join - says what has to be said first
 * @property {(socket: import('ws').WebSocket, index: number, key: string) => void} say
 * @property {(data: string) => { key: string } | { refused: string } | undefined} heard - a delivery, or that none will come
 * @property {number} deliveries - of each thing that is said
 * @property {boolean} [pongs] - what is owed are pongs of the transport
 */

/** In the rooms of the demo: each remark goes to everybody in the room. @type {Dialect} */
const native = {
  deliveries: ROOM,
  join(socket, index) {
    const auth = { data: { name: `guest ${index}` } }
    socket.send(JSON.stringify({ op: 'sub', id: 'join', channel: `presence-${roomOf(index)}`, auth }))
    return answered(socket, (data) => data.includes('"id":"join"'), '"op":"ok"')
  },
  say(socket, index, key) {
    socket.send(
      JSON.stringify({ op: 'call', id: key, method: 'chat', data: { room: roomOf(index), text: key } }),
    )
  },
  heard(data) {
    const frame = JSON.parse(data)
    if (frame.op === 'msg' && frame.event === 'chat') return { key: frame.data.text }
    if (frame.op === 'err') return { refused: `${frame.code}` }
    return undefined
  },
}

/** Nobody may publish: each ping is owed a pong. @returns {Dialect} */
const velocity = (word) => ({
  deliveries: 1,
  join: () => Promise.resolve(),
  say: (socket) => socket.send(JSON.stringify({ [word]: 'ping', data: 1 })),
  heard(data) {
    const frame = JSON.parse(data)
    if (frame[word] === 'pong') return { key: '' }
    return frame[word] === 'error' ? { refused: data } : undefined
  },
})

/** Has no words: what is owed are the pongs of the transport. @type {Dialect} */
const plain = {
  deliveries: 1,
  pongs: true,
  join: () => Promise.resolve(),
  say: (socket) => socket.ping(),
  heard: () => undefined,
}

/** @type {Readonly<Record<string, Dialect>>} */
export const DIALECTS = {
  ...{ native, plain },
  'velocity-type': velocity('type'),
  'velocity-event': velocity('event'),
}

const roomOf = (index) => `room-${Math.floor(index / ROOM)}`

/** Resolves at the first message that `is` the answer; rejects when it is not `right`. */
function answered(socket, is, right) {
  return new Promise((resolve, reject) => {
    const listen = (bytes) => {
      const data = String(bytes)
      if (!is(data)) return
      socket.off('message', listen)
      if (data.includes(right)) resolve(undefined)
      else reject(new Error(data))
    }
    socket.on('message', listen)
    socket.once('close', () => reject(new Error('closed')))
  })
}
