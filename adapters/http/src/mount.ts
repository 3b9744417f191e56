import type { Gateway, Handshake, Session, Ticket } from '@fanfare/core'
import { Sessions } from '@fanfare/core/adapter'

import { closing, faulty, json, nothing, refused, refusedStream, stream, wrong } from './answers.ts'
import { Bodies, declaredLength, hasBody, isTooMuchToDiscard } from './bodies.ts'
import { Cors } from './cors.ts'
import { handshakeOf, type Place, placeOf } from './handshake.ts'
import type { RequestInfo } from './request-info.ts'
import { itemOf } from './items.ts'
import { letGo } from './node-request.ts'
import type { HttpSettings } from './options.ts'
import { PollConn } from './poll-conn.ts'
import { type HttpConn, Seat, type SeatLimits } from './seat.ts'
import { SseConn } from './sse-conn.ts'
import { eventOf, retryLine, sessionEvent } from './sse-events.ts'
import { saysSomething, type Upload, uploadOf } from './upload.ts'
import { Wire } from './wire.ts'

/** A proxy that hears nothing for longer may end the stream. */
const COMMENT_MS = 15_000
/** What Bun.serve has for `idleTimeout` unless it is told otherwise. */
const BUN_IDLE_MS = 10_000
/** How long a poll waits, and how long a stream that is being closed has, when heartbeats are off. */
const WAIT_MS = 25_000
const CLOSE_TIMEOUT_MS = 5_000
/** Beside the messages there may be so much in a body, in bytes. */
const BODY_EXTRA = 65_536
/** The body of a poll that says nothing else has no more bytes. */
const POLL_BYTES = 64
/** An EventSource that lost its stream comes back after so many milliseconds and up to as many more. */
const RETRY_MS = 1_000

/** One request on its way through the mount. */
interface Asked {
  readonly request: Request
  readonly url: URL
  readonly place: Place
  readonly handshake: Handshake
  /** What every answer carries. */
  readonly cors: Record<string, string>
  /** How long its connection may be without a byte. */
  readonly idleMs: number
}

/** What a request is answered with, at once or when something has come. */
export type Answered = Response | Later

/** An answer that waits. Not the promise alone: whoever waits for that shall not keep the request meanwhile. */
export interface Later {
  readonly wait: Promise<Response>
}

/** A gateway's place on plain HTTP. */
export class Mount {
  readonly #gateway: Gateway
  readonly #settings: HttpSettings
  readonly #cors: Cors
  readonly #seats = new Map<string, Seat>()
  readonly #sessions = new Sessions()
  readonly #events: Wire
  readonly #items: Wire
  readonly #bodies: Bodies
  readonly #seatLimits: SeatLimits
  #closed: Promise<void> | undefined

  constructor(gateway: Gateway, settings: HttpSettings) {
    this.#gateway = gateway
    this.#settings = settings
    this.#cors = new Cors(gateway, settings.credentials)
    this.#bodies = new Bodies(gateway)
    const utf8Size = (text: string): number => gateway.platform.utf8Size(text)
    this.#events = new Wire(eventOf, utf8Size)
    this.#items = new Wire(itemOf, utf8Size)
    const { limits, platform } = gateway
    const { messageRate: rate, strikes } = limits
    this.#seatLimits = { rate, strikes, now: () => platform.clock.monotonic() }
  }

  get connections(): number {
    return this.#sessions.size
  }

