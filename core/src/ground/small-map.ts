/**
 * A map that mostly has one entry or none, and then takes less than a tenth of what a `Map` takes. The order is that of
 * insertion. A value is never `undefined`.
 */
export class SmallMap<Key, Value extends object> {
  /** The only entry, as long as there are not several. */
  #key: Key | undefined
  #value: Value | undefined
  #several: Map<Key, Value> | undefined

  get size(): number {
    return this.#several?.size ?? (this.#value ? 1 : 0)
  }

  has(key: Key): boolean {
    return this.get(key) !== undefined
  }

  get(key: Key): Value | undefined {
    if (this.#several) return this.#several.get(key)
    return this.#key === key ? this.#value : undefined
  }

  set(key: Key, value: Value): void {
    if (!this.#several) {
      if (!this.#value || this.#key === key) {
        this.#key = key
        this.#value = value
        return
      }
      this.#several = new Map([[this.#key as Key, this.#value]])
      this.#key = this.#value = undefined
    }
    this.#several.set(key, value)
  }

  /** Returns whether there was such an entry. */
  delete(key: Key): boolean {
    if (this.#several) {
      const had = this.#several.delete(key)
      if (this.#several.size === 0) this.#several = undefined
      return had
    }
    if (!this.#value || this.#key !== key) return false
    this.#key = this.#value = undefined
    return true
  }

  keys(): Iterable<Key> {
    if (this.#several) return this.#several.keys()
    return this.#value ? [this.#key as Key] : []
  }

  values(): Iterable<Value> {
    if (this.#several) return this.#several.values()
    return this.#value ? [this.#value] : []
  }
}
