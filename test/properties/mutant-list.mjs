/**
 * Faults of one line or two, each of which the property test has to notice: what, where, and what is put for what. The
 * text to be replaced stands in the file exactly once.
 *
 * @type {readonly { name: string, file: string, from: string, to: string }[]}
 */
export const MUTANTS = [
  // Who is in which channel.
  {
    name: 'an attempt that was called off is still open',
    file: 'hub/attempt.ts',
    from: 'return this.#open\n',
    to: 'return true\n',
  },
  {
    name: 'a presence leave is forgotten',
    file: 'hub/memberships.ts',
    from: 'if (entry && channel.roster?.leave(entry)) {',
    to: "if (entry && channel.roster?.leave(entry) && channel.name === '') {",
  },
  {
    name: 'a member leaves with the first of its connections',
    file: 'hub/roster.ts',
    from: 'if (--entry.connections > 0) return false',
    to: 'entry.connections--',
  },
  {
    name: 'the roster is not made anew after a leave',
    file: 'hub/roster.ts',
    from: 'this.#entries.delete(String(entry.member.id))\n    this.#view = undefined',
    to: 'this.#entries.delete(String(entry.member.id))',
  },
  {
    name: 'members are kept by id and type: 7 and "7" are two',
    file: 'hub/roster.ts',
    from: 'const key = String(joining.member.id)',
    to: 'const key = JSON.stringify(joining.member.id)',
  },
  {
    name: 'a newcomer is told of its own join, whatever its dialect',
    file: 'hub/memberships.ts',
    from: '(group) => (group.protocol.traits.presence.joinToSelf ? undefined : peer)',
    to: '() => undefined',
  },
  {
    name: 'the newcomer stands in every roster',
    file: 'hub/memberships.ts',
    from: 'roster: selfInRoster ? roster.view() : before',
    to: 'roster: roster.view()',
  },
  {
    name: 'the last of a group does not learn its new place',
    file: 'hub/channel.ts',
    from: '      last.index = index\n',
    to: '',
  },
  {
    name: 'an empty group stays',
    file: 'hub/channel.ts',
    from: 'if (group.subscriptions.length === 0) this.groups',
    to: 'if (group.subscriptions.length < 0) this.groups',
  },
  {
    name: 'a grant that expires this very moment is good',
    file: 'hub/memberships.ts',
    from: '!(validMs > 0)',
    to: '!(validMs >= 0)',
  },
  {
    name: 'the clock of a grant runs on after the subscription',
    file: 'hub/memberships.ts',
    from: '    subscription.cancelExpiry?.()\n',
    to: '',
  },
  {
    name: 'subscribing in the middle of an operation is not put off',
    file: 'hub/sequencer.ts',
    from: '  free(step: () => void): void {\n    if (this.#busy)',
    to: '  free(step: () => void): void {\n    if (this.#busy && this.#draining && !this.#busy)',
  },
  {
    name: 'the limit of channels counts subscriptions alone',
    file: 'hub/memberships.ts',
    from: 'peer.subscriptions.size + peer.attempts.size -',
    to: 'peer.subscriptions.size -',
  },
  // The authorizer.
  {
    name: 'an authorization that timed out keeps its turn',
    file: 'hub/join-gate.ts',
    from: '        finish()\n        reject(',
    to: '        reject(',
  },
  {
    name: 'the next in the queue is not started',
    file: 'hub/join-gate.ts',
    from: '    next()\n',
    to: '',
  },
  {
    name: 'an answer does not stop its timer',
    file: 'hub/join-gate.ts',
    from: '        cancel()\n',
    to: '',
  },
  {
    name: 'the questions of a client that leaves are not withdrawn',
    file: 'hub/departures.ts',
    from: 'question.withdraw()',
    to: 'void question',
  },
  {
    name: 'no answer is taken for a yes',
    file: 'hub/join-gate.ts',
    from: 'if (!grant.allowed)',
    to: 'if (grant.allowed === undefined)',
  },
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
    from: ')) accepted--',
    to: ')) accepted -= 0',
  },
  {
    name: 'a message is delivered in the middle of another',
    file: 'hub/parts.ts',
    from: 'if (!this.sequencer.begin()) {',
    to: "if (!this.sequencer.begin() && message.channel === '') {",
  },
  // The outbox.
  {
    name: 'frames are counted after instead of before',
    file: 'hub/outbox.ts',
    from: 'this.#frames < this.#limits.frames',
    to: 'this.#frames <= this.#limits.frames',
  },
  {
    name: 'bytes are counted after instead of before',
    file: 'hub/outbox.ts',
    from: 'this.#bytes + bufferedBytes + frame.bytes <= this.#limits.bytes',
    to: 'this.#bytes + bufferedBytes <= this.#limits.bytes',
  },
  {
    name: 'the bytes in the transport do not count',
    file: 'hub/outbox.ts',
    from: 'this.#bytes + bufferedBytes + frame.bytes <= this.#limits.bytes',
    to: 'this.#bytes + frame.bytes <= this.#limits.bytes',
  },
  {
    name: 'drop-newest marks no gap',
    file: 'hub/overflow.ts',
    from: '  outlet.gap(channel)\n',
    to: '',
  },
  {
    name: 'drop-oldest drops the newest',
    file: 'hub/overflow.ts',
    from: "'drop-oldest': dropOldest,",
    to: "'drop-oldest': dropNewest,",
  },
  {
    name: 'drop-oldest marks no gap',
    file: 'hub/overflow.ts',
    from: 'outlet.outbox.dropOldest(silent)',
    to: 'outlet.outbox.dropOldest(true)',
  },
  {
    name: 'two gaps that became one hole stay two',
    file: 'hub/outbox.ts',
    from: '    this.#mergeGaps()\n    const slots',
    to: '    const slots',
  },
  {
    name: 'a gap behind what waits swallows what is dropped later',
    file: 'hub/outbox.ts',
    from: '    marks.back = undefined\n',
    to: '',
  },
  {
    name: 'conflate puts the new value at the end',
    file: 'hub/overflow.ts',
    from: '  conflate,\n}',
    to: '  conflate: dropOldest,\n}',
  },
  {
    name: 'conflate keeps the oldest value',
    file: 'hub/outbox.ts',
    from: '      earlier.frame = slot.frame\n',
    to: '',
  },
  {
    name: 'conflate replaces the value of another channel',
    file: 'hub/slots.ts',
    from: "return `${channel ?? ''}\\n${key}`",
    to: 'return key',
  },
  {
    name: 'disconnect drops the newest',
    file: 'hub/overflow.ts',
    from: "  outlet.host.evict(outlet, 'slow')\n",
    to: '',
  },
  {
    name: 'presence changes are kept although a fresh roster stands for them',
    file: 'hub/outlet.ts',
    from: "this.outbox.hasRoster(channel)) this.drop('roster', channel)",
    to: "this.outbox.hasRoster(channel) && channel === '') this.drop('roster', channel)",
  },
  {
    name: 'the roster of an earlier stay stands for the one of this stay',
    file: 'hub/outlet.ts',
    from: '    this.outbox.forgetRoster(channel)\n',
    to: '',
  },
  {
    name: 'a full transport gets no roster on subscribing',
    file: 'hub/memberships.ts',
    from: 'if (presence && outlet.full) outlet.oweRoster(channel)',
    to: 'void outlet',
  },
  {
    name: 'control frames have no limit',
    file: 'hub/outbox.ts',
    from: 'this.#controlBytes + frame.bytes <= CONTROL_LIMITS.bytes',
    to: 'this.#controlBytes <= Infinity',
  },
  {
    name: 'what waited is not counted when a client is gone',
    file: 'hub/outlet.ts',
    from: "if (slot.kind === 'frame') this.drop('closed', slot.channel)\n    }\n    this.#stop()",
    to: 'void slot\n    }\n    this.#stop()',
  },
  {
    name: 'a full transport is not told the answers it is owed when it is closed',
    file: 'hub/outlet.ts',
    from: "if (slot.frame.lane === 'control') frames.push(slot.frame)",
    to: "if (slot.frame.lane === 'control') void frames",
  },
  {
    name: 'a transport that has room again is still taken for full',
    file: 'hub/outlet.ts',
    from: '    this.full = false\n',
    to: '',
  },
  {
    name: 'a slow transport is given up although it makes progress',
    file: 'hub/stall-watch.ts',
    from: 'if (left < bytes) since = now',
    to: 'if (left > bytes) since = now',
  },
  {
    name: 'the watch over a full transport outlives it',
    file: 'hub/outlet.ts',
    from: '    this.#closed = true\n    this.#unwatch?.()\n',
    to: '    this.#closed = true\n',
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
    from: 'if (result instanceof Promise) result.catch(failed)',
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
    from: '    peer.attempts.delete(attempt.channel)\n    this.#hub.interest?.release(attempt.channel)\n',
    to: '    peer.attempts.delete(attempt.channel)\n',
  },
  {
    name: 'detaching does not wait for the last close',
    file: 'hub/interest.ts',
    from: 'while (this.#calls.size > 0) await',
    to: 'await',
  },
]
