import type { BusSettings } from './options.ts'

/** Why letters that came could not be delivered, or not without a gap. */
export type Complaint =
  'late' | 'unknownVersion' | 'notUnderstood' | 'implausible' | 'malformed' | 'tooLarge' | 'unsigned'

const SENTENCES: Readonly<Record<Complaint, string>> = {
  late: 'events come after their deadline: the bus is slow, this process stood still, or the clocks of two nodes differ',
  unknownVersion: 'events are of a version that this node does not speak: their channels are told of gaps',
  notUnderstood:
    'events have to be understood in a way that this node does not know: their channels are told of gaps',
  implausible: 'events have numbers that their sender cannot have given them: somebody else is on the bus',
  malformed: 'what comes from the bus is no event: somebody else uses the prefix',
  tooLarge: 'events are larger than maxEventBytes of this node: their channels are told of gaps',
  unsigned: 'events have no valid signature and are dropped: another secret, or somebody else is on the bus',
}

/** A reason that lasts is told again so often, in milliseconds. */
const AGAIN_MS = 3_600_000

interface Told {
  count: number
  again: number
}

/** Tells the operator why events are not delivered: one line for each reason, and one more when it lasts for an hour. */
export class Complaints {
  readonly #settings: BusSettings
  readonly #told = new Map<Complaint, Told>()

  constructor(settings: BusSettings) {
    this.#settings = settings
  }

  about(complaint: Complaint, channel: string): void {
    const { logger, wheel } = this.#settings
    const told = this.#told.get(complaint) ?? { count: 0, again: -Infinity }
    this.#told.set(complaint, told)
    told.count++
    if (wheel.now < told.again) return
    told.again = wheel.now + AGAIN_MS
    logger(SENTENCES[complaint], { channel, count: told.count })
  }
}
