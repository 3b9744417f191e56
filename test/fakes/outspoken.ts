import type { Broadcast, Farewell, MemberText, Protocol, RosterView, Traits, Unicast } from '@fanfare/core'
import { closeCode } from '@fanfare/core'

/** What {@link outspoken} counts. */
export interface Outspoken extends Protocol {
  /** How often an event for many was encoded. */
  readonly encoded: { broadcasts: number; rosters: number }
}

/** Changes to how {@link outspoken} behaves. */
export interface OutspokenOptions extends Partial<Omit<Traits, 'presence'>> {
  readonly presence?: Partial<Traits['presence']>
}

/**
 * A protocol for tests that has a word for everything, and writes each thing as a short line that reads well in an
 * assertion. Messages go out as they are; bytes it cannot carry.
 *
 *     ok orders            subscribed           gap orders 3 slow    three messages are missing here
 *     ok room [ann,ben]    … with its roster    +ann room            somebody joined (-ann: left)
 *     again orders         it was already       [ann,ben] room       a fresh roster
 *     left orders          unsubscribed         bye slow             last words
 */
export function outspoken(options: OutspokenOptions = {}): Outspoken {
  const encoded = { broadcasts: 0, rosters: 0 }
  const rosterText = (roster: RosterView): string =>
    roster.text('outspoken', (members) => {
      encoded.rosters++
      return `[${members.map(name).join(',')}]`
    })
  const presence = { joinToSelf: true, selfInRoster: false, ...options.presence }
  return {
    name: 'outspoken',
    encoded,
    traits: { gap: 'frame', firstMessage: 'optional', ...options, presence },
    open: () => ({ scratch: undefined, greet: false }),
    decode: () => [],
    unicast: (event) => [sayOne(event, rosterText)],
    broadcast: (event) => {
      encoded.broadcasts++
      return sayMany(event, rosterText)
    },
    bye: (why): Farewell => ({ frames: [`bye ${why}`], code: closeCode(why), reason: why }),
  }
}

function sayOne(event: Unicast, rosterText: (roster: RosterView) => string): string {
  switch (event.on) {
    case 'subscribed': {
      const ref = event.ref === undefined ? '' : ` #${String(event.ref)}`
      const roster = event.roster ? ` ${rosterText(event.roster)}` : ''
      return `${event.again ? 'again' : 'ok'} ${event.channel}${ref}${roster}`
    }
    case 'unsubscribed':
      return `left ${event.channel}${event.why === undefined ? '' : `: ${event.why}`}`
    default:
      return event.on
  }
}

function sayMany(event: Broadcast, rosterText: (roster: RosterView) => string): string | undefined {
  switch (event.on) {
    case 'message':
      return event.data.binary ? undefined : event.data.text
    case 'join':
      return `+${name(event.member)} ${event.channel}`
    case 'leave':
      return `-${name(event.member)} ${event.channel}`
    case 'roster':
      return `${rosterText(event.roster)} ${event.channel}`
    case 'gap':
      return `gap ${event.channel ?? 'direct'} ${String(event.count)} ${event.reason}`
  }
}

function name({ id, info }: MemberText): string {
  return info === undefined ? String(id) : `${String(id)}=${info}`
}
