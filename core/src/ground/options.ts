import { OptionError } from './errors.ts'

/** @throws OptionError when an option is there that nobody knows: most likely a slip of the pen */
export function knownOptions(where: string, options: object, names: readonly string[]): void {
  for (const name of Object.keys(options)) {
    if (!names.includes(name)) throw new OptionError(where, `the options ${names.join(', ')}`, name)
  }
}

/** @throws OptionError unless `value` is a whole number within bounds */
export function wholeFrom(
  option: string,
  value: unknown,
  least: number,
  most: number = Number.MAX_SAFE_INTEGER,
): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most)
    return value
  const bounds =
    most === Number.MAX_SAFE_INTEGER
      ? `of at least ${String(least)}`
      : `from ${String(least)} to ${String(most)}`
  throw new OptionError(option, `a whole number ${bounds}`, value)
}
