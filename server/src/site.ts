import type { Hub } from '@fanfare/core'

import { type Answer, json, text } from './answer.ts'
import { pages } from './pages.ts'

/** What the server answers over plain HTTP. */
export interface SiteOptions {
  readonly hub: Hub
  /** Where WebSocket clients connect. */
  readonly path: string
  /** Whether the demo's page is there. */
  readonly demo: boolean
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

function routes({ hub, path, demo, draining }: SiteOptions): ReadonlyMap<string, Route> {
  const all = new Map<string, Route>([
    [path, () => text(426, 'this is for WebSocket clients', { connection: 'close', upgrade: 'websocket' })],
    ['/health', () => health(hub, draining())],
  ])
  if (demo) for (const [name, file] of pages(path)) all.set(name, () => file)
  return all
}

/** A server that drains takes nobody new, and says so to whoever distributes the load. */
function health(hub: Hub, draining: boolean): Answer {
  const { clients, channels } = hub.stats()
  return draining || hub.closed
    ? json(503, { status: 'draining', clients, channels })
    : json(200, { status: 'ok', clients, channels })
}
