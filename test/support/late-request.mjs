// Connects, and asks when it is told to, in a thread of its own: whatever the server's thread is doing.
import { connect } from 'node:net'
import { parentPort, workerData } from 'node:worker_threads'

const socket = connect(workerData.port, '127.0.0.1')
let answer = ''
socket.on('data', (chunk) => (answer += String(chunk)))
socket.on('error', () => {})
socket.on('close', () => parentPort.postMessage(answer))
socket.on('connect', () => {
  // The server has taken the connection by then, and stands still.
  setTimeout(
    () => socket.write('GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n'),
    workerData.afterMs,
  )
})
