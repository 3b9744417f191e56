// The child's side of lib/child.mjs: answers what the parent asks over the channel that `fork` made.

/** @param {unknown} message */
export function tellParent(message) {
  process.send?.(message)
}

/**
 * Answers commands of the parent: `{ id, command, options }` with `{ id, result }` or `{ id, error }`. What has no id needs
 * no answer, and gets none: an answer costs as much as many deliveries.
 *
 * @param {Record<string, (options: any) => unknown>} handlers
 */
export function obey(handlers) {
  process.on('message', ({ id, command, options }) => {
    if (id === undefined) handlers[command]?.(options)
    else void answer(handlers, command, options).then((said) => tellParent({ id, ...said }))
  })
  // A parent that was killed leaves nothing behind. Ctrl-C reaches the whole group: the parent does the stopping.
  process.on('disconnect', () => process.exit(1))
  process.on('SIGINT', () => {})
}

/**
 * @param {Record<string, (options: any) => unknown>} handlers
 * @param {string} command
 * @param {unknown} options
 */
async function answer(handlers, command, options) {
  try {
    const handler = handlers[command]
    if (!handler) throw new Error(`no such command: ${command}`)
    return { result: await handler(options) }
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) }
  }
}