  /** Whether a request is for a transport here. */
  handles(request: Request): boolean {
    return placeOf(this.#settings.path, new URL(request.url)) !== undefined
  }

  async answer(request: Request, info: RequestInfo): Promise<Answered> {
    const url = new URL(request.url)
    const place = placeOf(this.#settings.path, url)
    if (!place) return unread(request, wrong(404, 'nothing is served here', {}))
    const handshake = handshakeOf(request, url, place, info.remoteAddress)
    const cors = this.#cors.headers(handshake)
    const asked: Asked = { request, url, place, handshake, cors, idleMs: idleMsOf(info) }
    if (request.method === 'OPTIONS') return unread(request, this.#preflight(asked))
    if (request.method === 'POST') return this.#posted(asked)
    if (request.method === 'GET' && place.transport === 'sse') return this.#streamed(asked)
    const allow = place.transport === 'sse' ? 'GET, POST, OPTIONS' : 'POST, OPTIONS'
    return unread(request, wrong(405, `this takes ${allow}`, { allow, ...cors }))
  }

  /** Nobody comes in any more; whoever is there is told, and cut if it does not go in time. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    const cancel = this.#gateway.wheel.after(CLOSE_TIMEOUT_MS, () => {
      for (const { conn } of this.#seats.values()) conn.terminate()
    })
    await this.#sessions.leave()
    cancel()
  }

  #preflight({ handshake, cors }: Asked): Response {
    if (!this.#cors.allows(handshake)) return wrong(403, 'this origin may not connect', cors)
    return nothing({ ...cors, ...this.#cors.preflight() })
  }

  async #streamed({ request, handshake, cors, idleMs }: Asked): Promise<Response> {
    // Nobody would read it as long as the stream lasts.
    if (hasBody(request)) return closing(wrong(400, 'a GET has no body', cors))
    const admission = await this.#admit(handshake)
    if (!admission.ok) return refusedStream(admission, cors)
    const conn = this.#stream(admission, idleMs)
    // Who went before the stream was there to be cancelled is heard of by this alone.
    whenAborted(request.signal, conn)
    letGo(request)
    return stream(conn.stream, cors)
  }

  #stream(ticket: Ticket, idleMs: number): SseConn {
    const secret = this.#secret()
    const retry = RETRY_MS + this.#random(4)
    const conn = new SseConn(this.#events, retryLine(retry) + sessionEvent(secret))
    const { wheel, limits } = this.#gateway
    const everyMs = Math.min(limits.heartbeat.intervalMs || COMMENT_MS, COMMENT_MS, idleMs)
    let cancel = wheel.after(everyMs, comment)
    function comment(): void {
      cancel = wheel.after(everyMs, comment)
      conn.comment()
    }
    this.#seat(secret, conn, ticket.accept(conn), () => cancel())
    return conn
  }

  async #posted(asked: Asked): Promise<Answered> {
    const { request, url, place, handshake, cors } = asked
    if (!this.#cors.allows(handshake)) return unread(request, wrong(403, 'this origin may not connect', cors))
    const secret = url.searchParams.get('session')
    if (secret === null && place.transport === 'poll') return this.#opened(asked)
    const seat = secret === null ? undefined : this.#seats.get(secret)
    if (!seat) return unread(request, wrong(404, 'there is no such session', cors))
    const afterMs = seat.waitMs()
    if (afterMs > 0) {
      const headers = { 'retry-after': String(Math.ceil(afterMs / 1_000)), ...cors }
      return unread(request, wrong(429, 'too many requests', headers))
    }
    try {
      return await this.#heard(asked, seat)
    } finally {
      seat.done(asked)
    }
  }

  /** Reads what a client of a session says, and does it. */
  async #heard(asked: Asked, seat: Seat): Promise<Answered> {
    const { request, cors } = asked
    // A poll that waits is one request, and what is said meanwhile another. A body as short as that of a poll may be one.
    const mayCome = (bytes: number): boolean => bytes <= POLL_BYTES || seat.mayBring(asked)
    if (!mayCome(declaredLength(request) ?? 0)) {
      seat.broughtNothing()
      return unread(request, faulty('conflict', cors))
    }
    const body = await this.#bodies.read(
      request,
      this.#gateway.limits.maxMessageBytes * 2 + BODY_EXTRA,
      mayCome,
    )
    if (typeof body === 'string') {
      seat.broughtNothing()
      if (body === 'rate') seat.session.leave('rate')
      return closing(faulty(body, cors))
    }
    const upload = uploadOf(body)
    if (typeof upload === 'object') return this.#uploaded(asked, seat, upload)
    seat.broughtNothing()
    return upload === undefined ? wrong(400, 'that is no such body', cors) : faulty(upload, cors)
  }

  async #opened({ request, handshake, cors, idleMs }: Asked): Promise<Response> {
    // Nothing is looked for in it.
    const body = await this.#bodies.read(request, BODY_EXTRA)
    if (typeof body === 'string') return closing(faulty(body, cors))
    const admission = await this.#admit(handshake)
    if (!admission.ok) return refused(admission, cors)
    const { pollTimeMs, sessionTimeoutMs } = this.#settings
    const { wheel, limits } = this.#gateway
    const conn = new PollConn({
      budget: this.#gateway.hub.budgets.outbound,
      ...{ wire: this.#items, wheel, pollTimeMs, sessionTimeoutMs, now: this.#seatLimits.now },
      waitMs: Math.min(limits.heartbeat.intervalMs || WAIT_MS, WAIT_MS, idleMs),
    })
    const session = this.#secret()
    this.#seat(session, conn, admission.accept(conn), doNothing)
    return json(JSON.stringify({ session, timeout: sessionTimeoutMs }), cors)
  }

  #uploaded(asked: Asked, seat: Seat, upload: Upload): Answered {
    const { request, cors } = asked
    const { conn } = seat
    const { poll } = upload
    const objection = this.#objection(conn, poll)
    const isFree = !saysSomething(upload) || seat.mayBring(asked)
    const acknowledged = conn instanceof PollConn && conn.acknowledges(poll)
    // Nothing of a request that is refused is taken.
    const isNew = objection === undefined && isFree && seat.take(upload)
    if (!isNew && !acknowledged) seat.broughtNothing()
    if (objection !== undefined) return wrong(400, objection, cors)
    if (!isFree) return faulty('conflict', cors)
    if (poll === undefined || !(conn instanceof PollConn)) return nothing(cors)
    letGo(request)
    return { wait: whenPolled(conn.poll(poll, request.signal), cors) }
  }

