/** Somebody configured the server wrongly. The message is one line that names the option. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** A value as it is shown in a message: quoted, on one line, not too long. */
export function quoted(value: string): string {
  return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)
}
