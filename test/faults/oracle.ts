import type { Event } from '@fanfare/broadcasting'

/** One message of a run: who published it, on which channel, and the how-manieth of that publisher there. */
export interface Sent {
  readonly publisher: number
  readonly channel: string
  readonly number: number
  /** `pending`, `acknowledged`, or the code of the error. */
  outcome: string
  /** How long it took to have an outcome, in milliseconds. */
  tookMs: number
}

/** What one node was told on one channel, in order. */
export interface Story {
  readonly node: number
  readonly channel: string
  readonly items: (Heard | 'gap')[]
}

export interface Heard {
  readonly publisher: number
  readonly number: number
  /** How old it was when it came, in milliseconds. */
  readonly ageMs: number
}

/** What must hold at the end of a run. */
export interface Promises {
  /** All nodes see one order, or each publisher's own alone. */
  readonly order: 'total' | 'per publisher'
  /** Nothing older than this is delivered. */
  readonly oldestMs: number
  /** No publish takes longer than this to have an outcome. */
  readonly slowestMs: number
}

/** Everything that was published and heard in a run, and what it says about the promises. */
export class Oracle {
  readonly sent: Sent[] = []
  readonly stories: Story[] = []

  story(node: number, channel: string): Story {
    const story: Story = { node, channel, items: [] }
    this.stories.push(story)
    return story
  }

  /** The breaches, in words. Empty when every promise was kept. */
  breaches({ order, oldestMs, slowestMs }: Promises): string[] {
    return [
      ...this.sent.flatMap((sent) => outcomeBreach(sent, slowestMs)),
      ...this.stories.flatMap((story) => [
        ...repeats(story),
        ...overtakings(story),
        ...late(story, oldestMs),
        ...this.#silentLosses(story),
      ]),
      ...(order === 'total' ? this.#disagreements() : []),
    ]
  }

  counts(): Record<string, number> {
    const counts: Record<string, number> = { gaps: 0, heard: 0 }
    for (const { outcome } of this.sent) counts[outcome] = (counts[outcome] ?? 0) + 1
    for (const { items } of this.stories) {
      for (const item of items) counts[item === 'gap' ? 'gaps' : 'heard']!++
    }
    return counts
  }

  /** Acknowledged, not received, and no gap was told where it is missing. */
  #silentLosses({ node, channel, items }: Story): string[] {
    const breaches: string[] = []
    const acknowledged = grouped(
      this.sent.filter((sent) => sent.channel === channel && sent.outcome === 'acknowledged'),
      ({ publisher }) => publisher,
    )
    for (const [publisher, sent] of acknowledged) {
      const heard = new Set(items.flatMap((item) => (isOf(item, publisher) ? [item.number] : [])))
      const excused = holes(items, publisher)
      for (const { number } of sent) {
        if (heard.has(number) || excused.some(([after, before]) => number > after && number < before))
          continue
        breaches.push(`node ${node} never heard of ${channel} ${publisher}#${number}, which was acknowledged`)
      }
    }
    return breaches
  }

  /** Two nodes got two messages in different orders, with no gap between them on either. */
  #disagreements(): string[] {
    const breaches: string[] = []
    for (const stories of grouped(this.stories, ({ channel }) => channel).values()) {
      for (const [at, one] of stories.entries()) {
        for (const other of stories.slice(at + 1)) breaches.push(...this.#disagreement(one, other))
      }
    }
    return breaches
  }

  #disagreement(one: Story, other: Story): string[] {
    const acknowledged = new Set(
      this.sent.filter(({ outcome }) => outcome === 'acknowledged').map((sent) => nameOf(sent, one.channel)),
    )
    const places = placesIn(other)
    const last = new Map<string, { at: number; name: string }>()
    const breaches: string[] = []
    for (const [name, { stretch }] of placesIn(one)) {
      const there = places.get(name)
      if (!there || !acknowledged.has(name)) continue
      const both = `${stretch} ${there.stretch}`
      const before = last.get(both)
      if (before && before.at > there.at) {
        breaches.push(
          `nodes ${one.node} and ${other.node} disagree on whether ${before.name} or ${name} came first`,
        )
      }
      last.set(both, { at: Math.max(there.at, before?.at ?? 0), name })
    }
    return breaches
  }
}

export function heardFrom({ payload }: Event): Heard {
  const { publisher, number, at } = JSON.parse(String(payload)) as {
    publisher: number
    number: number
    at: number
  }
  return { publisher, number, ageMs: Date.now() - at }
}

function isOf(item: Heard | 'gap', publisher: number): item is Heard {
  return item !== 'gap' && item.publisher === publisher
}

function nameOf({ publisher, number }: { publisher: number; number: number }, channel: string): string {
  return `${channel} ${publisher}#${number}`
}

function outcomeBreach({ publisher, channel, number, outcome, tookMs }: Sent, slowestMs: number): string[] {
  const known = ['acknowledged', 'refused', 'unknown'].includes(outcome)
  if (!known) return [`${channel} ${publisher}#${number} ended as ${outcome}`]
  return tookMs > slowestMs ? [`${channel} ${publisher}#${number} took ${Math.round(tookMs)} ms`] : []
}

function repeats({ node, channel, items }: Story): string[] {
  const seen = new Set<string>()
  return items.flatMap((item) => {
    if (item === 'gap') return []
    const name = nameOf(item, channel)
    if (seen.has(name)) return [`node ${node} heard ${name} twice`]
    seen.add(name)
    return []
  })
}

function overtakings({ node, channel, items }: Story): string[] {
  const last = new Map<number, number>()
  return items.flatMap((item) => {
    if (item === 'gap') return []
    const before = last.get(item.publisher) ?? -1
    last.set(item.publisher, item.number)
    return item.number < before ? [`node ${node} heard ${nameOf(item, channel)} after #${before}`] : []
  })
}

function late({ node, channel, items }: Story, oldestMs: number): string[] {
  return items.flatMap((item) =>
    item !== 'gap' && item.ageMs > oldestMs
      ? [`node ${node} heard ${nameOf(item, channel)} after ${Math.round(item.ageMs)} ms`]
      : [],
  )
}

/** Between which numbers of a publisher a gap was told: from the last heard before it to the first heard after it. */
function holes(items: readonly (Heard | 'gap')[], publisher: number): [number, number][] {
  const found: [number, number][] = []
  let before = -1
  let open = false
  for (const item of items) {
    if (item === 'gap') open = true
    else if (item.publisher === publisher) {
      if (open) found.push([before, item.number])
      before = item.number
      open = false
    }
  }
  if (open) found.push([before, Infinity])
  return found
}

/** Where each message stands, and in which stretch between two gaps. */
function placesIn({ items, channel }: Story): Map<string, { at: number; stretch: number }> {
  const places = new Map<string, { at: number; stretch: number }>()
  let stretch = 0
  for (const [at, item] of items.entries()) {
    if (item === 'gap') stretch++
    else places.set(nameOf(item, channel), { at, stretch })
  }
  return places
}

function grouped<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>()
  for (const item of items) {
    const group = groups.get(keyOf(item))
    if (group) group.push(item)
    else groups.set(keyOf(item), [item])
  }
  return groups
}
