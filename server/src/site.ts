import type { IncomingMessage, RequestListener } from 'node:http'

import type { Hub } from '@fanfare/core'

import { type Answer, json, send, text } from './answer.ts'
import { pages } from './pages.ts'

/** What the server answers over plain HTTP. */
export interface SiteOptions {
  readonly hub: Hub
  /** Where WebSocket clients connect. */
  readonly path: string
  /** Whether the demo's page is there. */
  readonly demo: boolean
}

type Route = () => Answer

/** Answers plain requests: the health check, the page if there is one, and 404. */
export function site(options: SiteOptions): RequestListener {
  const all = routes(options)
  return (request, response) => send(request, response, answer(all, request))
}

/** The request target is looked up as it came: it is neither decoded nor resolved. */
function answer(all: ReadonlyMap<string, Route>, { url = '', method = '' }: IncomingMessage): Answer {
  const [path = ''] = url.split('?', 1)
  const route = all.get(path)
  if (!route) return text(404, 'not found')
  if (method !== 'GET' && method !== 'HEAD') return text(405, 'this can only be read', { allow: 'GET, HEAD' })
  return route()
}

function routes({ hub, path, demo }: SiteOptions): ReadonlyMap<string, Route> {
  const all = new Map<string, Route>([
    [path, () => text(426, 'this is for WebSocket clients', { connection: 'close', upgrade: 'websocket' })],
    ['/health', () => health(hub)],
  ])
  if (demo) for (const [name, file] of pages(path)) all.set(name, () => file)
  return all
}

/** A server that drains takes nobody new, and says so to whoever distributes the load. */
function health(hub: Hub): Answer {
  const { clients, channels } = hub.stats()
  return hub.closed
    ? json(503, { status: 'draining', clients, channels })
    : json(200, { status: 'ok', clients, channels })
}
