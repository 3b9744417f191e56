import type { Driver, DriverStatus, Event, Handler, SubscribeOptions, Subscription } from '../event.ts'
import type { BusOptions } from './options.ts'
import type { Bus } from './wire.ts'
export interface BusStats {
  readonly late: number
}
export class BusDriver implements Driver {
  constructor(bus: Bus, options: BusOptions = {}) {
    void bus
    void options
  }
  publish(event: Event): Promise<void> {
    void event
    throw new Error('soon')
  }
  subscribe(channel: string, handler: Handler, options?: SubscribeOptions): Promise<Subscription> {
    void channel
    void handler
    void options
    throw new Error('soon')
  }
  dropped(): number {
    return 0
  }
  status(): DriverStatus {
    return 'connecting'
  }
  close(): Promise<void> {
    return Promise.resolve()
  }
}
