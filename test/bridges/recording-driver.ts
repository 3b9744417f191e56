import type { Driver, DriverStatus, Event, Subscription } from '@fanfare/broadcasting'

/** Keeps what is published; a channel can be made to fail, and all publishes to wait. */
export class RecordingDriver implements Driver {
  readonly published: Event[] = []
  readonly failures = new Map<string, Error>()
  gate: Promise<void> = Promise.resolve()

  async publish(event: Event): Promise<void> {
    await this.gate
    const error = this.failures.get(event.channel)
    if (error) throw error
    this.published.push(event)
  }

  subscribe(): Promise<Subscription> {
    return Promise.reject(new Error('nobody subscribes here'))
  }

  dropped(): number {
    return 0
  }

  status(): DriverStatus {
    return 'up'
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}
