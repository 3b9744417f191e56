import { ChatView, messageOf } from './chat.js'
import { Composer } from './composer.js'
import { Connection, RequestError } from './connection.js'
import { byId, make } from './dom.js'
import { Door, invitation } from './door.js'
import { text } from './fields.js'
import * as identity from './identity.js'
import { MembersView } from './members.js'
import { personOf, Roster } from './roster.js'
import { StatusView } from './status.js'
import { WireView } from './wire.js'

/** @import { Frame, State } from './connection.js' */
/** @import { Place } from './door.js' */
/** @import { Person } from './roster.js' */

const element = (/** @type {string} */ id) => byId(id, HTMLElement)

const roster = new Roster()
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
const connection = new Connection(socketAddress(), {
  state: changed,
  frame: (frame) => HANDLERS[text(frame.op)]?.(frame),
  wire: (direction, text) => wire.add(direction, text),
})

/** Where this tab wants to be. @type {Place | undefined} */
let place
/** Whether the server has let it in, on the connection there is now. */
let inside = false
/** The id the server gave it. @type {string | undefined} */
let me
let wasOnline = false
let unread = 0

/** What the server tells of its own accord. @type {Record<string, (frame: Frame) => void>} */
const HANDLERS = {
  msg: ({ channel, event, data }) => {
    if (isHere(channel) && event === 'chat') heard(data)
  },
  join: ({ channel, member }) => {
    const person = personOf(member)
    if (isHere(channel) && roster.join(person)) news(person, 'joined')
  },
  leave: ({ channel, member }) => {
    const person = isHere(channel) && roster.leave(personOf(member))
    if (person) news(person, 'left')
  },
  members: ({ channel, members: list }) => {
    if (isHere(channel)) showRoster(list)
  },
  gap: ({ count, reason }) => {
    const what = count === 1 ? 'One message was lost' : `${text(count) || 'Some'} messages were lost`
    chat.note('warn', `${what}: ${text(reason) || 'the connection is slow'}`)
  },
  unsub: ({ channel, code }) => {
    if (isHere(channel)) goOut(`The server took you out of the room (${text(code)}).`)
  },
  err: ({ code, message }) => chat.note('warn', `The server says: ${text(message) || text(code)}`),
}

/** @param {Place} where */
function goTo(where) {
  place = where
  identity.rememberName(where.name)
  identity.rememberJoined(where)
  history.replaceState(null, '', invitation(where.room))
  if (connection.state.phase === 'ended') connection.connect()
  if (!connection.online) door.tell('You will be let in as soon as there is a connection.')
  void enter()
}

/** Asks to be let in; after every connection again. */
async function enter() {
  const wanted = place
  if (!wanted || !connection.online) return
  const { room, name } = wanted
  const auth = { data: { name, key: identity.key() } }
  try {
    const answer = await connection.request({ op: 'sub', channel: channelOf(room), auth })
    // Whoever is in the room already is told so, and nothing else.
    const { members: list } = answer.members
      ? answer
      : await connection.request({ op: 'who', channel: channelOf(room) })
    if (answer.me) me = personOf(answer.me).id
    if (place === wanted) arrived(wanted, list)
  } catch (error) {
    const code = error instanceof RequestError ? error.code : String(error)
    if (place !== wanted || code === 'lost') return
    if (code === 'timeout') connection.restart('the server does not answer')
    else goOut('The server did not let you in. Try another name.')
  }
}

/**
 * @param {Place} where
 * @param {unknown} list
 */
function arrived({ room }, list) {
  const back = !element('inside').hidden
  inside = true
  element('room-name').textContent = room
  document.body.dataset.where = 'inside'
  element('inside').hidden = false
  door.hide()
  showRoster(list)
  composer.ready()
  if (back) chat.note('line', 'Back again. What was said in between is not here.')
  else if (matchMedia('(pointer: fine)').matches) composer.focus()
  else element('room-name').focus()
}

/** @param {string} [why] */
function goOut(why) {
  place = undefined
  inside = false
  identity.rememberJoined(undefined)
  document.body.dataset.where = 'outside'
  show('chat')
  element('inside').hidden = true
  chat.clear()
  roster.replace([])
  door.show(why)
}

/** @param {State} state */
function changed(state) {
  const online = state.phase === 'online'
  if (online && document.activeElement === element('bar-action')) composer.focus()
  status.show(state)
  element('inside').classList.toggle('stale', !online)
  if (!online) inside = false
  else if (!wasOnline) void enter()
  wasOnline = online
}

/** @param {string} words */
async function say(words) {
  if (!place || !inside) throw new Error('there is no connection')
  await connection.request({ op: 'call', method: 'chat', data: { room: place.room, text: words } })
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
 * @param {Person} person
 * @param {string} what
 */
function news({ name }, what) {
  members.show(roster.list(me), me)
  // A name in another script must not turn the sentence around.
  chat.note('quiet', make('bdi', '', name), ` ${what}`)
}

/** @param {unknown} list */
function showRoster(list) {
  roster.replace(list)
  members.show(roster.list(me), me)
}

/** @param {unknown} channel */
function isHere(channel) {
  return inside && place !== undefined && channel === channelOf(place.room)
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

function socketAddress() {
  const address = new URL(document.documentElement.dataset.path ?? '/ws', location.href)
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:'
  return address.href
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
element('leave').addEventListener('click', () => {
  if (place && inside) connection.request({ op: 'unsub', channel: channelOf(place.room) }).catch(() => {})
  goOut()
})
element('invite').hidden = !navigator.clipboard
element('invite').addEventListener('click', () => void copyInvitation(element('invite')).catch(() => {}))
element('wire-pause').addEventListener('click', ({ currentTarget }) => {
  if (currentTarget instanceof HTMLElement) {
    currentTarget.setAttribute('aria-pressed', String(wire.togglePause()))
  }
})
element('wire-clear').addEventListener('click', () => wire.clear())
element('bar-action').addEventListener('click', () => connection.connect())
window.addEventListener('online', () => {
  if (connection.state.phase === 'waiting') connection.connect()
})
document.addEventListener('visibilitychange', () => {
  if (document.hidden) return
  showUnread(0)
  if (connection.state.phase === 'waiting') connection.connect()
})

const before = identity.joined()
connection.connect()
if (before) goTo(before)
else door.focus()
