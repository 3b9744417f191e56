import type { OverflowAction, SlowConsumerPolicy } from '../contract/slow-consumer.ts'
import { OptionError } from '../ground/errors.ts'

/** One policy for the hub, or one per channel pattern with a default for the rest. */
export type SlowConsumerOption =
  | SlowConsumerPolicy
  | {
      /** For channels that no pattern names, and for direct messages. @defaultValue `'drop-newest'` */
      readonly default?: SlowConsumerPolicy | undefined
      /** Pattern to policy; the first that matches decides. In a pattern `*` stands for any characters. */
      readonly channels: Readonly<Record<string, SlowConsumerPolicy>>
    }

const WORDS: readonly OverflowAction[] = ['drop-newest', 'drop-oldest', 'disconnect', 'conflate']
const TAKES = `one of ${WORDS.map((word) => `'${word}'`).join(', ')}, or a function that returns one`

/** Which policy holds where. */
export class Policies {
  /** For what is sent to a client directly, and where no pattern matches. */
  readonly hub: SlowConsumerPolicy
  readonly #patterns: readonly { readonly pattern: RegExp; readonly policy: SlowConsumerPolicy }[]

  constructor(option: SlowConsumerOption) {
    const { default: hub = 'drop-newest', channels } =
      typeof option === 'object' ? option : { default: option, channels: {} }
    this.hub = checked('slowConsumer', hub)
    if (typeof channels !== 'object' || channels === null) {
      throw new OptionError('slowConsumer.channels', 'an object of patterns with their policies', channels)
    }
    this.#patterns = Object.entries(channels).map(([pattern, policy]) => ({
      pattern: toRegExp(pattern),
      policy: checked(`slowConsumer.channels['${pattern}']`, policy),
    }))
  }

  forChannel(channel: string): SlowConsumerPolicy {
    return this.#patterns.find(({ pattern }) => pattern.test(channel))?.policy ?? this.hub
  }
}

function checked(option: string, policy: SlowConsumerPolicy): SlowConsumerPolicy {
  if (typeof policy === 'function' || WORDS.includes(policy)) return policy
  throw new OptionError(option, TAKES, policy)
}

function toRegExp(pattern: string): RegExp {
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`)
}
