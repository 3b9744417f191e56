/** In the fan-out, in how clients leave, in listeners, and in what the relay is asked. @type {readonly import('./index.mjs').Mutant[]} */
export const REST = [
  // The fan-out.
  {
    name: 'nobody is excepted',
    file: 'hub/fan-out.ts',
    from: 'const except = this.#excepted(message.except)',
    to: 'const except = this.#excepted([])',
  },
  {
    name: 'of several excepted clients the first is excepted',
    file: 'hub/fan-out.ts',
    from: 'here.length > 1 ? new Set(here) : here[0]',
    to: 'here[0]',
  },
  {
    name: 'a frame for an excepted client counts as accepted',
    file: 'hub/fan-out.ts',
    from: '    if (except instanceof Set) for (const outlet of except) leave(cohort, outlet)\n    else if (except) leave(cohort, except)\n    counters.accepted += cohort.owe(frame)\n',
    to: '    counters.accepted += cohort.owe(frame)\n    if (except instanceof Set) for (const outlet of except) leave(cohort, outlet)\n    else if (except) leave(cohort, except)\n',
  },
  {
    name: 'a message is delivered in the middle of another',
    file: 'hub/parts.ts',
    from: 'if (!this.sequencer.begin()) {',
    to: "if (!this.sequencer.begin() && message.channel === '') {",
  },
  // Leaving.
  {
    name: 'disconnect is told before the leaves',
    file: 'hub/departures.ts',
    from: '    const channels = peer.channels\n',
    to: "    const channels = peer.channels\n    this.#hub.emit('disconnect', { client: peer, why, ...farewell, channels })\n",
  },
  {
    name: 'a client can be closed twice',
    file: 'hub/departures.ts',
    from: '    if (!peer.disconnect()) return\n',
    to: '    peer.disconnect()\n',
  },
  {
    name: 'a transport that has ended is waited for',
    file: 'hub/departures.ts',
    from: '      if (peer.transportGone) return\n',
    to: '',
  },
  {
    name: 'a transport that was told to close is never cut',
    file: 'hub/departures.ts',
    from: '    peer.outlet.conn.terminate()\n',
    to: '',
  },
  {
    name: 'a closed hub still takes clients',
    file: 'hub/hub.ts',
    from: '    this.#open()\n    return this.#parts.add(conn, options)',
    to: '    return this.#parts.add(conn, options)',
  },
  // Listeners and handlers.
  {
    name: 'a listener that throws silences the others',
    file: 'hub/events.ts',
    from: '      } catch (error) {\n        failed(error)\n      }\n    }',
    to: '      } catch (error) {\n        failed(error)\n        return\n      }\n    }',
  },
  {
    name: 'a handler that rejects goes unhandled',
    file: 'hub/inbound.ts',
    from: 'if (result instanceof Promise) result.catch((error: unknown) => failed(hub, client, error))',
    to: 'void result',
  },
  // The relay.
  {
    name: 'a gap is not told when a relay becomes live late',
    file: 'hub/interest.ts',
    from: '    if (line.degraded) this.#hub.gap(channel)\n',
    to: '',
  },
  {
    name: 'a failed open is not tried again',
    file: 'hub/interest.ts',
    from: 'if (line) line.retry = ',
    to: "if (line && channel === '') line.retry = ",
  },
  {
    name: 'an attempt that is called off keeps its hold on the relay',
    file: 'hub/memberships.ts',
    from: '    peer.attempts = without(peer.attempts, attempt.name)\n    this.#hub.interest?.release(attempt.channel)\n',
    to: '    peer.attempts = without(peer.attempts, attempt.name)\n',
  },
  {
    name: 'detaching does not wait for the last close',
    file: 'hub/interest.ts',
    from: 'while (this.#calls.size > 0) await',
    to: 'await',
  },
]
