// A process that attacks: it does what the attack of that name does, says what came of it, and stays until it is ended.
import { ATTACKS } from '../attacks/index.mjs'

process.on('message', (message) => void begin(message))

/** @param {any} message */
async function begin({ id, options: { name, place } }) {
  const attack = ATTACKS.find((one) => one.name === name)
  try {
    process.send?.({ id, result: await attack?.attack(place) })
  } catch (error) {
    process.send?.({ id, error: error instanceof Error ? error.stack : String(error) })
  }
}
process.on('disconnect', () => process.exit())
