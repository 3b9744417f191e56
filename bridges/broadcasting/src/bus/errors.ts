import { FanfareError } from '@fanfare/core/contract'

/** The event was certainly not sent to other processes. Code `refused`. */
export class RefusedError extends FanfareError {
  override readonly name = 'RefusedError'
  constructor(why: string, options?: ErrorOptions) {
    super('refused', why, options)
  }
}

/** The event may or may not have been sent to other processes. Code `unknown`. */
export class UnknownOutcomeError extends FanfareError {
  override readonly name = 'UnknownOutcomeError'
  constructor(why: string, options?: ErrorOptions) {
    super('unknown', why, options)
  }
}
