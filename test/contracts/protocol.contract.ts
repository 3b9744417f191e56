import type { Broadcast, Command, Protocol, WireData } from '@fanfare/core'
import { Payload } from '@fanfare/core'
import fc from 'fast-check'
import { expect } from 'vitest'

import { handshake, type HandshakeParts } from '../fakes/test-gateway.ts'
import { contract, inWorld, type Skip, type Tests } from './contract.ts'
import { BROADCASTS, rosterOf, UNICASTS, WHYS } from './protocol-samples.ts'

/** A protocol, and what the contract has to know of it. */
export interface ProtocolStand {
  readonly protocol: Protocol
  /** How a client of it connects. @defaultValue a program at `/` */
  readonly handshake?: HandshakeParts
  /** Whether every frame it writes, payloads apart, is JSON. */
  readonly json: boolean
  /** Whether payloads go out inside its frames, so that those are JSON too. */
  readonly wraps: boolean
  /** Frames that its clients send: what the hostile ones are made of. */
  readonly speech: readonly (string | Uint8Array)[]
}

const COMMANDS: Readonly<Record<Command['do'], true>> = {
  auth: true,
  subscribe: true,
  unsubscribe: true,
  publish: true,
  send: true,
  call: true,
  answer: true,
  members: true,
  ping: true,
  pong: true,
  raw: true,
  reject: true,
}

const TESTS: Tests<ProtocolStand> = {
  async 'it has a name, and traits'({ protocol: { name, traits } }) {
    expect(name).toMatch(/^[a-z][a-z0-9-]*$/)
    expect(['frame', 'close', 'count']).toContain(traits.gap)
    expect(['expected', 'optional']).toContain(traits.firstMessage)
    expect([true, false]).toContain(traits.presence.joinToSelf)
    expect([true, false]).toContain(traits.presence.selfInRoster)
  },

  async 'each connection begins anew'(stand) {
    const [first, second] = [open(stand), open(stand)]
    expect(first).toEqual(second)
    if (typeof first === 'object' && first !== null) expect(first).not.toBe(second)
  },

  async 'decode never throws, whatever comes, and gives commands that can be run'(stand) {
    fc.assert(
      fc.property(fc.array(anything(stand), { minLength: 1, maxLength: 4 }), (frames) => {
        const scratch = open(stand)
        const commands = frames.flatMap((frame) => stand.protocol.decode(frame, scratch))
        expect(commands.filter((command) => !isSound(command))).toEqual([])
      }),
      { numRuns: 200 },
    )
  },

  async 'decode understands its own clients'({ protocol, ...stand }) {
    const scratch = open({ protocol, ...stand })
    for (const frame of stand.speech) {
      const commands = protocol.decode(frame, scratch)
      expect(commands.filter((command) => command.do === 'reject')).toEqual([])
    }
  },

  async 'decode remembers nothing but what is in the scratch'(stand) {
    fc.assert(
      fc.property(fc.array(anything(stand), { maxLength: 5 }), (frames) => {
        const alone = open(stand)
        const expected = frames.map((frame) => stand.protocol.decode(frame, alone))
        const [one, other] = [open(stand), open(stand)]
        const both = frames.map((frame) => [one, other].map((at) => stand.protocol.decode(frame, at)))
        expect(both).toEqual(expected.map((commands) => [commands, commands]))
      }),
      { numRuns: 100 },
    )
  },

  async 'decode leaves the bytes as they are'(stand) {
    const bytes = new TextEncoder().encode('{"op":"ping"}')
    stand.protocol.decode(bytes, open(stand))
    expect(new TextDecoder().decode(bytes)).toBe('{"op":"ping"}')
  },

  async 'unicast has an answer to every event: frames, or none'(stand) {
    for (const event of UNICASTS) {
      const frames = stand.protocol.unicast(event, open(stand))
      expect(Array.isArray(frames)).toBe(true)
      for (const frame of frames) expectFrame(stand, frame)
    }
  },

  async 'broadcast has an answer to every event: one frame, or none'(stand) {
    for (const event of BROADCASTS) {
      const frame = stand.protocol.broadcast(event)
      if (frame !== undefined && (stand.wraps || event.on !== 'message')) expectFrame(stand, frame)
    }
  },

  async 'broadcast is a pure function of the event'(stand) {
    const first = BROADCASTS.map((event) => stand.protocol.broadcast(event))
    for (const event of UNICASTS) stand.protocol.unicast(event, open(stand))
    for (const frame of stand.speech) stand.protocol.decode(frame, open(stand))
    expect(BROADCASTS.map((event) => stand.protocol.broadcast(event))).toEqual(first)
  },

  async 'broadcast writes a frame that can be read, whatever the event holds'(stand) {
    if (!stand.wraps) return
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.json())
    const message = fc.record({ channel: text, event: text, data: text })
    fc.assert(
      fc.property(message, ({ data, ...names }) => {
        const event: Broadcast = { on: 'message', ...names, data: new Payload(data) }
        const frame = stand.protocol.broadcast(event)
        if (frame !== undefined) expectFrame(stand, frame)
      }),
    )
  },

  async 'bytes are carried as bytes, or not at all'({ protocol }) {
    const bytes = new Uint8Array([0, 1, 255])
    const frame = protocol.broadcast({ on: 'message', channel: 'orders', data: new Payload(bytes) })
    expect(frame === undefined || frame instanceof Uint8Array).toBe(true)
  },

  async 'a roster is written once, for everybody who gets it'({ protocol, ...stand }) {
    const roster = rosterOf({ id: 'ann' }, { id: 7, info: '[1]' })
    const channel = 'presence-room'
    for (let at = 0; at < 3; at++) {
      const event = { on: 'subscribed', channel, again: false, me: { id: 7 }, roster } as const
      protocol.unicast(event, open({ protocol, ...stand }))
      protocol.broadcast({ on: 'roster', channel, roster })
    }
    expect(roster.made).toBeLessThanOrEqual(1)
  },

  async 'a gap has a frame where the traits say so, and nowhere else'({ protocol }) {
    for (const event of BROADCASTS) {
      if (event.on !== 'gap') continue
      expect(protocol.broadcast(event) !== undefined).toBe(protocol.traits.gap === 'frame')
    }
  },

  async 'bye has last words for every reason, and a code and a reason that a WebSocket may close with'(
    stand,
  ) {
    for (const why of WHYS) {
      for (const detail of [undefined, 'a "reason"', 'é'.repeat(200)]) {
        const { frames, code, reason } = stand.protocol.bye(why, open(stand), detail)
        for (const frame of frames) expectFrame(stand, frame)
        expect([why, code, mayClose(code)]).toEqual([why, code, true])
        expect(typeof reason).toBe('string')
      }
    }
  },
}

