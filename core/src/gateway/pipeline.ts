/** What a middleware goes around. */
export type Phase = 'connect' | 'subscribe' | 'message' | 'publish' | 'disconnect'

/** Does something around a step: before `next()`, after it, or instead of it by throwing a ClientError. */
export type Middleware<Context> = (context: Context, next: () => unknown) => unknown

interface Layer<Context> {
  readonly phases: ReadonlySet<Phase> | undefined
  readonly middleware: Middleware<Context>
}

/** Middleware in the order of its registration, around every step. */
export class Pipeline<Context extends { readonly phase: Phase }> {
  readonly #layers: Layer<Context>[] = []
  readonly #byPhase = new Map<Phase, readonly Middleware<Context>[]>()

  /** @param phases - around which steps it goes; all of them when left out */
  use(middleware: Middleware<Context>, phases?: readonly Phase[]): void {
    this.#layers.push({ phases: phases && new Set(phases), middleware })
    this.#byPhase.clear()
  }

  /** Whether there is any middleware around these steps. */
  goesAround(phase: Phase): boolean {
    return this.#for(phase).length > 0
  }

  /** Runs the step inside its middleware. Synchronous as long as all of them are. */
  run(context: Context, step: () => unknown): unknown {
    const layers = this.#for(context.phase)
    return layers.length === 0 ? step() : runFrom(layers, 0, context, step)
  }

  #for(phase: Phase): readonly Middleware<Context>[] {
    let chain = this.#byPhase.get(phase)
    if (!chain) {
      const layers = this.#layers.filter(({ phases }) => !phases || phases.has(phase))
      this.#byPhase.set(phase, (chain = layers.map(({ middleware }) => middleware)))
    }
    return chain
  }
}

function runFrom<Context>(
  layers: readonly Middleware<Context>[],
  at: number,
  context: Context,
  step: () => unknown,
): unknown {
  const layer = layers[at]
  if (!layer) return step()
  let called = false
  return layer(context, () => {
    if (called) throw new Error('a middleware called next() twice')
    called = true
    const result = runFrom(layers, at + 1, context, step)
    // A middleware that drops it must not leave a rejection behind that nobody handles.
    if (result instanceof Promise) result.catch(() => {})
    return result
  })
}
