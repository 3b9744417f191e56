/** In how clients come into channels, and by whose leave. @type {readonly import('./index.mjs').Mutant[]} */
export const JOINS = [
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
    from: '    this.#sequence = undefined\n    this.#view = undefined\n',
    to: '',
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
    from: '(group) => (group.protocol.traits.presence.joinToSelf ? undefined : peer.outlet)',
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
    file: 'hub/grants.ts',
    from: 'expiresAt > this.#hub.platform.clock.now()',
    to: 'expiresAt >= this.#hub.platform.clock.now()',
  },
  {
    name: 'the clock of a grant runs on after the subscription',
    file: 'hub/memberships.ts',
    from: '    subscription.leased?.cancelExpiry?.()\n',
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
    from: 'count(peer.subscriptions) + count(peer.attempts) -',
    to: 'count(peer.subscriptions) -',
  },
  // The authorizer.
  {
    name: 'an authorization that timed out keeps its turn',
    file: 'hub/join-gate.ts',
    from: '        finish()\n        const late =',
    to: '        const late =',
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
    file: 'hub/peer.ts',
    from: 'question.withdraw()',
    to: 'void question',
  },
  {
    name: 'no answer is taken for a yes',
    file: 'hub/join-gate.ts',
    from: 'if (!grant.allowed)',
    to: 'if (grant.allowed === undefined)',
  },
  {
    name: 'a renewed grant keeps the end of the old one',
    file: 'hub/grants.ts',
    from: '      this.limit(peer, subscription, expiresAt)\n      peer.tell(',
    to: '      peer.tell(',
  },
  {
    name: 'an answer about an earlier stay counts',
    file: 'hub/grants.ts',
    from: 'named(peer.subscriptions, subscription.name) === subscription &&',
    to: 'named(peer.subscriptions, subscription.name) &&',
  },
  {
    name: 'an older question about a grant overrules a newer one',
    file: 'hub/grants.ts',
    from: 'lease.generation === generation',
    to: 'generation > 0',
  },
  {
    name: 'a review passes over those who are being asked about',
    file: 'hub/grants.ts',
    from: 'attempt.stale = true',
    to: 'attempt.stale = false',
  },
  {
    name: 'the client is not told that its grant ends',
    file: 'hub/grants.ts',
    from: "      peer.tell({ on: 'expiring', channel: name, inMs: Math.round(left) })\n",
    to: '',
  },
]
