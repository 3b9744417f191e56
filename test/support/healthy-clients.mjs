// Healthy clients in a thread of their own: each answers every ping at once, whatever the server's thread is doing.
import { parentPort, workerData } from 'node:worker_threads'

import { WebSocket } from 'ws'

const { url, count } = workerData
const codes = []
let open = 0
for (let n = 0; n < count; n++) {
  const socket = new WebSocket(url, 'fanfare.v1')
  socket.on('open', () => {
    if (++open === count) parentPort.postMessage('open')
  })
  socket.on('error', () => {})
  socket.on('close', (code) => codes.push(code))
}
parentPort.on('message', () => parentPort.postMessage(codes))
