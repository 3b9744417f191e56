import { Member } from './member.ts'
import type { LinkPlan } from './link.ts'
import type { Run } from './run.ts'
import { Schedule } from './schedule.ts'
import type { Source } from './source.ts'
import type { LoadOptions } from './table.ts'
import type { Stream } from './tally.ts'

const TICK_MS = 5
/** So many failures without a success: the others need not be tried. */
const HOPELESS = 10
/** How long closing handshakes may take. */
const CLOSE_MS = 2_000

/** A stream, and who publishes in it. */
interface Post {
  readonly member: Member
  readonly stream: Stream
}

/** All clients; some of them publish. */
export class Fleet implements Source {
  readonly #run: Run
  readonly #members: readonly Member[]
  readonly #posts: readonly Post[]
  readonly #publishers: readonly Member[]
  readonly #connectRate: number
  #turn = 0
  #closing: Promise<void> | undefined

  constructor(run: Run, options: LoadOptions) {
    const { clients, publishers, connectRate } = options
    const names = channelsOf(options)
    const plans = Array.from({ length: clients }, (_, at) => planOf(options, names, at))
    this.#run = run
    this.#members = plans.map((plan) => new Member(run, plan))
    this.#publishers = this.#members.slice(0, publishers)
    this.#posts = postsOf(run, this.#publishers, plans)
    this.#connectRate = connectRate
  }

  /**
   * Opens all connections, so many a second. Resolves when each is subscribed or has failed, when the first ones have all
   * failed, or when `stopped` says so.
   */
  async open(stopped: () => boolean): Promise<void> {
    const { connections } = this.#run.figures
    const over = (): boolean => stopped() || (connections.opened === 0 && connections.failed >= HOPELESS)
    const schedule = new Schedule(this.#connectRate, performance.now())
    const opening: Promise<void>[] = []
    while (opening.length < this.#members.length && !over()) {
      const due = schedule.due(performance.now(), opening.length)
      const next = this.#members.slice(opening.length, opening.length + due)
      opening.push(...next.map((member) => member.open()))
      await new Promise((resolve) => setTimeout(resolve, TICK_MS))
    }
    let all = false
    void Promise.all(opening).then(() => (all = true))
    while (!all && !over()) await new Promise((resolve) => setTimeout(resolve, TICK_MS))
  }

  /** Whether anybody is in a channel, or may be again. */
  get state(): 'live' | 'coming' | 'gone' {
    const states = new Set(this.#members.map(({ state }) => state))
    return states.has('live') ? 'live' : states.has('coming') ? 'coming' : 'gone'
  }

  get pending(): number {
    return this.#publishers.reduce((all, { unanswered }) => all + unanswered, 0)
  }

  send(): boolean {
    for (let tried = 0; tried < this.#posts.length; tried++) {
      const post = this.#posts[this.#turn]
      this.#turn = (this.#turn + 1) % this.#posts.length
      if (post?.member.publish(post.stream)) return true
    }
    return false
  }

  abandon(): void {
    for (const member of this.#publishers) member.abandon()
  }

  /** Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CLOSE_MS)
    })
    await Promise.race([Promise.all(this.#members.map((member) => member.close())), late])
    clearTimeout(timer)
    for (const member of this.#members) member.destroy()
  }
}

/** The names of all channels. */
export function channelsOf({ channels, channelPrefix }: LoadOptions): string[] {
  return Array.from({ length: channels }, (_, at) => `${channelPrefix}${String(at)}`)
}

/** Each client is in the channels that follow those of the one before it, so that all have equally many. */
function planOf(options: LoadOptions, names: readonly string[], client: number): LinkPlan {
  const { perClient, token, tokenIn, auth, headers } = options
  const numbered = (text: string): string => text.replaceAll('{n}', String(client))
  const secret = numbered(token)
  const bearer = token !== '' && tokenIn === 'header' ? { authorization: `Bearer ${secret}` } : {}
  const url = new URL(options.url)
  if (token !== '' && tokenIn === 'query') url.searchParams.set('token', secret)
  return {
    url: url.href,
    headers: { ...bearer, ...headers },
    hello: token !== '' && tokenIn === 'first-message' ? { op: 'hello', v: 1, token: secret } : undefined,
    channels: Array.from(
      { length: perClient },
      (_, at) => names[(client * perClient + at) % names.length] ?? '',
    ),
    auth: numbered(auth),
  }
}

/** First one channel of each publisher, then the next: neighbours in this order are different clients. */
function postsOf(run: Run, publishers: readonly Member[], plans: readonly LinkPlan[]): Post[] {
  const posts: Post[] = []
  const most = plans[0]?.channels.length ?? 0
  for (let at = 0; at < most; at++) {
    for (const [publisher, member] of publishers.entries()) {
      const channel = plans[publisher]?.channels[at]
      if (channel !== undefined) posts.push({ member, stream: run.ledger.stream(publisher, channel) })
    }
  }
  return posts
}
