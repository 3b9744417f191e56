/** @import { Link, LinkEvents, Transport } from '/client/index.js' */

/**
 * @typedef {Transport['name']} Way
 *
 * @typedef {object} Log
 * @property {(direction: 'in' | 'out' | 'note', text: string) => void} wire - everything that goes by
 * @property {(way: Way) => void} heard - something came this way
 */

/** What the transports are called where people see it. @type {Readonly<Record<Way, string>>} */
export const WAYS = { auto: 'any', websocket: 'WebSocket', sse: 'SSE', poll: 'long poll' }

/**
 * A transport that does what another one does, and tells of it.
 *
 * @param {Transport} transport
 * @param {Log} log
 * @returns {Transport}
 */
export function logged(transport, log) {
  const { name } = transport
  const note = (/** @type {string} */ what) => log.wire('note', `${WAYS[name]}: ${what}`)
  return {
    name,
    open(url, events, platform) {
      note('connecting')
      try {
        return loggedLink(transport.open(url, loggedEvents(events, name, log, note), platform), log, note)
      } catch (error) {
        note(String(error))
        throw error
      }
    },
    forget: () => transport.forget?.(),
  }
}

/**
 * @param {LinkEvents} events
 * @param {Way} way
 * @param {Log} log
 * @param {(what: string) => void} note
 * @returns {LinkEvents}
 */
function loggedEvents(events, way, log, note) {
  return {
    message(data) {
      log.wire('in', typeof data === 'string' ? data : '(no text)')
      log.heard(way)
      events.message(data)
    },
    closed(code, reason, status) {
      const answer = status === undefined ? '' : ` (HTTP ${status})`
      note(`closed ${code}${reason ? ` ${reason}` : ''}${answer}`)
      events.closed(code, reason, status)
    },
    again: () => events.again?.(),
  }
}

/**
 * @param {Link} link
 * @param {Log} log
 * @param {(what: string) => void} note
 * @returns {Link}
 */
function loggedLink(link, log, note) {
  return {
    send(text) {
      log.wire('out', text)
      link.send(text)
    },
    get bufferedBytes() {
      return link.bufferedBytes
    },
    close(cut) {
      note('let go')
      link.close(cut)
    },
  }
}
