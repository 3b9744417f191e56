import type { Cancel, Member } from '@fanfare/core/contract'

import { Audience } from './audience.ts'
import { isTransient } from './backoff.ts'
import type { ChannelOptions, ChannelState, Gap } from './channel-types.ts'
import { deferred, type Deferred } from './deferred.ts'
import { FanfareClientError } from './errors.ts'
import type { ChannelFrame, OkFrame } from './frames.ts'
import { Roster } from './presence.ts'
import type { Waiting } from './requests.ts'
import type { SubscriptionHost } from './subscription-host.ts'

const UNHEARD: Waiting = { answered() {}, failed() {} }

/**
 * One channel's side of things: what the application wants of it, what the server knows of that, and who is in it. Each
 * attempt to subscribe has a number, so that an answer that comes too late changes nothing.
 */
export class Subscription {
  readonly name: string
  readonly roster = new Roster()
  readonly audience: Audience
  me: Member | undefined
  getAuth: ChannelOptions['getAuth']
  readonly #host: SubscriptionHost
  /** What `subscribe()` waits for. */
  #ready: Deferred<void> | undefined
  /** Whether the application asked with `subscribe()`; otherwise the last listener to go ends it. */
  #explicit = false
  #wanted = false
  /** Whether there is something to undo once it is not wanted any more. */
  #engaged = false
  #joined = false
  /** An attempt is under way, or waits to be repeated. */
  #asking = false
  #turn = 0
  #attempts = 0
  #request: number | undefined
  #done: (() => void) | undefined
  #cancelRetry: Cancel | undefined
  /** Whether messages may have been missed since it last stood. */
  #interrupted = false

