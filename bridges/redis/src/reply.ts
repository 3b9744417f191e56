/** What a server answers when somebody else answers for it now: the wire has to be made anew. */
const MOVED_AWAY = /^(READONLY|MOVED|ASK|CLUSTERDOWN|MASTERDOWN)\b/

/** Whether the server answered, and said no. Told by name: the library's class is not exported with a type. */
export function isReply(error: unknown): error is Error {
  return error instanceof Error && error.name === 'ReplyError'
}

/** Whether the server's no says that the connections are not to the right servers any more. */
export function isMovedAway(error: unknown): boolean {
  return isReply(error) && MOVED_AWAY.test(error.message)
}

/** Whether the server still reads its data from disk. */
export function isLoading(error: unknown): boolean {
  return isReply(error) && error.message.startsWith('LOADING')
}

/** Whether the server's user may not send this command. */
export function isForbidden(error: unknown): error is Error {
  return isReply(error) && error.message.startsWith('NOPERM')
}

/**
 * The error as it may be shown and logged. The library hangs the command with its arguments on errors, and the arguments
 * of one command are the password.
 */
export function cleaned(error: unknown): Error {
  if (!(error instanceof Error)) return new Error(String(error))
  return 'command' in error ? new Error(error.message) : error
}
