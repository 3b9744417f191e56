/** What a proxy did so far. */
export interface Counters {
  connections: number
  /** Connections that it ended by itself. */
  cut: number
  bytesUp: number
  bytesDown: number
  /** Bytes that are lost for ever. */
  swallowedUp: number
  swallowedDown: number
  duplicated: number
  reordered: number
}

export function noCounts(): Counters {
  return {
    connections: 0,
    cut: 0,
    bytesUp: 0,
    bytesDown: 0,
    swallowedUp: 0,
    swallowedDown: 0,
    duplicated: 0,
    reordered: 0,
  }
}