  /** What is wrong with a poll of that number; `undefined`: nothing. */
  #objection(conn: HttpConn, poll: number | undefined): string | undefined {
    if (poll === undefined) return undefined
    if (!(conn instanceof PollConn)) return 'this session does not poll'
    return conn.answered(poll) ? undefined : 'there was no answer of that number'
  }

  async #admit(handshake: Handshake): Promise<ReturnType<Gateway['admit']>> {
    if (this.#closed) return CLOSING
    const admission = await this.#gateway.admit(handshake)
    // Closed meanwhile.
    return this.#closed ? CLOSING : admission
  }

  #seat(secret: string, conn: HttpConn, session: Session, ended: () => void): void {
    this.#seats.set(secret, new Seat(conn, session, this.#seatLimits))
    this.#sessions.add(session)
    conn.attach(session, () => {
      ended()
      this.#seats.delete(secret)
      this.#sessions.delete(session)
    })
    // Closed since it was admitted: nobody would tell it.
    if (this.#closed) session.leave()
  }

  #secret(): string {
    const bytes = this.#gateway.platform.randomBytes(18)
    return btoa(String.fromCharCode(...bytes))
      .replaceAll('+', '-')
      .replaceAll('/', '_')
  }

  /** From 0 to 255 times `step`. */
  #random(step: number): number {
    return (this.#gateway.platform.randomBytes(1)[0] ?? 0) * step
  }
}

// What waits is made in functions of their own: what a closure sees, some engines hold as long as it.

function doNothing(): void {}

function whenPolled(body: Promise<string>, cors: Asked['cors']): Promise<Response> {
  return body.then((text) => json(text, cors))
}

function whenAborted(signal: AbortSignal, conn: HttpConn): void {
  const gone = (): void => conn.leave({ code: 1006, reason: '' })
  if (signal.aborted) gone()
  else signal.addEventListener('abort', gone, { once: true })
}

/** How long a connection of this host may be without a byte, with as much to spare. */
function idleMsOf({ idleTimeoutMs = 'Bun' in globalThis ? BUN_IDLE_MS : 0 }: RequestInfo): number {
  return idleTimeoutMs > 0 ? idleTimeoutMs / 2 : Infinity
}

/** An answer to a request whose body nobody reads. Hosts throw a small one away by themselves. */
function unread(request: Request, response: Response): Response {
  return isTooMuchToDiscard(request) ? closing(response) : response
}

const CLOSING = {
  ok: false,
  status: 503,
  headers: { 'retry-after': '1' },
  why: 'shutdown',
  message: 'the server is shutting down',
} as const
