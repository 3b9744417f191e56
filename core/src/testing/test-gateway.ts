import type { Contract } from '../contract/contract.ts'
import { Gateway } from '../gateway/gateway.ts'
import type { User } from '../gateway/identity.ts'
import type { GatewayOptions } from '../gateway/options.ts'
import type { ErrorEvent } from '../hub/events.ts'
import type { HubOptions } from '../hub/options.ts'
import { dial, type DialOptions } from './dial.ts'
import { testHub, type TestHub } from './test-hub.ts'
import { TestPeer } from './test-peer.ts'

/** A gateway's options; those of its hub beside them. */
export interface TestGatewayOptions<C extends Contract, U extends User> extends Omit<
  GatewayOptions<C, U>,
  'hub'
> {
  readonly hub?: HubOptions
}

/** A gateway that stands still until it is told to move, and clients without sockets. */
export interface TestGateway<C extends Contract, U extends User> extends Pick<TestHub, 'hub' | 'clock'> {
  readonly gateway: Gateway<C, U>
  /** What went wrong that no client was told of: a test that expects nothing checks that this is empty. */
  readonly errors: ErrorEvent[]
  /**
   * Connects a client that speaks the native protocol, and reads its welcome.
   *
   * @throws DialRefused when the gateway refuses the handshake
   */
  visit(options?: DialOptions): Promise<TestPeer<C>>
}

/**
 * A gateway for tests of handlers: on a {@link testHub}, without rate limits unless they are given, and clients that are
 * typed by its contract.
 *
 * @example
 * ```ts
 * const { gateway, visit } = testGateway({ contract })
 * gateway.on('sum', (_client, { data }) => ({ total: data[0] + data[1] }))
 * const ann = await visit()
 * await ann.call('sum', [1, 2]) // { total: 3 }
 * ```
 */
export function testGateway<C extends Contract = Contract, U extends User = User>(
  options: TestGatewayOptions<C, U> = {},
): TestGateway<C, U> {
  const { hub: hubOptions, ...gatewayOptions } = options
  const { hub, clock } = testHub(hubOptions)
  const gateway = new Gateway<C, U>({ rateLimit: NO_RATE_LIMIT, ...gatewayOptions, hub })
  const errors: ErrorEvent[] = []
  hub.on('error', (event) => errors.push(event))
  return {
    gateway,
    hub,
    clock,
    errors,
    visit: async (dialOptions) => {
      const peer = new TestPeer<C>(await dial(gateway, dialOptions), clock)
      await clock.settle()
      return peer
    },
  }
}

// Tests of other things say more in a moment than a client may.
const NO_RATE_LIMIT = { messages: { rate: 0, burst: 1 }, subscribes: { rate: 0, burst: 1 } }
