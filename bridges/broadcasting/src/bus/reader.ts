import { type Complaint, Complaints } from './complaints.ts'
import { decodeLetter, type Letter } from './envelope.ts'
import type { BusSettings } from './options.ts'

/** What was received and could not be read, by reason. */
export interface ReaderCounters {
  /** Of a version that we do not speak. */
  unknownVersion: number
  /** With a key that has to be understood and is not. */
  notUnderstood: number
  /** With a number that their sender cannot have given them. */
  implausible: number
  malformed: number
  /** Larger than `maxEventBytes`. */
  tooLarge: number
  /** Came after their deadline. */
  late: number
  /** Without a valid signature, where there is a secret. */
  unsigned: number
}

/** What is no letter of ours: nothing of ours is missing when it is dropped. */
const NOT_OURS: ReadonlySet<Complaint> = new Set<Complaint>(['malformed', 'unsigned'])

/** Why a text gives no letter, and whether something is missing on its channel therefore. */
export interface Unreadable {
  readonly lost: boolean
}

/** Reads what comes from the bus, which is not trusted; counts what it cannot read, and tells the operator. */
export class Reader {
  readonly counters: ReaderCounters = {
    unknownVersion: 0,
    notUnderstood: 0,
    implausible: 0,
    malformed: 0,
    tooLarge: 0,
    late: 0,
    unsigned: 0,
  }
  readonly #settings: BusSettings
  readonly #complaints: Complaints

  constructor(settings: BusSettings) {
    this.#settings = settings
    this.#complaints = new Complaints(settings)
  }

  /** What came on a channel, which stands on the envelope, the bus's own subject, whatever is in the letter. Never throws. */
  read(channel: string, text: string): Letter | Unreadable {
    if (this.#isTooLarge(text)) return this.#unreadable('tooLarge', channel)
    const letter = decodeLetter(channel, text, this.#settings)
    return typeof letter === 'object' ? letter : this.#unreadable(letter, channel)
  }

  /** Counts what is wrong with a letter that could be read. */
  complain(complaint: Complaint, channel: string): void {
    this.counters[complaint]++
    this.#complaints.about(complaint, channel)
  }

  #unreadable(complaint: Complaint, channel: string): Unreadable {
    this.complain(complaint, channel)
    return { lost: !NOT_OURS.has(complaint) }
  }

  #isTooLarge(text: string): boolean {
    const { maxEventBytes, platform } = this.#settings
    const most = 3 * text.length
    return text.length > maxEventBytes || (most > maxEventBytes && platform.utf8Size(text) > maxEventBytes)
  }
}
