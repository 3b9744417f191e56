import type { ClientPlatform, Link, Transport } from '@fanfare/client'
import { ManualClock } from '@fanfare/core/testing'

/** A link of a transport on its own, and what it told. */
export interface OpenedLink {
  readonly link: Link
  readonly clock: ManualClock
  readonly told: unknown[]
}

export function opened(
  transport: Transport,
  { url = 'ws://server/ws', clock = new ManualClock(), storage = null as ClientPlatform['storage'] } = {},
): OpenedLink {
  const told: unknown[] = []
  const platform: ClientPlatform = {
    clock,
    scheduler: clock,
    random: () => 0.5,
    onWake: () => () => {},
    reportError: (error) => told.push(error),
    storage,
  }
  let returned = false
  const tell = (what: unknown): void => {
    if (!returned) throw new Error('told before open() returned')
    told.push(what)
  }
  const link = transport.open(
    url,
    {
      message: tell,
      closed: (code, reason) => tell([code, reason]),
      again: () => tell('again'),
    },
    platform,
  )
  returned = true
  return { link, clock, told }
}
