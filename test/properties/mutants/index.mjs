import { JOINS } from './joins.mjs'
import { OUTBOX } from './outbox.mjs'
import { REST } from './rest.mjs'

/**
 * A fault of a line or two that the property test has to notice: what, where, and what is put for what. The text to be
 * replaced stands in the file exactly once.
 *
 * @typedef {{ readonly name: string, readonly file: string, readonly from: string, readonly to: string }} Mutant
 */

/** @type {readonly Mutant[]} */
export const MUTANTS = [...JOINS, ...OUTBOX, ...REST]
