import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

import { expect, it } from 'vitest'

import { MUTANTS } from './mutants/index.mjs'

// The mutants themselves take minutes: `node test/properties/mutants.mjs`. Here only whether they still are faults of this code.

it.each(MUTANTS)('$name: what it changes in $file stands there once', ({ file, from }) => {
  const path = fileURLToPath(new URL(`../../core/src/${file}`, import.meta.url))
  expect(readFileSync(path, 'utf8').split(from)).toHaveLength(2)
})
