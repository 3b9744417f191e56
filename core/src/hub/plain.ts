import type {
  Broadcast,
  MemberText,
  Protocol,
  RosterView,
  Traits,
  Unicast,
  WireData,
} from '../contract/protocol.ts'
import { type SharedText, splice } from '../contract/shared-text.ts'
import { JsonFault, scanJsonObject } from '../ground/json-scan.ts'
import { isJson, Payload } from '../ground/payload.ts'
import type { Why } from '../ground/why.ts'
import { closeCode } from './close-codes.ts'

const TRAITS: Traits = {
  presence: { joinToSelf: true, selfInRoster: false },
  gap: 'count',
  firstMessage: 'optional',
}

const PRESENCE_EVENTS = { join: 'presence:member_added', leave: 'presence:member_removed' } as const

const PLAIN: Protocol<undefined> = {
  name: 'plain',
  traits: TRAITS,
  open: () => ({ scratch: undefined, greet: false }),
  decode: (data) => [{ do: 'raw', data: new Payload(data) }],
  unicast,
  broadcast,
  bye: (why: Why) => ({ frames: [], code: closeCode(why), reason: why }),
}

/**
 * The hub's own protocol, of the realtime package of lagodev: payloads go out as they are, text or binary, and presence
 * changes as three JSON frames, whose names Laravel Echo users will recognise. It has no verbs: what a client says is
 * handed to the application as it is. It has no word for a gap: losses are counted alone.
 */
export function plain(): Protocol {
  return PLAIN
}

function unicast(event: Unicast): readonly WireData[] {
  if (event.on !== 'subscribed' || !event.roster) return []
  return [rosterFrame(event.channel, memberTexts(event.roster))]
}

function broadcast(event: Broadcast): WireData | undefined {
  switch (event.on) {
    case 'message':
      return event.from && posesAsPresence(event.data) ? undefined : event.data.data
    case 'join':
    case 'leave':
      return `{"event":"${PRESENCE_EVENTS[event.on]}","channel":"${event.channel}","member":${memberText(event.member)}}`
    case 'roster':
      return rosterFrame(event.channel, memberTexts(event.roster))
    case 'gap':
      return undefined
  }
}

/**
 * Whether a payload could be taken for a frame of ours. Payloads go out bare, so what one client publishes to others must
 * not look like the hub speaking; the application itself may say what it likes.
 */
function posesAsPresence(data: Payload): boolean {
  const frame = scanJsonObject(data.text)
  if (frame instanceof JsonFault) return false
  const name = frame.text('event')
  return name !== undefined && isJson(name) && String(JSON.parse(name)).startsWith('presence:')
}

/** `members` is left out when there are none. Channel names need no escaping: the grammar has nothing to escape. */
function rosterFrame(channel: string, members: SharedText): WireData {
  const head = `{"event":"presence:subscription_succeeded","channel":"${channel}"`
  return members.count === 0 ? `${head}}` : splice(`${head},"members":[`, members, ']}')
}

/** The members of a roster, each as {@link memberText} has it, between commas. */
export function memberTexts(roster: RosterView): SharedText {
  return roster.list('plain', memberText)
}

/** A member as `{"id","info"?}`. */
export function memberText({ id, info }: MemberText): string {
  const head = `{"id":${JSON.stringify(id)}`
  return info === undefined ? `${head}}` : `${head},"info":${info}}`
}
