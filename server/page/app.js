import { ChatView, messageOf } from './chat.js'
import { Cluster } from './cluster.js'
import { Composer } from './composer.js'
import { byId, make } from './dom.js'
import { Door, invitation } from './door.js'
import { fields } from './fields.js'
import * as identity from './identity.js'
import { Line } from './line.js'
import { MembersView } from './members.js'
import { peopleOf, personOf } from './roster.js'
import { StatusView } from './status.js'
import { WireView } from './wire.js'

/** @import { Channel, FanfareClientError, Gap } from '/client/index.js' */
/** @import { Place } from './door.js' */
/** @import { State } from './state.js' */

const element = (/** @type {string} */ id) => byId(id, HTMLElement)

const members = new MembersView(element('people-list'), [element('people-count'), element('tab-count')])
const chat = new ChatView(element('chat-log'), element('chat-empty'), element('jump'))
const wire = new WireView(element('wire-log'), { in: element('wire-in'), out: element('wire-out') })
const status = new StatusView({
  pill: element('state'),
  word: element('state-word'),
  bar: element('bar'),
  why: element('bar-why'),
  spoken: element('spoken'),
  action: element('bar-action'),
})
const door = new Door(
  {
    form: element('door'),
    name: byId('name', HTMLInputElement),
    room: byId('room', HTMLInputElement),
    error: element('door-error'),
    note: element('door-note'),
  },
  goTo,
)
const composer = new Composer(
  { form: element('composer'), input: byId('message', HTMLTextAreaElement), hint: element('hint') },
  say,
)
const line = new Line(document.documentElement.dataset.path ?? '/ws', {
  state: changed,
  wire: (direction, text) => wire.add(direction, text),
})
const { client } = line
const cluster = new Cluster(client, element('node'), newsFromElsewhere)

/** Where this tab wants to be. @type {Place | undefined} */
let place
/** The channel of that place. @type {Channel | undefined} */
let channel
/** How to stop listening to it. @type {(() => void)[]} */
let offs = []
/** Whether the server has let it in, on the connection there is now. */
let inside = false
/** The id the server gave it. @type {string | undefined} */
let me
let unread = 0

/** @param {Place} where */
function goTo(where) {
  forsake()
  place = where
  identity.rememberName(where.name)
  identity.rememberJoined(where)
  history.replaceState(null, '', invitation(where.room))
  if (line.ended) line.connect()
  if (!line.online) door.tell('You will be let in as soon as there is a connection.')
  enter(where)
}

/** Asks to be let in. The client does so again after each interruption. @param {Place} where */
function enter({ room, name }) {
  const here = client.channel(channelOf(room), { getAuth: () => ({ data: { name, key: identity.key() } }) })
  channel = here
  offs = [
    here.on('chat', heard),
    here.on('elsewhere', (data, { from }) => from || cluster.hear(data)),
    here.when('subscribed', ({ me: mine }) => {
      if (mine) me = String(mine.id)
      arrived(room, here)
    }),
    here.when('joined', (member) => news(member, 'joined')),
    here.when('left', (member) => news(member, 'left')),
    here.when('unsubscribed', ({ code }) => goOut(`The server took you out of the room (${code}).`)),
    here.when('error', (error) => {
      if (here.state === 'unsubscribed') goOut('The server did not let you in. Try another name.')
      else if (inside) warned(error)
      else door.tell(`The server says: ${error.message}. It will be asked again.`)
    }),
  ]
  here.subscribe().catch(() => {
    // The signals say so.
  })
}

/** Takes back whatever was asked for. */
function forsake() {
  for (const off of offs) off()
  channel?.unsubscribe()
  offs = []
  channel = undefined
  cluster.leave()
}

/**
 * @param {string} room
 * @param {Channel} here
 */
function arrived(room, here) {
  const back = !element('inside').hidden
  inside = true
  element('room-name').textContent = room
  document.body.dataset.where = 'inside'
  element('inside').hidden = false
  door.hide()
  showPeople()
  cluster.enter(room)
  // Whom the server took for present already it tells nothing but that.
  if (here.members.length === 0) here.who().then(showPeople, () => {})
  composer.ready()
  if (back) return
  if (matchMedia('(pointer: fine)').matches) composer.focus()
  else element('room-name').focus()
}

