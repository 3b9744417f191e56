import { setTimeout as sleep } from 'node:timers/promises'

import type { Driver } from '@fanfare/broadcasting'
import { nameOnBus } from '@fanfare/broadcasting/driver'

import { type Framing } from '../support/toxics/frames.ts'
import { ToxicProxy } from '../support/toxic-proxy.ts'
import { until } from '../support/until.ts'
import { heardFrom, Oracle } from './oracle.ts'
import type { Fault } from './schedule.ts'

/** A server that can be hurt. */
export interface Victim {
  readonly port: number
  kill(): Promise<void>
  restart(): Promise<void>
  pause(): void
  resume(): void
}

/** A kind of bus, as the fault tests use it. */
export interface Battlefield {
  readonly victim: Victim
  readonly framing: Framing
  /** Puts a text on the bus as it is, under a name on the bus. */
  inject(name: string, text: string): Promise<void>
  /** A driver whose every connection goes through this port. */
  connect(port: number): Driver
}

const PUBLISH_EVERY_MS = 6
/** Who publishes what no node here can read, and how often. */
const STRANGER = 99
const STRANGER_EVERY_MS = 40
/** So long the last messages may take to arrive; ours take some milliseconds. */
const PATIENCE_MS = 2_500

/** Who publishes where. */
export interface Cast {
  readonly nodes: number
  /** How many of the nodes publish. */
  readonly publishers: number
  readonly channels: readonly string[]
}

export const EVERYBODY: Cast = { nodes: 3, publishers: 3, channels: ['orders', 'presence-room.7'] }

interface Node {
  readonly proxy: ToxicProxy
  readonly driver: Driver
  readonly numbers: Map<string, number>
}

/** Nodes that publish to each other without pause, each through a proxy of its own, while a schedule of faults happens. */
export class Arena {
  readonly oracle = new Oracle()
  readonly #field: Battlefield
  readonly #cast: Cast
  readonly #nodes: Node[] = []
  readonly #stop = new AbortController()

  constructor(field: Battlefield, cast: Cast) {
    this.#field = field
    this.#cast = cast
  }