/** Runs the contract of protocols for one of them. */
export function protocolContract(title: string, stand: ProtocolStand, skips: readonly Skip[] = []): void {
  contract(
    `the contract of protocols: ${title}`,
    inWorld(TESTS, (run) => run(stand)),
    skips,
  )
}

function open({ protocol, handshake: parts }: ProtocolStand): unknown {
  return protocol.open(handshake(parts)).scratch
}

/** Any text and bytes, and the protocol's own frames: whole, cut, with something put in, and doubled. */
function anything({ speech }: ProtocolStand): fc.Arbitrary<string | Uint8Array> {
  const texts = speech.filter((frame) => typeof frame === 'string')
  const whole = fc.constantFrom('{}', ...texts)
  const scrap = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 3 }),
    fc.constantFrom('"', '\\', '{', '}', '[', 'null', ':'),
  )
  const damaged = fc.tuple(whole, fc.nat(), fc.nat(5), scrap).map(([text, at, cut, put]) => {
    const from = at % (text.length + 1)
    return text.slice(0, from) + put + text.slice(from + cut)
  })
  return fc.oneof(whole, damaged, fc.string({ unit: 'binary' }), fc.json(), fc.uint8Array())
}

/** What the gateway may rely on. */
function isSound(command: Command): boolean {
  const named = command as unknown as Record<string, unknown>
  const texts = ['channel', 'event', 'method', 'why', 'detail'].map((name) => named[name])
  const { ref, data } = named
  const echoes = ref === undefined || typeof ref === 'string' || Number.isFinite(ref)
  const carries = data === undefined || data instanceof Payload
  const speaks = texts.every((text) => text === undefined || typeof text === 'string')
  return Object.hasOwn(COMMANDS, command.do) && echoes && carries && speaks
}

function expectFrame({ json }: ProtocolStand, frame: WireData): void {
  if (!json || typeof frame !== 'string')
    expect(typeof frame === 'string' || frame instanceof Uint8Array).toBe(true)
  else expect(typeof JSON.parse(frame)).toBe('object')
}

/** RFC 6455, 7.4: of the codes below 3000 those that an endpoint may send. */
function mayClose(code: number): boolean {
  const known = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014]
  return known.includes(code) || (Number.isInteger(code) && code >= 3000 && code <= 4999)
}
