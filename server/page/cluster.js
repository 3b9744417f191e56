import { fields } from './fields.js'
import { personOf } from './roster.js'

/** @import { FanfareClient } from '/client/index.js' */

/** How the bus is, for people. @type {Readonly<Record<string, string>>} */
const WORDS = { up: 'bus up', connecting: 'bus connecting…', degraded: 'bus down: this node alone' }

/**
 * The server this page is connected to, one of several that a bus joins, and the people in the room who are connected to the
 * others. When it is the only one, the server has said so in the page, and nothing is asked or shown.
 */
export class Cluster {
  #client
  #line
  #news
  #several = document.documentElement.dataset.cluster === 'yes'
  /** @type {readonly unknown[]} */
  #members = []
  /** Whether it is known who was there before. */
  #known = false

  /**
   * @param {FanfareClient} client
   * @param {HTMLElement} line - says which server it is, and how the bus is
   * @param {(member: unknown, what: string) => void} news - called with each member that came or went elsewhere, or with none
   */
  constructor(client, line, news) {
    this.#client = client
    this.#line = line
    this.#news = news
    if (!this.#several) return
    client.onDirect('node', (state) => this.#show(state))
    client.on('state', ({ state }) => {
      if (state === 'open') this.#ask('node').then((answer) => this.#show(answer), quiet)
    })
  }

  /** The members of the room on other servers; somebody may be there twice. */
  get members() {
    return this.#members
  }

  /** @param {string} room - which the server has let this page into */
  enter(room) {
    this.#known = false
    if (this.#several) this.#ask('elsewhere', { room }).then((answer) => this.hear(answer), quiet)
  }

  leave() {
    this.#known = false
    this.#members = []
  }

  /** @param {unknown} data - who is on other servers now */
  hear(data) {
    const { members } = fields(data)
    if (!Array.isArray(members)) return
    const before = new Set(ids(this.#members))
    const gone = this.#members
    const told = this.#known
    this.#members = members
    this.#known = true
    this.#news(undefined, '')
    if (!told) return
    const now = new Set(ids(members))
    for (const member of once(members)) if (!before.has(personOf(member).id)) this.#news(member, 'joined')
    for (const member of once(gone)) if (!now.has(personOf(member).id)) this.#news(member, 'left')
  }

  /**
   * @param {string} method
   * @param {unknown} [data]
   */
  #ask(method, data) {
    return this.#client.call(method, data)
  }

  /** @param {unknown} state */
  #show(state) {
    const { node, bus } = fields(state)
    this.#line.hidden = false
    this.#line.dataset.bus = String(bus)
    this.#line.textContent = `Node ${String(node)} · ${WORDS[String(bus)] ?? String(bus)}`
  }
}

/** @param {readonly unknown[]} members */
function ids(members) {
  return members.map((member) => personOf(member).id)
}

/**
 * The members, each of them once.
 *
 * @param {readonly unknown[]} members
 */
function once(members) {
  return new Map(members.map((member) => [personOf(member).id, member])).values()
}

/** The connection is gone, and will be told of. */
function quiet() {}
