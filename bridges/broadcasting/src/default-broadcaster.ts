import { type AuthorizeFunction, type Contract, FanfareError, OptionError } from '@fanfare/core/contract'

import { Broadcaster, type ChannelAuthorizer, type PresenceData } from './broadcaster.ts'

/** What the module knows. */
class Defaults {
  #broadcaster: Broadcaster | undefined

  get broadcaster(): Broadcaster {
    if (this.#broadcaster) return this.#broadcaster
    throw new FanfareError('no-default-broadcaster', 'call setDefaultBroadcaster first: none was set yet')
  }

  set(broadcaster: Broadcaster | undefined): void {
    this.#broadcaster = broadcaster
  }
}

// The one exception to the rule that modules have no state: a default for the whole process is what this file is for,
// so that `broadcast.channel(...)` can be written anywhere. Whoever passes a Broadcaster around never touches it.
const defaults = new Defaults()

/**
 * Makes this the broadcaster of the whole process, in place of one that was set before.
 *
 * @throws OptionError when it is no Broadcaster
 */
export function setDefaultBroadcaster<C extends Contract>(broadcaster: Broadcaster<C>): void {
  if (!(broadcaster instanceof Broadcaster)) {
    throw new OptionError('setDefaultBroadcaster', 'a Broadcaster', broadcaster)
  }
  defaults.set(broadcaster)
}

/**
 * The broadcaster of the whole process. With a contract it can be typed: `defaultBroadcaster<typeof contract>()`;
 * that it was made with that contract is for the caller to know.
 *
 * @throws FanfareError `no-default-broadcaster` while none is set
 */
export function defaultBroadcaster<C extends Contract = Contract>(): Broadcaster<C> {
  return defaults.broadcaster
}

/** Forgets the broadcaster of the process, for tests. */
export function resetDefaults(): void {
  defaults.set(undefined)
}

/** The ways to broadcast, of whichever broadcaster is the default when they are called. */
export type BroadcastFacade = Pick<Broadcaster, 'channel' | 'private' | 'presence' | 'dispatch'>

/**
 * Broadcasts through the default broadcaster: `broadcast.private('user.7').emit('OrderShipped', data)`. Untyped; what
 * it takes and gives is told at {@link Broadcaster}. While no default is set, `channel`, `private` and `presence`
 * throw a FanfareError `no-default-broadcaster`, and `dispatch` rejects with it.
 */
export const broadcast: BroadcastFacade = Object.freeze<BroadcastFacade>({
  channel: (...names) => defaults.broadcaster.channel(...names),
  private: (...names) => defaults.broadcaster.private(...names),
  presence: (...names) => defaults.broadcaster.presence(...names),
  dispatch: async (event, options) => defaults.broadcaster.dispatch(event, options),
})

/**
 * Decides from now on, for the default broadcaster, who may join private and presence channels.
 *
 * @throws FanfareError `no-default-broadcaster` while none is set; OptionError when it is no function
 */
export function setAuthorizer(authorize: ChannelAuthorizer): void {
  defaults.broadcaster.setAuthorizer(authorize)
}

/**
 * Says from now on, for the default broadcaster, who a user is in presence channels.
 *
 * @throws FanfareError `no-default-broadcaster` while none is set; OptionError when it is no function
 */
export function setPresenceData(presenceData: PresenceData): void {
  defaults.broadcaster.setPresenceData(presenceData)
}

/**
 * An authorizer for `new Hub({ authorizer })` that asks whichever broadcaster is the default at the time of each
 * join, so it can be had before there is one; a join while there is none is denied, by a rejection with
 * `no-default-broadcaster`.
 */
export function authorizer(): AuthorizeFunction {
  return async (request) => defaults.broadcaster.authorizer()(request)
}
