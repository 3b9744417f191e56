/** What knows under which name it is found. */
export interface Named {
  readonly name: string
}

/**
 * Things by their names. Mostly there is one or none, and then nothing that holds them: ten thousand clients would have ten
 * thousand of it. Looked at and changed with the functions below; the order is that of insertion.
 */
export type Few<Value extends Named> = Value | Map<string, Value> | undefined

function several<Value extends Named>(few: Few<Value>): few is Map<string, Value> {
  return few instanceof Map
}

/** The one with this name. */
export function named<Value extends Named>(few: Few<Value>, name: string): Value | undefined {
  if (several(few)) return few.get(name)
  return few?.name === name ? few : undefined
}

/** All of them, in a new list. */
export function all<Value extends Named>(few: Few<Value>): Value[] {
  if (several(few)) return [...few.values()]
  return few ? [few] : []
}

/** How many they are. */
export function count<Value extends Named>(few: Few<Value>): number {
  if (several(few)) return few.size
  return few ? 1 : 0
}

/** The same and one more, in the place of the one that had its name. To be put where `few` was. */
export function withOne<Value extends Named>(few: Few<Value>, value: Value): Few<Value> {
  if (several(few)) return few.set(value.name, value)
  if (!few || few.name === value.name) return value
  return new Map([few, value].map((each) => [each.name, each]))
}

/** The same but the one with this name. To be put where `few` was. */
export function without<Value extends Named>(few: Few<Value>, name: string): Few<Value> {
  if (!several(few)) return few?.name === name ? undefined : few
  few.delete(name)
  return few.size > 0 ? few : undefined
}
