import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'

import { pathBelow } from '@fanfare/core/adapter'

/** By this the mounts on one server know each other, without a register of servers. */
const MOUNT_PATH = Symbol.for('fanfare.ws.mount-path')

/** By this a listener is known that only looks on. */
const ONLOOKER = Symbol.for('fanfare.ws.onlooker')

type OnUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => void

/** A listener to upgrades that says for which path it is there. */
export interface MountListener extends OnUpgrade {
  readonly [MOUNT_PATH]: string
}

export function mountListener(path: string, listener: OnUpgrade): MountListener {
  return Object.assign(listener, { [MOUNT_PATH]: path })
}

/** Listens to upgrades without handling any: what no mount serves is refused all the same. */
export function watchUpgrades(server: Server, listener: (request: IncomingMessage) => void): void {
  const onlooker = (request: IncomingMessage): void => listener(request)
  server.on('upgrade', Object.assign(onlooker, { [ONLOOKER]: true }))
}

/** Who is to handle an upgrade. */
export interface Responsible {
  /** The mount whose path is the longest above the request's. */
  readonly mount: MountListener | undefined
  /** The mount that answers when none is responsible. */
  readonly first: MountListener | undefined
  /** Whether somebody else listens to upgrades too. */
  readonly strangers: boolean
}

/** Who of those who listen to a server's upgrades is to handle this one. */
export function responsibleFor(request: IncomingMessage, server: Server): Responsible {
  const listeners = server.listeners('upgrade').filter((listener) => !(ONLOOKER in listener))
  const mounts = listeners.filter((listener): listener is MountListener => MOUNT_PATH in listener)
  let mount: MountListener | undefined
  for (const candidate of mounts) {
    if (pathBelow(candidate[MOUNT_PATH], request.url ?? '') === undefined) continue
    if (!mount || candidate[MOUNT_PATH].length > mount[MOUNT_PATH].length) mount = candidate
  }
  return { mount, first: mounts[0], strangers: mounts.length < listeners.length }
}
