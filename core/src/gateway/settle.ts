/** Does `then` with a value, now, or with what a promise resolves to, later: what is synchronous stays so. */
export function after<Value, Result>(
  value: Value | PromiseLike<Value>,
  then: (value: Value) => Result,
): Result | Promise<Result> {
  return isPromiseLike(value) ? Promise.resolve(value).then(then) : then(value)
}

export function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  )
}
