import type { Tape } from './actions.ts'
import { type Dialect, DIALECTS } from './dialects.ts'
import type { System } from './system.ts'

/**
 * What a client knows, from nothing but the frames it received, and what is wrong in it however the hub came to it. This
 * asks the model nothing, so it finds what hub and model get wrong alike.
 */
class Ledger {
  readonly faults: string[] = []
  readonly #dialect: Dialect
  readonly #subscribed = new Set<string>()
  /** The members of presence channels, as far as the client was told. */
  readonly #rosters = new Map<string, Set<string>>()
  readonly #selves = new Map<string, string>()

  constructor(dialect: Dialect, frames: readonly (string | Uint8Array)[]) {
    this.#dialect = dialect
    for (const frame of frames)
      if (typeof frame === 'string' && frame.startsWith('{')) this.#read(JSON.parse(frame))
  }

  roster(channel: string): string | undefined {
    const roster = this.#rosters.get(channel)
    return roster && [...roster].toSorted().join()
  }

  /** Of a dialect that says so: the channels the client takes itself to be in. */
  get channels(): string | undefined {
    return this.#dialect.name === 'plain' ? undefined : [...this.#subscribed].toSorted().join()
  }

  #read(frame: Told): void {
    const { channel = '', member } = frame
    const on = frame.on ?? PLAIN_WORDS[frame.event ?? '']
    if (on === 'subscribed' && !frame.again) this.#subscribed.add(channel)
    if (on === 'unsubscribed') this.#forget(channel)
    if (on === 'roster' || frame.members || frame.me) this.#setRoster(frame)
    if (on === 'message' && frame.channel) this.#expectSubscribed(channel, 'a message')
    if (member && (on === 'join' || on === 'leave')) this.#change(on, channel, String(member.id))
  }

  #setRoster({ channel = '', members = [], me }: Told): void {
    const everybody = me ? [...members, me] : members
    this.#rosters.set(channel, new Set(everybody.map(({ id }) => String(id))))
    if (me) this.#selves.set(channel, String(me.id))
    if (this.#dialect.name !== 'plain') this.#expectSubscribed(channel, 'a roster')
  }

  #forget(channel: string): void {
    this.#subscribed.delete(channel)
    this.#rosters.delete(channel)
    this.#selves.delete(channel)
  }

  #change(on: 'join' | 'leave', channel: string, id: string): void {
    const roster = this.#rosters.get(channel)
    // A client that has to hear of its own join although it stands in its roster hears it twice.
    if (on === 'join' && this.#dialect.name === 'strict' && this.#selves.get(channel) === id) return
    if (!roster) this.faults.push(`${on} of ${id} in ${channel}, whose roster it does not know`)
    else if (roster.has(id) === (on === 'join'))
      this.faults.push(`${on} of ${id} in ${channel} for a second time`)
    if (on === 'join') roster?.add(id)
    else roster?.delete(id)
  }

  #expectSubscribed(channel: string, what: string): void {
    if (!this.#subscribed.has(channel))
      this.faults.push(`${what} of ${channel}, to which it is not subscribed`)
  }
}

interface Told {
  readonly on?: string
  readonly event?: string
  readonly channel?: string
  readonly again?: boolean
  readonly member?: { readonly id: string | number }
  readonly members?: readonly { readonly id: string | number }[]
  readonly me?: { readonly id: string | number }
}

const PLAIN_WORDS: Readonly<Record<string, string>> = {
  'presence:subscription_succeeded': 'roster',
  'presence:member_added': 'join',
  'presence:member_removed': 'leave',
}

/** When nothing is on its way any more: what each client knows has to be the truth. */
export function checkLedgers({ hub, clients, conns, dialects }: System, tape: Tape): string | undefined {
  const inOrder = isInOrder(tape)
  for (const [at, client] of clients.entries()) {
    if (conns[at]!.lostBatch) continue
    const ledger = new Ledger(DIALECTS[dialects[at]!]!, conns[at]!.received)
    const faults = [...ledger.faults]
    if (inOrder) faults.push(...disorder(conns[at]!.received))
    if (
      client.connected &&
      (ledger.channels ?? client.channels.toSorted().join()) !== client.channels.toSorted().join()
    ) {
      faults.push(`takes itself to be in ${String(ledger.channels)}, and is in ${client.channels.join()}`)
    }
    for (const channel of client.channels) {
      const truth = hub.presence(channel)?.map(({ id }) => String(id))
      if (truth && ledger.roster(channel) !== truth.toSorted().join()) {
        faults.push(`believes in ${String(ledger.roster(channel))} in ${channel}, where ${truth.join()} are`)
      }
    }
    if (faults.length > 0) return `${client.id}: ${faults.join('; ')}`
  }
  return undefined
}

/** Whether nothing in the tape may bring messages out of the order in which they were sent. */
function isInOrder({ setup, steps }: Tape): boolean {
  return !JSON.stringify([setup.policy, setup.guardedPolicy, steps]).match(/conflate|"attach"|"trap"/)
}

function disorder(frames: readonly (string | Uint8Array)[]): string[] {
  const numbers = frames.flatMap((frame) =>
    typeof frame === 'string' ? (/#(\d+)!? /.exec(frame)?.[1] ?? []) : [],
  )
  return numbers.some((number, at) => Number(number) < Number(numbers[at - 1] ?? 0))
    ? [`${numbers.join()} in this order`]
    : []
}
