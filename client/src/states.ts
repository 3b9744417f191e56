/**
 * What the connection is doing: `idle` before the first `connect()`, `connecting`, `open`, `waiting` for the next attempt,
 * `closed` for good (until `connect()` is called again).
 */
export type State = 'idle' | 'connecting' | 'open' | 'waiting' | 'closed'

/** What moves the connection from one state to another. */
export type Signal = 'start' | 'ready' | 'lost' | 'stop'

/** The whole life of a connection. A signal that a state does not list changes nothing. */
export const NEXT: Readonly<Record<State, Readonly<Partial<Record<Signal, State>>>>> = {
  idle: { start: 'connecting', stop: 'closed' },
  connecting: { ready: 'open', lost: 'waiting', stop: 'closed' },
  open: { lost: 'waiting', stop: 'closed' },
  waiting: { start: 'connecting', stop: 'closed' },
  closed: { start: 'connecting' },
}
