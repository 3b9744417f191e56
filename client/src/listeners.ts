/** Takes back what it was returned for. Calling it again does nothing. */
export type Off = () => void

type Listener = (...values: never[]) => unknown

/**
 * Who listens to what. What one listener throws is reported and hurts no other, and not the client either: that, and
 * being small, is what it has over the emitters of others.
 */
export class Listeners<Events extends { [Name in keyof Events]: Listener }> {
  readonly #lists = new Map<PropertyKey, Set<{ readonly call: Listener }>>()
  readonly #report: (error: unknown) => void

  constructor(report: (error: unknown) => void) {
    this.#report = report
  }

  /** How many listeners there are, for one name or for all. */
  count(name?: keyof Events): number {
    if (name !== undefined) return this.#lists.get(name)?.size ?? 0
    let sum = 0
    for (const list of this.#lists.values()) sum += list.size
    return sum
  }

  on<Name extends keyof Events>(name: Name, call: Events[Name]): Off {
    const entry = { call }
    let list = this.#lists.get(name)
    if (!list) this.#lists.set(name, (list = new Set()))
    list.add(entry)
    return () => {
      list.delete(entry)
      if (list.size === 0 && this.#lists.get(name) === list) this.#lists.delete(name)
    }
  }

  /** Returns whether anybody listened. */
  emit<Name extends keyof Events>(name: Name, ...values: Parameters<Events[Name]>): boolean {
    const list = this.#lists.get(name)
    if (!list) return false
    for (const entry of [...list]) {
      if (!list.has(entry)) continue
      try {
        ;(entry.call as (...values: unknown[]) => unknown)(...values)
      } catch (error) {
        this.#report(error)
      }
    }
    return true
  }
}