  constructor(name: string, host: SubscriptionHost) {
    this.name = name
    this.#host = host
    this.audience = new Audience({
      wanted: () => this.#want(),
      deserted: () => {
        if (!this.#explicit) this.#unwant()
      },
      overrun: (missed) => this.#gap(missed, 'buffer'),
      report: (error) => host.report(error),
    })
  }

  get state(): ChannelState {
    if (!this.#wanted) return 'unsubscribed'
    return this.#joined ? 'subscribed' : 'subscribing'
  }

  // What the application wants.

  subscribe(): Promise<void> {
    this.#explicit = true
    this.#want()
    if (this.#joined) return Promise.resolve()
    this.#ready ??= deferred()
    return this.#ready.promise
  }

  unsubscribe(): void {
    this.#unwant()
    this.#giveUp(this.#cancelled())
    this.audience.end()
  }

  // What the server says.

  /** Brings what the server knows in line with what is wanted. */
  settle(): void {
    if (!this.#wanted) this.#leave()
    else if (this.#host.open() && !this.#joined && !this.#asking) this.#ask()
  }

  lost(): void {
    this.#callOff()
    if (this.#joined) this.#interrupted = true
    this.#joined = false
    this.#attempts = 0
  }

  /** There will be no connection. `throws`: iterators throw the error; otherwise they just end. */
  closed(error: FanfareClientError, throws: boolean): void {
    this.lost()
    this.#giveUp(error)
    this.audience.end(throws ? error : undefined)
  }

  /** A message about this channel. One that comes before the server said yes, or after it was told no, is not heard. */
  hear(frame: ChannelFrame): void {
    if (!this.#joined) return
    if (frame.op === 'msg') {
      const { event, data, from } = frame
      this.audience.hear({ channel: this.name, event, data, from })
    } else if (frame.op === 'join') {
      if (this.roster.join(frame.member)) this.audience.signal('joined', frame.member)
    } else if (frame.op === 'leave') {
      const known = this.roster.leave(frame.member)
      if (known) this.audience.signal('left', known)
    } else if (frame.op === 'members') this.members(frame.members)
    else if (frame.op === 'gap') this.#gap(frame.count, frame.reason)
    else if (frame.op === 'expiring') this.#expiring(frame.in)
    else this.#removed(frame.code)
  }

  /** Members as the server lists them. The first list is no change; what a later one changed is told. */
  members(members: readonly Member[]): void {
    if (!this.#joined) return
    const { joined, left } = this.roster.replace(members)
    for (const member of left) this.audience.signal('left', member)
    for (const member of joined) this.audience.signal('joined', member)
  }

  /** `told`: a promise says so too. */
  fail(error: FanfareClientError, told = false): void {
    if (!this.audience.signal('error', error) && !told) this.#host.failed(error)
  }

  #expiring(inMs: number): void {
    this.audience.signal('expiring', { inMs })
    if (this.getAuth && !this.#asking) this.#ask()
  }

  /** The server ended it. */
  #removed(code = 'removed'): void {
    const why = `the server ended the subscription: ${code}`
    const error = new FanfareClientError(code, why, { by: 'server', channel: this.name })
    this.#callOff()
    this.#joined = false
    if (code === 'expired' && this.getAuth) {
      this.#interrupted = true
      this.#retry(error)
      return
    }
    this.#end(error)
    if (!this.audience.signal('unsubscribed', { code })) this.fail(error)
  }

  #gap(count: number, reason: string): void {
    const gap: Gap = { channel: this.name, count, reason }
    this.audience.signal('gap', gap)
    this.#host.gap(gap)
  }

  // Attempts.

  #want(): void {
    this.#wanted = this.#engaged = true
    this.#soon()
  }

  #unwant(): void {
    this.#wanted = this.#explicit = false
    this.#soon()
  }

  /** In a microtask: who takes a listener off and puts another on does not unsubscribe in between. */
  #soon(): void {
    void Promise.resolve().then(() => this.settle())
  }

  #ask(): void {
    this.#asking = true
    const turn = ++this.#turn
    const { getAuth, name: channel } = this
    if (!getAuth) {
      this.#send(undefined)
      return
    }
    const about = { channel, client: this.#host.clientId() ?? '', renew: this.#joined }
    void Promise.resolve(about)
      .then(getAuth)
      .then(
        (auth) => {
          if (turn === this.#turn) this.#send(auth)
        },
        (cause: unknown) => {
          if (turn === this.#turn)
            this.#refused(new FanfareClientError('auth', 'getAuth() failed', { cause, channel }))
        },
      )
  }

  #send(auth: unknown): void {
    const request = (): void => {
      // It may be its turn because others gave up theirs with the connection.
      if (!this.#host.open()) return
      this.#request = this.#host.request(
        { op: 'sub', channel: this.name, auth },
        { answered: (frame) => this.#stands(frame), failed: (error) => this.#refused(error) },
      )
    }
    this.#done = this.#host.permit(this.name, request)
  }

  /** There was an answer, or nobody waits for one. */
  #answered(): void {
    this.#request = undefined
    this.#done?.()
    this.#done = undefined
  }

  #stands({ me, members }: OkFrame): void {
    const renewed = this.#joined
    const interrupted = this.#interrupted
    this.#answered()
    this.#asking = this.#interrupted = false
    this.#joined = true
    this.#attempts = 0
    if (me) this.me = me
    if (members) this.members(members)
    else if (!renewed && this.name.startsWith('presence-')) this.#who()
    if (renewed || !this.#wanted) return
    this.#host.settled(this.name)
    this.#ready?.resolve()
    this.#ready = undefined
    this.audience.signal('subscribed', { members: this.roster.list, me: this.me })
    if (interrupted) this.#gap(0, 'reconnect')
  }

  /** To the server this was a subscription already, of which an answer came too late; so it did not list the members. */
  #who(): void {
    const answered = ({ members = [] }: OkFrame): void => this.members(members)
    this.#host.request({ op: 'who', channel: this.name }, { ...UNHEARD, answered })
  }

  #refused(error: FanfareClientError): void {
    const final = !isTransient(error.code, error.afterMs)
    const told = final && this.#ready !== undefined
    this.#answered()
    this.#asking = false
    if (!final) this.#retry(error)
    else if (!this.#joined) this.#end(error)
    this.fail(error, told)
  }

  #retry({ afterMs }: FanfareClientError): void {
    this.#asking = true
    this.#cancelRetry = this.#host.later(this.#attempts++, afterMs, () => {
      this.#cancelRetry = undefined
      this.#ask()
    })
  }

  /** The server does not want us: nothing is tried again until the application asks anew. */
  #end(error: FanfareClientError): void {
    this.#wanted = this.#explicit = false
    this.#forget()
    this.#giveUp(error)
    this.audience.end(error)
    this.#host.settled(this.name, error)
  }

  #leave(): void {
    if (!this.#engaged) return
    const known = this.#joined || this.#request !== undefined
    this.#callOff()
    this.#joined = false
    this.#forget()
    if (known) this.#host.request({ op: 'unsub', channel: this.name }, UNHEARD)
    this.#host.settled(this.name, this.#cancelled())
  }

  #callOff(): void {
    this.#turn++
    this.#asking = false
    this.#cancelRetry?.()
    this.#cancelRetry = undefined
    if (this.#request !== undefined) this.#host.forget(this.#request)
    this.#answered()
  }

  #forget(): void {
    this.#engaged = this.#interrupted = false
    this.roster.forget()
    this.me = undefined
  }

  #giveUp(error: FanfareClientError): void {
    this.#ready?.reject(error)
    this.#ready = undefined
  }

  #cancelled(): FanfareClientError {
    return new FanfareClientError('cancelled', 'unsubscribed', { channel: this.name })
  }
}
