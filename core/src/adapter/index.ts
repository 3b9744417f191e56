/**
 * For those who write adapters: what every one of them needs beside the seams `Conn` and `Session`.
 *
 * @module
 */
export { Backlog, inPieces, isOnePiece } from './backlog.ts'
export { ControlFrames } from './control-frames.ts'
export { Deadlines } from './deadlines.ts'
export { type Beating, Heartbeats, type Pulse, watchHeartbeat } from '../gateway/heartbeat.ts'
export { knownOptions, type ListenOptions, listenOptions, mountPath, wholeFrom } from './options.ts'
export { pathBelow, subprotocolsOf } from './paths.ts'
export { Sessions } from './sessions.ts'
export { type Rate, TokenBucket } from '../gateway/token-bucket.ts'
export { Unfinished } from './unfinished.ts'