  get #publishers(): number[] {
    return Array.from({ length: this.#cast.publishers }, (_, at) => at)
  }

  get drivers(): Driver[] {
    return this.#nodes.map(({ driver }) => driver)
  }

  async open(): Promise<void> {
    for (let at = 0; at < this.#cast.nodes; at++) {
      const proxy = await ToxicProxy.start({ to: this.#field.victim.port, framing: this.#field.framing })
      const driver = this.#field.connect(proxy.port)
      this.#nodes.push({ proxy, driver, numbers: new Map() })
    }
    await Promise.all(
      this.#nodes.flatMap(({ driver }, node) =>
        this.#cast.channels.map((name) => this.#listen(driver, node, name)),
      ),
    )
  }

  /** Publishes, lets the faults happen, heals everything, and waits until all nodes have heard of all. */
  async play(faults: readonly Fault[]): Promise<void> {
    const publishing = this.#publishers.map((at) => this.#publishOnAndOn(at))
    for (const fault of faults) {
      await sleep(fault.afterMs)
      await this.#inflict(fault)
    }
    await sleep(200)
    this.#stop.abort()
    await Promise.all(publishing)
    await this.#settle()
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await Promise.all(this.#nodes.map(({ driver }) => driver.close()))
    await Promise.all(this.#nodes.map(({ proxy }) => proxy.close()))
  }

  async #listen(driver: Driver, node: number, channel: string): Promise<void> {
    const { items } = this.oracle.story(node, channel)
    await driver.subscribe(channel, (event) => void items.push(heardFrom(event)), {
      gap: () => void items.push('gap'),
    })
  }

  async #publishOnAndOn(node: number): Promise<void> {
    const pending: Promise<void>[] = []
    const { channels } = this.#cast
    for (let turn = 0; !this.#stop.signal.aborted; turn++) {
      pending.push(this.#publish(node, channels[turn % channels.length] ?? 'orders'))
      await sleep(PUBLISH_EVERY_MS)
    }
    await Promise.all(pending)
  }

  async #publish(at: number, channel: string): Promise<void> {
    const { driver, numbers } = this.#nodes[at]!
    const number = (numbers.get(channel) ?? 0) + 1
    numbers.set(channel, number)
    const sent = { publisher: at, channel, number, outcome: 'pending', tookMs: 0 }
    this.oracle.sent.push(sent)
    const began = performance.now()
    try {
      await driver.publish({ channel, payload: JSON.stringify({ publisher: at, number, at: Date.now() }) })
      sent.outcome = 'acknowledged'
    } catch (error) {
      sent.outcome = (error as { code?: string }).code ?? String(error)
    }
    sent.tookMs = performance.now() - began
  }

  /** Once all is well again, a last message of each publisher is acknowledged and reaches every node. */
  async #settle(): Promise<void> {
    await until(() => this.drivers.every((driver) => driver.status() === 'up'), 'every driver to be up')
    const { channels } = this.#cast
    for (const at of this.#publishers) for (const channel of channels) await this.#publish(at, channel)
    const last = this.oracle.sent.slice(-this.#publishers.length * channels.length)
    const arrived = (): boolean =>
      this.oracle.stories.every(({ channel, items }) =>
        last.every(
          (sent) =>
            sent.channel !== channel ||
            items.some(
              (item) => item !== 'gap' && item.publisher === sent.publisher && item.number === sent.number,
            ),
        ),
      )
    // A node that never hears of them is found by the oracle.
    for (const end = performance.now() + PATIENCE_MS; !arrived() && performance.now() < end;) await sleep(5)
  }

  /** A node of another release publishes on every channel: each node has to be told that it misses something. */
  async #speakAnotherVersion(lastsMs: number): Promise<void> {
    let number = 0
    for (const end = performance.now() + lastsMs; performance.now() < end; number++) {
      for (const channel of this.#cast.channels) {
        await this.#field.inject(nameOnBus('fanfare', channel), `fanfare/2 {"number":${String(number)}}`)
        this.oracle.sent.push({ publisher: STRANGER, channel, number, outcome: 'acknowledged', tookMs: 0 })
      }
      await sleep(STRANGER_EVERY_MS)
    }
  }

  async #inflict({ kind, node, lastsMs }: Fault): Promise<void> {
    const { victim } = this.#field
    const { proxy } = this.#nodes[node]!
    const passAgain = async (): Promise<void> => {
      await sleep(lastsMs)
      await proxy.pass()
    }
    // What was swallowed is lost, and no TCP connection lives on with a hole in it.
    const swallow = async (direction: 'up' | 'down' | 'both'): Promise<void> => {
      proxy.blackhole(direction)
      await sleep(lastsMs)
      proxy.reset()
      await proxy.pass()
    }
    const faults: Record<Fault['kind'], () => void | Promise<void>> = {
      kill: async () => {
        await victim.kill()
        await sleep(lastsMs / 2)
        await victim.restart()
      },
      pause: async () => {
        victim.pause()
        await sleep(lastsMs)
        victim.resume()
      },
      reset: () => proxy.reset(),
      refuse: async () => {
        await proxy.refuse()
        await passAgain()
      },
      'black hole up': () => swallow('up'),
      'black hole down': () => swallow('down'),
      'black hole': () => swallow('both'),
      'hold up': () => (proxy.hold('up'), passAgain()),
      'hold down': () => (proxy.hold('down'), passAgain()),
      hold: () => (proxy.hold(), passAgain()),
      delay: () => (proxy.delay(lastsMs * 0.75), passAgain()),
      cut: () => (proxy.cutAfter(2_000), passAgain()),
      duplicate: () => (proxy.disturb({ duplicate: 0.3, seed: lastsMs }), passAgain()),
      'another version': () => this.#speakAnotherVersion(lastsMs),
      reorder: () => (proxy.disturb({ reorder: 0.3, seed: lastsMs }), passAgain()),
    }
    await faults[kind]()
  }
}
