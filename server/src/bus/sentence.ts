/** The longest reason that is said. */
const LONGEST = 300

/**
 * What went wrong, in one line in which there are no credentials.
 *
 * @param secrets - what must not be in it, whoever wrote the sentence
 */
export function sentence(error: unknown, secrets: readonly string[] = []): string {
  const line = reason(error)
    .replace(/\/\/[^\s@/]*@/g, '//***@')
    .replace(/\s+/g, ' ')
    .trim()
  const bare = secrets.reduce((text, secret) => text.replaceAll(secret, '***'), line)
  return bare.length > LONGEST ? `${bare.slice(0, LONGEST)}…` : bare
}

/** A host with several addresses fails with an error for each, and no message of its own. */
function reason(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(reason).join(', ')
  if (!(error instanceof Error)) return String(error)
  return error.message || ((error as NodeJS.ErrnoException).code ?? error.name)
}

/** The passwords and tokens in the address of a bus, as they are written and as they are meant. */
export function secretsIn(address: string): string[] {
  const parts = /^redis/i.test(address) ? [address] : address.split(',')
  const found = parts.flatMap((part) => {
    const who = /^(?:[^/]*:\/\/)?(.*)@/s.exec(part)?.[1]
    // What stands alone is a token.
    return who === undefined ? [] : [who.slice(who.indexOf(':') + 1)]
  })
  return [...new Set(found.flatMap((secret) => [secret, meant(secret)]))].filter((secret) => secret !== '')
}

function meant(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
