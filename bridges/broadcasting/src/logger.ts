import { FanfareError, OptionError, type Platform } from '@fanfare/core/contract'

import type { Logger } from './event.ts'

/** The user's logger, made safe: what it throws goes to the host. Without one, everything goes there. @throws OptionError */
export function checkedLogger(logger: Logger | undefined, platform: Platform): Logger {
  if (logger === undefined) {
    return (message, { channel, error }) => {
      const about = channel === undefined ? message : `${message} (channel ${channel})`
      platform.reportError(
        new FanfareError('broadcasting', about, error === undefined ? undefined : { cause: error }),
      )
    }
  }
  if (typeof logger !== 'function') throw new OptionError('logger', 'a function', logger)
  return (message, details) => {
    try {
      logger(message, details)
    } catch (error) {
      platform.reportError(error)
    }
  }
}
