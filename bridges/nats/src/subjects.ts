/**
 * The NATS subject for a name on the bus. The name has the form `prefix:kind:rest`; its two first colons become the dots
 * between tokens, so that permissions and monitoring can say `fanfare.>`, and a dot becomes `%2E`, as it would otherwise
 * make tokens, empty ones too. No name has a `%`, so no two names have the same subject; and none has a space, `*` or `>`.
 *
 * @param name - letters, digits and `_ - = @ , . ; : / !`, in that form, no part of it empty
 */
export function subjectOf(name: string): string {
  const [prefix = '', kind, ...rest] = name.replaceAll('.', '%2E').split(':')
  if (kind === undefined) return prefix
  return rest.length === 0 ? `${prefix}.${kind}` : `${prefix}.${kind}.${rest.join(':')}`
}
