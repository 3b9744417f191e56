/**
 * The NATS subject for a name on the bus. The name has the form `prefix:kind:rest` or `prefix:{partition}:kind:rest`; the colons
 * between these become the dots between tokens, without the braces, so that permissions and monitoring can say `fanfare.>`, and
 * a dot becomes `%2E`, as it would otherwise make tokens, empty ones too. No name has a `%`, so no two names have the same
 * subject; and none has a space, `*` or `>`. A partition begins with a digit, and a kind does not.
 *
 * @param name - letters, digits and `_ - = @ , . ; : / !`, in one of these forms, no part of it empty
 */
export function subjectOf(name: string): string {
  const [prefix = '', second, ...rest] = name.replaceAll('.', '%2E').split(':')
  if (second === undefined) return prefix
  if (!second.startsWith('{')) return joined(prefix, second, rest)
  const [kind = '', ...more] = rest
  return joined(`${prefix}.${second.slice(1, -1)}`, kind, more)
}

function joined(before: string, kind: string, rest: readonly string[]): string {
  return rest.length === 0 ? `${before}.${kind}` : `${before}.${kind}.${rest.join(':')}`
}