/** @param {string} [why] */
function goOut(why) {
  forsake()
  place = undefined
  inside = false
  identity.rememberJoined(undefined)
  document.body.dataset.where = 'outside'
  show('chat')
  element('inside').hidden = true
  chat.clear()
  showPeople()
  door.show(why)
}

/** @param {State} state */
function changed(state) {
  const online = state.phase === 'online'
  if (online && document.activeElement === element('bar-action')) composer.focus()
  status.show(state)
  element('inside').classList.toggle('stale', !online)
  if (!online) inside = false
}

/** @param {Gap} gap */
function missed({ count, reason }) {
  if (reason === 'reconnect') {
    chat.note('line', 'Back again. What was said in between is not here.')
    return
  }
  const what = count === 1 ? 'One message was lost' : `${count || 'Some'} messages were lost`
  chat.note('warn', `${what}: ${reason}`)
}

/** @param {FanfareClientError} error */
function warned({ message }) {
  // Of a connection that is gone the status tells.
  if (line.online) chat.note('warn', `The server says: ${message}`)
}

/** @param {string} words */
async function say(words) {
  if (!place || !inside) throw new Error('there is no connection')
  const { here } = fields(await client.call('chat', { room: place.room, text: words }))
  if (here === true) chat.note('warn', 'The bus is down: those on other nodes may not get that.')
}

/** @param {unknown} data */
function heard(data) {
  const message = messageOf(data)
  if (!message) return
  const mine = message.from.id === me
  chat.message(message, mine)
  if (document.hidden && !mine) showUnread(unread + 1)
}

/**
 * @param {unknown} member
 * @param {string} what
 */
function news(member, what) {
  showPeople()
  // Who came and went while this tab was away is in the list, and no news.
  if (!inside) return
  // A name in another script must not turn the sentence around.
  chat.note('quiet', make('bdi', '', personOf(member).name), ` ${what}`)
}

/**
 * @param {unknown} member - of another server
 * @param {string} what
 */
function newsFromElsewhere(member, what) {
  showPeople()
  // Whoever went from one server to another is still here.
  const { id } = personOf(member)
  if (member && !channel?.members.some((one) => personOf(one).id === id)) news(member, what)
}

function showPeople() {
  members.show(peopleOf([...(channel?.members ?? []), ...cluster.members], me), me)
}

/** @param {string} room */
function channelOf(room) {
  return `presence-${room}`
}

/** @param {number} count */
function showUnread(count) {
  unread = count
  document.title = `${count > 0 ? `(${count}) ` : ''}Fanfare`
}

/** @param {string} view - which part a narrow screen shows */
function show(view) {
  document.body.dataset.view = view
  for (const tab of document.querySelectorAll('[data-shows]')) {
    tab.setAttribute('aria-pressed', String(tab.getAttribute('data-shows') === view))
  }
}

/** @param {HTMLElement} button */
async function copyInvitation(button) {
  const label = button.textContent
  await navigator.clipboard.writeText(invitation(place?.room ?? 'lobby'))
  button.textContent = 'Copied'
  setTimeout(() => {
    button.textContent = label
  }, 1500)
}

for (const tab of document.querySelectorAll('[data-shows]')) {
  tab.addEventListener('click', () => show(tab.getAttribute('data-shows') ?? 'chat'))
}
element('leave').addEventListener('click', () => goOut())
element('invite').hidden = !navigator.clipboard
element('invite').addEventListener('click', () => void copyInvitation(element('invite')).catch(() => {}))
element('wire-pause').addEventListener('click', ({ currentTarget }) => {
  if (currentTarget instanceof HTMLElement) {
    currentTarget.setAttribute('aria-pressed', String(wire.togglePause()))
  }
})
element('wire-clear').addEventListener('click', () => wire.clear())
element('bar-action').addEventListener('click', () => line.connect())
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) showUnread(0)
})
// Over long polls nobody would notice for a while that this page is gone.
window.addEventListener('pagehide', () => client.close())
window.addEventListener('pageshow', ({ persisted }) => {
  if (persisted) line.connect()
})

client.on('gap', missed)
client.on('error', warned)

const before = identity.joined()
line.connect()
if (before) goTo(before)
else door.focus()
