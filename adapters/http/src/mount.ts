import type { Gateway, Handshake, Ticket } from '@fanfare/core'
import { Sessions } from '@fanfare/core/adapter'

import { json, nothing, refused, refusedStream, stream, wrong } from './answers.ts'
import { Cors } from './cors.ts'
import { handshakeOf, type Place, placeOf } from './handshake.ts'
import { itemOf } from './items.ts'
import type { HttpSettings } from './options.ts'
import { PollConn } from './poll-conn.ts'
import { type HttpConn, Seat } from './seat.ts'
import { SseConn } from './sse-conn.ts'
import { eventOf, retryLine, sessionEvent } from './sse-events.ts'
import { bodyOf, type Upload, uploadOf } from './upload.ts'
import { Wire } from './wire.ts'

/** A proxy that hears nothing for longer may end the stream. */
const COMMENT_MS = 15_000
/** How long a poll waits, and how long a stream that is being closed has, when heartbeats are off. */
const WAIT_MS = 25_000
const CLOSE_TIMEOUT_MS = 5_000
/** Beside the messages there may be so much in a body, in bytes. */
const BODY_EXTRA = 65_536
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
}

/** A gateway's place on plain HTTP. */
export class Mount {
  readonly #gateway: Gateway
  readonly #settings: HttpSettings
  readonly #cors: Cors
  readonly #seats = new Map<string, Seat>()
  readonly #sessions = new Sessions()
  readonly #events = new Wire(eventOf)
  readonly #items = new Wire(itemOf)
  #closed: Promise<void> | undefined

  constructor(gateway: Gateway, settings: HttpSettings) {
    this.#gateway = gateway
    this.#settings = settings
    this.#cors = new Cors(gateway, settings.credentials)
  }

  get connections(): number {
    return this.#sessions.size
  }

  /** Whether a request is for a transport here. */
  handles(request: Request): boolean {
    return placeOf(this.#settings.path, new URL(request.url)) !== undefined
  }

  async answer(request: Request, remoteAddress: string | undefined): Promise<Response> {
    const url = new URL(request.url)
    const place = placeOf(this.#settings.path, url)
    if (!place) return wrong(404, 'nothing is served here', {})
    const handshake = handshakeOf(request, url, place, remoteAddress)
    const cors = this.#cors.headers(handshake)
    const asked: Asked = { request, url, place, handshake, cors }
    if (request.method === 'OPTIONS') return this.#preflight(asked)
    if (request.method === 'POST') return this.#posted(asked)
    if (request.method === 'GET' && place.transport === 'sse') return this.#streamed(asked)
    const allow = place.transport === 'sse' ? 'GET, POST, OPTIONS' : 'POST, OPTIONS'
    return wrong(405, `this takes ${allow}`, { allow, ...cors })
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

  async #streamed({ request, handshake, cors }: Asked): Promise<Response> {
    const admission = await this.#admit(handshake)
    if (!admission.ok) return refusedStream(admission, cors)
    const secret = this.#secret()
    const retry = RETRY_MS + this.#random(4)
    const conn = new SseConn(this.#events, retryLine(retry) + sessionEvent(secret))
    const { wheel, limits } = this.#gateway
    const everyMs = Math.min(limits.heartbeat.intervalMs || COMMENT_MS, COMMENT_MS)
    let cancel = wheel.after(everyMs, comment)
    function comment(): void {
      cancel = wheel.after(everyMs, comment)
      conn.comment()
    }
    this.#seat(secret, conn, admission, () => cancel())
    // Who went before the stream was there to be cancelled is heard of by this alone.
    const { signal } = request
    const gone = (): void => conn.leave({ code: 1006, reason: '' })
    if (signal.aborted) gone()
    else signal.addEventListener('abort', gone, { once: true })
    return stream(conn.stream, cors)
  }

  async #posted(asked: Asked): Promise<Response> {
    const { request, url, place, handshake, cors } = asked
    if (!this.#cors.allows(handshake)) return wrong(403, 'this origin may not connect', cors)
    const secret = url.searchParams.get('session')
    if (secret === null && place.transport === 'poll') return this.#opened(asked)
    const seat = secret === null ? undefined : this.#seats.get(secret)
    if (!seat) return wrong(404, 'there is no such session', cors)
    const body = await bodyOf(request, this.#gateway.limits.maxMessageBytes * 2 + BODY_EXTRA)
    if (body === undefined) return wrong(413, 'that is too large', cors)
    const upload = uploadOf(body)
    return upload ? this.#uploaded(asked, seat, upload) : wrong(400, 'that is no such body', cors)
  }

  async #opened({ handshake, cors }: Asked): Promise<Response> {
    const admission = await this.#admit(handshake)
    if (!admission.ok) return refused(admission, cors)
    const { pollTimeMs, sessionTimeoutMs } = this.#settings
    const { wheel, limits, platform } = this.#gateway
    const conn = new PollConn({
      ...{ wire: this.#items, wheel, pollTimeMs, sessionTimeoutMs },
      now: () => platform.clock.monotonic(),
      waitMs: Math.min(limits.heartbeat.intervalMs || WAIT_MS, WAIT_MS),
    })
    const session = this.#secret()
    this.#seat(session, conn, admission, () => {})
    return json(JSON.stringify({ session, timeout: sessionTimeoutMs }), cors)
  }

  async #uploaded({ request, cors }: Asked, seat: Seat, upload: Upload): Promise<Response> {
    const { conn } = seat
    const { poll } = upload
    // Nothing of a request that is refused is taken.
    if (poll !== undefined && !(conn instanceof PollConn)) {
      return wrong(400, 'this session does not poll', cors)
    }
    if (poll === undefined || !(conn instanceof PollConn)) {
      seat.take(upload)
      return nothing(cors)
    }
    if (!conn.answered(poll)) return wrong(400, 'there was no answer of that number', cors)
    seat.take(upload)
    return json(await conn.poll(poll, request.signal), cors)
  }

  async #admit(handshake: Handshake): Promise<ReturnType<Gateway['admit']>> {
    if (this.#closed) return CLOSING
    const admission = await this.#gateway.admit(handshake)
    // Closed meanwhile.
    return this.#closed ? CLOSING : admission
  }

  #seat(secret: string, conn: HttpConn, ticket: Ticket, ended: () => void): void {
    const session = ticket.accept(conn)
    this.#seats.set(secret, new Seat(conn, session))
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

const CLOSING = {
  ok: false,
  status: 503,
  headers: { 'retry-after': '1' },
  why: 'shutdown',
  message: 'the server is shutting down',
} as const
