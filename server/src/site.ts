import type { Hub } from '@fanfare/core'

import { type Answer, json, text } from './answer.ts'
import type { ServerBus } from './bus/server-bus.ts'
import { pages } from './pages.ts'

/** What the server answers over plain HTTP. */
export interface SiteOptions {
  readonly hub: Hub
  /** Where WebSocket clients connect. */
  readonly path: string
  /** Whether the demo's page is there. */
  readonly demo: boolean
  /** What joins it to other servers. */
  readonly bus: Pick<ServerBus, 'status'> | undefined
  /** Whether the server takes nobody new. */
  readonly draining: () => boolean
}

type Route = () => Answer

/** Answers a plain request, by its method and its target. */
export type Site = (method: string, target: string) => Answer

/** The health check, the page if there is one, and 404. */
export function site(options: SiteOptions): Site {
  const all = routes(options)
  return (method, target) => answer(all, method, target)
}

/** The request target is looked up as it came: it is neither decoded nor resolved. */
function answer(all: ReadonlyMap<string, Route>, method: string, target: string): Answer {
  const [path = ''] = target.split('?', 1)
  const route = all.get(path)
  if (!route) return text(404, 'not found')
  if (method !== 'GET' && method !== 'HEAD') return text(405, 'this can only be read', { allow: 'GET, HEAD' })
  return route()
}

function routes({ hub, path, demo, bus, draining }: SiteOptions): ReadonlyMap<string, Route> {
  const all = new Map<string, Route>([
    [path, () => text(426, 'this is for WebSocket clients', { connection: 'close', upgrade: 'websocket' })],
    ['/health', () => health(hub, bus, draining())],
  ])
  if (demo) for (const [name, file] of pages(path, bus !== undefined)) all.set(name, () => file)
  return all
}

/**
 * A server that drains takes nobody new, and says so to whoever distributes the load. One whose bus is down is degraded, with
 * 200 all the same: its own clients are served, and ending it, or sending its clients to another server without a bus, would
 * make nothing better.
 */
function health(hub: Hub, bus: SiteOptions['bus'], draining: boolean): Answer {
  const { clients, channels } = hub.stats()
  if (draining || hub.closed) return json(503, { status: 'draining', clients, channels })
  if (!bus) return json(200, { status: 'ok', clients, channels })
  const state = bus.status()
  return json(200, { status: state === 'up' ? 'ok' : 'degraded', bus: state, clients, channels })
}
