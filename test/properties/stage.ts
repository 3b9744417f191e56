import type { Action, Answer, Content, Place, RelayMode, Trapped } from './actions.ts'

/**
 * The application around a hub: what it answers when it is called back, which traps it has set, and the record of all that
 * it was told. The hub has one and the model has one; at the end of each step both have to read the same.
 */
export class Stage {
  /** Events, handlers and policy functions, in the order in which they were called. */
  readonly log: string[] = []
  /** Calls of the authorizer, in order. */
  readonly asked: string[] = []
  /** Calls of the relay, in order, per channel. */
  readonly relayed = new Map<string, string[]>()
  /** Errors that were told, in no order: they may come from different promises. */
  readonly errors: string[] = []
  /** What became of the promises that the hub returned. */
  readonly promises: string[] = []
  /** How to answer the authorizer's and the relay's calls that wait. Answering again is possible, and is to do nothing. */
  readonly openAnswers: ((how: Answer) => void)[] = []
  readonly openRelayCalls: ((ok: boolean) => void)[] = []
  answer: Answer | 'later' = 'later'
  relay: { open: RelayMode; publish: RelayMode } = { open: 'later', publish: 'now' }
  readonly #traps = new Map<Place, Trapped[]>()
  readonly #act: (action: Action) => void
  #written = 0

  constructor(act: (action: Action) => void) {
    this.#act = act
  }

  trap(at: Place, what: Trapped): void {
    const traps = this.#traps.get(at)
    if (traps) traps.push(what)
    else this.#traps.set(at, [what])
  }

  /** Springs the oldest trap of this place, if there is one. Returns how the callback has to fail. */
  spring(at: Place): 'throw' | 'reject' | undefined {
    const what = this.#traps.get(at)?.shift()
    if (what === 'throw' || what === 'reject') return what
    for (const action of what ?? []) this.#act(action)
    return undefined
  }

  /** From now on no callback does anything. */
  disarm(): void {
    this.#traps.clear()
  }

  /** Notes a promise. The function returned tells how it ended. */
  promise(label: string): (outcome: string) => void {
    const at = this.promises.push(`${label}: pending`) - 1
    return (outcome) => (this.promises[at] = `${label}: ${outcome}`)
  }

  noteRelayCall(kind: string, channel: string): void {
    const calls = this.relayed.get(channel)
    if (calls) calls.push(kind)
    else this.relayed.set(channel, [kind])
  }

  /** A new payload; no two are equal. */
  content({ size, binary, wide, poison }: Content): string | Uint8Array {
    const head = `#${String(++this.#written)}${poison ? '!' : ''} `
    if (binary)
      return Uint8Array.from({ length: Math.max(4, size) }, (_, at) => (this.#written >> (8 * at)) & 0xff)
    return head.padEnd(size, wide ? 'é' : '.')
  }
}

/** Those who may be members of a presence channel; the last but two have no id of their own, the last two share one. */
export const PEOPLE: readonly {
  readonly id?: string | number
  readonly info?: unknown
  readonly text?: string
}[] = [
  { id: 'ann', info: { name: 'Ann' }, text: '{"name":"Ann"}' },
  { id: 'ben', info: '["as","it","is"]', text: '["as","it","is"]' },
  { id: 'cid', info: 'quoted', text: '"quoted"' },
  { id: 'dan' },
  { id: '', info: 1, text: '1' },
  { info: '' },
  { id: 7, info: null, text: 'null' },
  { id: '7', info: 'the same', text: '"the same"' },
]

/** A promise takes one answer. */
export function once(answered: (ok: boolean) => void): (ok: boolean) => void {
  let open = true
  return (ok) => {
    if (open) answered(ok)
    open = false
  }
}
