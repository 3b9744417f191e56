import type { DialAttempt, WireEvents } from '@fanfare/broadcasting/driver'

/** Writes down what a wire reports. */
export class WireLog implements WireEvents {
  readonly messages: (readonly [subject: string, text: string])[] = []
  readonly losses: unknown[] = []

  get texts(): string[] {
    return this.messages.map(([, text]) => text)
  }

  message(subject: string, text: string): void {
    this.messages.push([subject, text])
  }

  lost(error: unknown): void {
    this.losses.push(error)
  }
}

/** An attempt to connect that is given up when `abandon` is called. */
export class Attempt implements DialAttempt {
  readonly timeoutMs: number
  readonly #callbacks: (() => void)[] = []

  constructor(timeoutMs = 5_000) {
    this.timeoutMs = timeoutMs
  }

  onAbandoned(callback: () => void): void {
    this.#callbacks.push(callback)
  }

  abandon(): void {
    for (const callback of this.#callbacks.splice(0)) callback()
  }
}

/** The error that the promise rejects with, as text. To be called before what makes it reject. */
export async function whyRejected(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
  } catch (error) {
    return String(error)
  }
  return 'not rejected'
}
